# SPDX-License-Identifier: Apache-2.0
"""The kinds of commands that a random world makes: name -> (weight, lines)."""

import json

from names import CONTACT, DAY, SECOND, kind, time_text

KINDS = {}
DEVICES = {"anonymousId", "context", "identities"}  # members that may hold a device


def kind_of(weight):
    """Registers a generator of lines (or one line) as a kind of command."""
    def register(make):
        def lines(world):
            made = make(world)
            return [made] if isinstance(made, str) else made
        KINDS[make.__name__] = weight, lines
        return make
    return register


def dump(value):
    return json.dumps(value, ensure_ascii=False)


# Calls

@kind_of(8)
def identify_person(world):
    return world.call("identify", world.person(), world.time(), traits=world.traits())


@kind_of(6)
def identify_on_device(world):
    return world.call("identify", world.both(), world.mark_time(), traits=world.traits())


@kind_of(3)
def identify_device(world):
    return world.call("identify", world.device(), world.time(), traits=world.traits())


@kind_of(2)
def identify_contact(world):
    who = world.contact()
    if world.chance(0.5):
        who["userId"] = world.pick("u0", "u1", "u2")
    return world.call("identify", who, world.time(), traits=world.traits())


@kind_of(2)
def identify_now(world):
    return world.call("identify", world.person(), traits=world.traits())


@kind_of(4)
def identify_vouched(world):
    who = {"userId": world.pick("u0", "u1", "u2"), "authenticated": True,
           "identities": {"email": f"{world.random.randrange(5)}.0@example.com"} |
           (world.contact()["identities"] if world.chance(0.3) else {})}
    return world.call("identify", who, world.time())


@kind_of(2)
def identify_by_trait(world):
    who, value = world.person(), world.random.randrange(5)
    return world.call("identify", who, world.time(), traits={"email": f"{value}.1@example.com"})


@kind_of(2)
def identify_wrong(world):
    return world.call("identify", world.person(), world.time(),
                      traits={"country": "a"} | world.wrong_trait())


@kind_of(1)
def blocked(world):
    who = world.pick({"userId": ""}, {"userId": "null"}, {"anonymousId": "000-0"},
                     {"userId": "u0", "anonymousId": "undefined"}, {},
                     {"identities": {"nope": "x"}})
    return world.call(world.pick("identify", "page"), who, world.time())


@kind_of(12)
def track_device(world):
    return world.call("track", world.device(), world.time(), event=event(world),
                      properties=world.properties())


@kind_of(8)
def track_person(world):
    more = {"important": True} if world.chance(0.2) else {}
    return world.call("track", world.person(), world.time(), event=event(world),
                      properties=world.properties(), **more)


@kind_of(3)
def track_both(world):
    return world.call("track", world.both(), world.time(), event=event(world),
                      properties=world.properties())


@kind_of(2)
def track_contact(world):
    return world.call("track", world.contact(), world.time(), event="message",
                      properties=world.properties())


@kind_of(2)
def track_now(world):
    return world.call("track", world.anybody(), event=event(world), properties=world.properties())


@kind_of(2)
def track_future(world):
    who = {"userId": world.pick("u0", "u1", "u2")}
    return world.call("track", who, world.now + world.random.randrange(2, 300) * DAY,
                      event=event(world), properties=world.properties())


@kind_of(1)
def track_too_far(world):
    return world.call("track", world.person(), world.now + 400 * DAY, event="view")


@kind_of(2)
def track_by_wrong_clock(world):
    """Its time is right by `sentAt`, which lies a year off. It is at about minute 45, where no other
    is 30 minutes away, for it moves with the time of receipt."""
    meant = world.now - world.random.randrange(2, 50) * 3600 * SECOND + 45 * 60 * SECOND
    away, sent = world.clock - meant, world.now - 365 * DAY
    return world.call("track", world.anybody(), sent - away, sentAt=time_text(sent), event="view",
                      properties=world.properties())


def event(world):
    return world.pick("order", "view", "form sent")


@kind_of(3)
def page(world):
    return world.call("page", world.anybody(), world.time(), name=world.pick("Home", "Über"),
                      properties=world.properties())


@kind_of(2)
def screen(world):
    return world.call("screen", world.anybody(), world.time(), name="Start", category="app",
                      properties=world.properties())


