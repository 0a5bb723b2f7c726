# SPDX-License-Identifier: Apache-2.0
"""Random commands from one random.Random. A step is a line in which `$(k.member)` stands for a
member of the reply to step k, so that a sequence stays one when steps are left out, and means the
same to the model and to a server whose ids are others."""

import re
from collections import Counter

from kinds import KINDS, dump
from model import Model
from names import SECOND, Refused, text_of, time_text

HOUR, MINUTE = 3600 * SECOND, 60 * SECOND
TRAITS = {"plan": "text", "country": "text", "name": "text", "email": "text", "age": "integer",
          "score": "number", "vip": "boolean", "tags": "list", "birthday": "date"}
POLICIES = {"first_plan": ("text", "earliest"), "best": ("number", "max"),
            "least": ("number", "min"), "points": ("number", "sum"), "likes": ("list", "union"),
            "bio": ("text", "nonempty"), "home": ("text", "primary")}
WORDS = ["a", "b", "pro", "free", "NL", "José", "Jose\u0301", "Ελλάδα", "東京", "🦊", 'q"uote',
         "back\\slash", "", " blank ", "z" * 40]
VALUES = {"text": WORDS, "number": [-1, 0, 0.5, 1, 2, 7.25, 100], "integer": [0, 1, 17, 18, 65],
          "boolean": [True, False], "list": [[], ["a"], ["b", "a"], ["José", "東京"]],
          "date": ["1990-02-28", "1992-02-29", "2000-06-15"]}
WRONG = {"integer": "old", "number": "much", "boolean": "yes", "list": 7, "date": "soon", "text": 5}
EVENTS = ["order", "view", "form sent"]
CHANNELS = ["web", "email", "whatsapp", "chat"]
PEOPLE = ["u0", "u1", "u2", "Жан", "Ame\u0301lie"]
NONE = {"profile": "p999999", "version": "999999", "plan": "t0", "note": "n0", "from": "p999999",
        "loser": "p999999"}


def filled(template, replies):
    """A step's line, with what the replies have (by step) put in."""
    def said(match):
        reply = replies.get(int(match.group(1))) or {}
        return str((reply.get("result") or {}).get(match.group(2)) or NONE[match.group(2)])
    return re.sub(r"\$\((\d+)\.(\w+)\)", said, template)


def declarations(without=()):
    """Names everything with its type and policy, so that no first use decides on either."""
    if "declare" not in without:
        yield from (f"declare trait {name} {kind} policy {policy}"
                    for name, (kind, policy) in POLICIES.items())
    types = {"userId": "types", "timestamp": "2020-01-01T00:00:00Z", "messageId": "types"}
    yield "identify " + dump(types | {"traits": {
        name: VALUES[kind][-1] for name, kind in TRAITS.items() if name != "email"}})
    if "group" not in without:
        yield "group " + dump(types | {"groupId": "g", "traits": {"name": "G", "seats": 3}})


class World:
    """`model` runs along, so that commands are about what is there. Times lie on whole seconds, at
    few minutes of an hour: silences of 30 minutes are exact; marks of devices have their own."""

    def __init__(self, random, now, without=()):
        """`without`: kinds of commands to leave out; `declare`: traits have no policies."""
        self.random, self.model = random, Model(now)
        self.kinds = {name: kind for name, kind in KINDS.items() if name not in without}
        self.without = without
        self.clock, self.now = now // SECOND * SECOND, now // HOUR * HOUR
        self.replies, self.number, self.next_mark, self.sent = {}, 0, 0, []
        self.types = dict(TRAITS)
        if "declare" not in without:
            self.types |= {name: kind for name, (kind, _) in POLICIES.items()}
        minutes = (0, 0, 1, 5, 29, 30, 59)
        self.times = [self.now - random.randrange(2, 60) * HOUR + random.choice(minutes) * MINUTE -
                      random.choice((0, 0, 1)) * SECOND for _ in range(14)]
        self.made = Counter()  # kinds
        self.told = []  # (step, profile) whose reply named it

    # Steps

    def steps(self, count):
        """[(number, line)]."""
        made = [self.step(line) for line in declarations(self.without)]
        weights = [weight for weight, _ in self.kinds.values()]
        while len(made) < count:
            name = self.random.choices(list(self.kinds), weights)[0]
            self.made[name] += 1
            for line in self.kinds[name][1](self):
                made.append(self.step(line))
        return made

    def step(self, line):
        self.number += 1
        reply = self.model.ask(filled(line, self.replies))
        self.replies[self.number] = reply
        if reply["ok"] and isinstance(reply["result"], dict) and reply["result"].get("profile"):
            self.told.append(self.number)
        return self.number, line

    # Who

    def pick(self, *values):
        return self.random.choice(values)

    def chance(self, share):
        return self.random.random() < share

    def person(self):
        """One of few, at times with a handle that others may have."""
        call = self.person_alone()
        if self.chance(0.1):
            call["identities"] = call.get("identities", {}) | self.contact()["identities"]
        return call

    def person_alone(self):
        value = self.random.choice(PEOPLE)
        draw = self.random.random()
        if draw < 0.6:
            return {"userId": value if self.chance(0.9) else f" {value} "}
        email = f"{PEOPLE.index(value)}.{self.random.randrange(3)}@Example.com"
        if draw < 0.8:
            return {"identities": {"email": email if self.chance(0.5) else email.upper()}}
        if draw < 0.9:
            return {"identities": {"phone": f"+31 6{PEOPLE.index(value)}00 0000"}}
        return {"userId": value, "identities": {"email": email}}

    def contact(self):
        return {"identities": {self.pick("whatsapp", "messenger"): f"w{self.random.randrange(3)}"}}

    def device(self):
        if self.chance(0.3):
            return self.pick({"identities": {"device_id": f"d{self.random.randrange(2)}"}},
                             {"context": {"device": {"id": f"d{self.random.randrange(2)}"}}})
        return {"anonymousId": f"a{self.random.randrange(4)}"}

    def both(self):
        call = self.device()
        for name, value in self.person().items():
            call[name] = call.get(name, {}) | value if isinstance(value, dict) else value
        return call

    def anybody(self):
        return self.pick(self.person, self.person, self.device, self.device, self.contact)()

    def profile(self):
        """A profile that is there, by one of its identities or by an id that a reply had."""
        pids = self.model.visible()
        if not pids:
            return "external_id:types"
        pid = self.random.choice(pids)
        names = [text_of(each) for each in self.model.all_identities(pid)
                 if " " not in each[1] and each[1] != "types"]
        if names and self.chance(0.6):
            return self.random.choice(names)
        if self.told:
            return f"$({self.random.choice(self.told)}.profile)"
        return "external_id:types"

    def identity(self, want=lambda identity: True):
        """An identity that somebody has, as namespace:value."""
        model = self.model
        found = [each for each in [*model.identities, *model.devices]
                 if want(each) and " " not in each[1] and each[1] != "types" and
                 model.identity_home(each)]
        return text_of(self.random.choice(sorted(found))) if found else "email:nobody@example.com"

    # What

    def time(self):
        return self.random.choice(self.times)

    def mark_time(self):
        """A time at which no other mark is, at minutes 4 to 38; at 45 and later lie events whose
        time moves with that of receipt."""
        self.next_mark += 1
        later, minute = divmod(self.next_mark, 35)
        return (self.now - self.random.randrange(60) * HOUR - (21 + minute) * MINUTE -
                (7 + later) * SECOND)

    def some(self, types, share=0.25):
        return {name: None if self.chance(0.1) else self.random.choice(VALUES[kind])
                for name, kind in types.items() if self.chance(share)}

    def properties(self):
        return self.some({"total": "number", "category": "text", "gift": "boolean"}, 0.5) | {
            "n": self.number}

    def traits(self):
        return self.some({name: kind for name, kind in self.types.items() if name != "email"})

    def wrong_trait(self):
        name = self.random.choice(sorted(set(self.types) - {"email"}))
        return {name: WRONG[self.types[name]]}

    def call(self, verb, who, time=None, **members):
        """A line of a call; at times without its time, or with one by a wrong clock."""
        call = dict(who, **members)
        if time is not None:
            call["timestamp"] = time_text(time)
        if self.chance(0.2):
            call["channel"] = self.random.choice(CHANNELS)
        if self.chance(0.1):
            call["source"] = self.pick("chat", "api", "import")
        if self.chance(0.15) and verb != "alias":
            call["session"] = self.session()
        if self.chance(0.1) and verb in ("track", "page"):
            call.setdefault("context", {})
            call["context"] = call["context"] | {"campaign": {"name": self.pick("spring", "fall")}}
        if self.chance(0.9) and time is not None:
            call["messageId"] = f"m{self.number}"
        self.sent.append((verb, call))
        return f"{verb} {dump(call)}"

    def session(self):
        id = self.pick("s1", "s2", "s3")
        if self.chance(0.5):
            return id
        told = {"id": id, "kind": self.pick("chat", "bot", "visit"), "name": self.pick("Ann", "Bo")}
        if self.chance(0.3):
            told |= {"start": time_text(self.time()), "properties": {"lang": self.pick("nl", "fr")}}
        if self.chance(0.3):
            told |= {"end": time_text(self.now), "agent_takeover": True}
        return told

    def expecting(self, line):
        """At times with a version that it had, right or wrong by now: one of another profile may be
        the same number."""
        profile = self.profile()
        line = line.replace("PROFILE", profile, 1)
        try:
            pid = f"p{self.model.named(filled(profile, self.replies))[0]}"
        except Refused:
            pid = None
        had = [step for step in self.told if self.replies[step]["result"]["profile"] == pid and
               "version" in self.replies[step]["result"]]
        if self.chance(0.3) and had:
            line += f" EXPECT $({self.random.choice(had[-3:])}.version)"
        return line