@kind_of(2)
def group(world):
    return world.call("group", world.person(), world.time(), groupId=world.pick("g1", "g2"),
                      traits=world.some({"name": "text", "seats": "number"}, 0.6))


@kind_of(2)
def alias_device(world):
    return world.call("alias", {"userId": world.pick("u0", "u1", "u2")}, world.mark_time(),
                      previousId=f"a{world.random.randrange(4)}")


@kind_of(2)
def alias_person(world):
    more = {"authenticated": True} if world.chance(0.6) else {}
    return world.call("alias", {"userId": world.pick("u0", "u1")}, world.mark_time(),
                      previousId=world.pick("u1", "u2", "Жан"), **more)


@kind_of(4)
def repeat(world):
    """A call again, as it was or with other content; those without an id are not repeats."""
    sent = [(name, call) for name, call in world.sent if "messageId" in call and
            (name in ("track", "page") or name == "identify" and set(call) & DEVICES == set())]
    if not sent:
        return []
    name, call = world.random.choice(sent)
    call = dict(call)
    if name == "track" and world.chance(0.3) and "anonymousId" not in call:
        call["properties"] = {"n": -1}
    return f"{name} {dump(call)}"


@kind_of(4)
def batch(world):
    return f"batch {dump(items(world))}"


@kind_of(2)
def atomic(world):
    return f"batch {dump({'batch': items(world), 'atomic': True})}"


def items(world):
    made = []
    for _ in range(world.random.randrange(1, 6)):
        name = world.pick("track_device", "track_person", "identify_person", "identify_on_device",
                          "page", "group", "identify_wrong", "track_contact", "blocked")
        if name in ("identify_wrong", "blocked") and world.chance(0.6) or name not in world.kinds:
            continue
        verb, _, text = KINDS[name][1](world)[0].partition(" ")
        call = {"type": verb} | json.loads(text)
        if "messageId" in call:
            call["messageId"] += f".{len(made)}"
            world.sent[-1][1]["messageId"] = call["messageId"]  # a repeat of it is one
        made.append(call)
    return made


@kind_of(4)
def logout(world):
    who = {name: value for name, value in world.device().items() if name != "context"}
    who = who or {"identities": {"device_id": "d0"}}
    return f"logout {dump(who | {'timestamp': time_text(world.mark_time())})}"


@kind_of(1)
def logout_now(world):
    return f'logout {dump({"anonymousId": f"a{world.random.randrange(4)}"})}'


# One profile

@kind_of(2)
def create(world):
    spaces = {"external_id": f"new{world.number}", "email": f"new{world.number}@example.com",
              "whatsapp": f"new{world.number}"}
    name = world.pick(*spaces)
    return f"create {dump({'identities': {name: spaces[name]}, 'traits': world.traits()})}"


@kind_of(1)
def create_orphan(world):
    return f"create {dump({'traits': world.traits(), 'orphan': True})}"


@kind_of(1)
def create_refused(world):
    namespace, _, value = world.identity().partition(":")
    return f"create {dump({'identities': world.pick({namespace: value}, {})})}"


@kind_of(4)
def set_traits(world):
    traits = world.traits() or {"plan": "x"}
    return world.expecting(f"set PROFILE {dump({'traits': traits})}")


@kind_of(3)
def set_identity(world):
    value = world.pick(f"new{world.number}@example.com",
                       f"{world.random.randrange(5)}.0@example.com", None)
    more = {"identities": {"email": value}, "traits": {"plan": "set"}}
    return world.expecting(f"set PROFILE {dump(more)}")


@kind_of(1)
def set_wrong(world):
    return f"set {world.profile()} {dump({'traits': {'plan': 'wrong', 'age': 'old'}})}"


@kind_of(2)
def unset(world):
    names = world.random.sample(["plan", "country", "age", "points", "bio", "no_such"], 2)
    return world.expecting(f"unset PROFILE {' '.join(names)}")


@kind_of(3)
def attach(world):
    new = world.pick(f"email:at{world.number}@example.com", f"whatsapp:at{world.number}",
                     f"device_id:at{world.number}", world.identity())
    return world.expecting(f"attach PROFILE {new}")


@kind_of(3)
def attach_contact(world):
    contact = world.identity(lambda each: kind(each) == CONTACT)
    return f"attach {world.profile()} {contact}{world.pick('', ' KEEP')}"


@kind_of(3)
def detach(world):
    return f"detach {world.identity()}{world.pick('', '', ' KEEP')}"


@kind_of(3)
def move(world):
    return f"move {world.identity(lambda each: each[0] != 'external_id')} {world.profile()}"


@kind_of(4)
def label(world):
    labels = world.random.sample(["vip", "new", "Größe", "x"], 2)
    return world.expecting(f"label PROFILE {world.pick('ADD', 'ADD', 'REMOVE')} {' '.join(labels)}")


@kind_of(4)
def consent(world):
    said = {"channel": world.pick("email", "whatsapp"),
            "decision": world.pick("granted", "withdrawn", "unknown"), "policy": "p3"}
    if world.chance(0.4):
        said["address"] = world.pick("0@example.com", "1@example.com")
    if world.chance(0.7):
        said["timestamp"] = time_text(world.time())
    return world.expecting(f"consent PROFILE {dump(said)}")


@kind_of(3)
def note(world):
    lines = [world.expecting(f"note PROFILE ADD called back {world.number} {world.pick('', '☎')}")]
    if world.chance(0.4):
        step = world.number + 1
        lines.append(f"note {world.profile()} REMOVE $({step}.note)")
    return lines


@kind_of(1)
def archive(world):
    return world.expecting("archive PROFILE")


@kind_of(1)
def activate(world):
    return world.expecting("activate PROFILE")


@kind_of(6)
def merge(world):
    """Previewed, at times with something between, and applied; at times forced, at times twice."""
    chosen = world.pick({}, {"plan": "loser"}, {"plan": "survivor", "age": "loser"})
    token = f"$({world.number + 1}.plan)"
    first, second = world.profile(), world.profile()
    said = dump({"traits": chosen}) if chosen else ""
    lines = [f"merge PREVIEW {first} {second} {said}".rstrip()]
    if world.chance(0.2):
        lines.append(f"label {world.pick(first, second)} ADD between{world.number}")
    elif world.chance(0.2):
        lines.append(f'track {{"userId":"u0","event":"view","messageId":"b{world.number}"}}')
    lines.append(f"merge APPLY {token}{world.pick('', '', ' FORCE')}")
    if world.chance(0.1):
        lines.append(f"merge APPLY {token}")
    return lines


@kind_of(5)
def unmerge(world):
    """A merge that is undone at once (what came in between may be either's: rules_test.py has some
    of it, merges_test.cc all orders of undoing); or who is none to be undone."""
    if world.chance(0.2):
        return f"unmerge {world.pick('p999999', '$(1.profile)', 'email:nobody@example.com')}"
    first, second, number = world.profile(), world.profile(), world.number
    return [f"merge PREVIEW {first} {second}", f"merge APPLY $({number + 1}.plan) FORCE",
            f"unmerge $({number + 1}.loser)"]


@kind_of(3)
def split(world):
    model = world.model
    rich = [pid for pid in model.visible() if len(names_of(model, pid)) > 1]
    if not rich:
        return f"split {world.profile()} {world.identity()}"
    names = names_of(model, world.random.choice(rich))
    chosen = world.random.sample(names, world.random.randrange(1, min(3, len(names))))
    rest = [name for name in names if name not in chosen]
    return f"split {rest[0]} {' '.join(chosen)}"


def names_of(model, pid):
    return sorted(f"{space}:{value}" for space, value in model.all_identities(pid)
                  if " " not in value)


@kind_of(1)
def erase(world):
    return f"{world.pick('erase', 'delete')} {world.profile()}"


@kind_of(1)
def nobody(world):
    return world.pick("archive p999999", "label external_id:nobody ADD x",
                      "get email:no@example.com", "note xyz ADD words", 'set nope:x {"traits":{}}',
                      "unset external_id:nobody plan")


@kind_of(1)
def no_json(world):
    return world.pick("create {", 'set external_id:types {"traits":', "identify [1]", "batch 7",
                      'consent external_id:types {"channel":"email","decision":"maybe"}',
                      "merge APPLY t0", "note external_id:types ADD", "label external_id:types ADD")
