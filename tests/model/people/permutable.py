# SPDX-License-Identifier: Apache-2.0
"""Sets of commands whose order does not matter (R12): each has a client's time and id, no name is
new, and no order of them meets a guard or a limit. So: an email, a phone and a contact are one
person's; who comes by two names of kind person is vouched for; a device may be anybody's."""

from kinds import dump
from names import SECOND, time_text
from world import HOUR, MINUTE, POLICIES, TRAITS, World, declarations

PEOPLE = 3
BEGUN = [{"anonymousId": "a0", "timestamp": "2020-01-01T00:00:00Z"},
         {"anonymousId": "a1", "timestamp": "2020-01-01T00:00:00Z"},
         {"identities": {"device_id": "d0"}, "timestamp": "2020-01-01T00:00:00Z"}]


class Permutable:
    """`before` comes first, in order; `commands` in any. `ties`: marks of devices may be of one
    time, and then their ids decide, in the model as text, elsewhere as hashes."""

    def __init__(self, random, now, size, ties=True):
        self.ties, self.random, self.now, self.number = ties, random, now // HOUR * HOUR, 0
        self.helper = World(random, now)  # for values
        self.before = list(declarations()) + [
            f'identify {dump({"userId": f"u{person}", "timestamp": "2020-01-01T00:00:00Z"})}'
            for person in range(PEOPLE)]
        # A logout ends something only where somebody has come by the device.
        self.before += [f"track {dump(who | {'event': 'view', 'messageId': f'd{number}'})}"
                        for number, who in enumerate(BEGUN)]
        self.commands = []
        while len(self.commands) < size:
            line = self.command()
            self.commands += [line] * (2 if random.random() < 0.1 and '"messageId"' in line else 1)

    def time(self):
        """Often that of another command; of marks too, for those have ids."""
        return self.now - self.random.randrange(12) * 20 * MINUTE

    def command(self):
        self.number += 1
        make = self.random.choice([self.identify, self.identify, self.anonymous, self.track,
                                   self.track, self.track, self.track, self.group, self.alias,
                                   self.logout, self.by_hand])
        return make()

    def call(self, verb, who, **members):
        time = self.time() - (0 if self.ties else self.number * SECOND)
        if "authenticated" in who and verb != "identify":  # nobody vouches in other calls
            who = {"userId": who["userId"]}
        call = who | members | {"timestamp": time_text(time), "messageId": f"m{self.number}"}
        if self.random.random() < 0.2:
            call["channel"] = self.random.choice(["web", "email"])
        if self.random.random() < 0.2:
            call["session"] = {"id": f"s{self.random.randrange(3)}",
                               "name": self.random.choice(["Ann", "Bo"])}
        return f"{verb} {dump(call)}"

    def traits(self):
        types = TRAITS | {name: kind for name, (kind, _) in POLICIES.items()}
        return self.helper.some({name: kind for name, kind in types.items() if name != "email"})

    def person(self):
        """A person by some of its names."""
        number = self.random.randrange(PEOPLE)
        names = {"email": f"{number}.{self.random.randrange(2)}@example.com",
                 "phone": f"+3160000000{number}"}
        draw = self.random.random()
        if draw < 0.5:
            return {"userId": f"u{number}"}
        if draw < 0.65:
            name = self.random.choice(list(names))
            return {"identities": {name: names[name]}}
        if draw < 0.75:
            return {"userId": f"u{number}", "identities": {"whatsapp": f"w{number}"}}
        return {"userId": f"u{number}", "identities": names, "authenticated": True}

    def device(self):
        return self.random.choice([{"anonymousId": "a0"}, {"anonymousId": "a1"},
                                   {"identities": {"device_id": "d0"}}])

    def identify(self):
        """Somebody, on a device or not."""
        who = self.person()
        if self.random.random() < 0.6:
            device = self.device()
            who = who | device | {"identities": who.get("identities", {}) |
                                  device.get("identities", {})}
        return self.call("identify", who, traits=self.traits())

    def anonymous(self):
        return self.call("identify", self.device(), traits=self.traits())

    def track(self):
        who = self.device() if self.random.random() < 0.6 else self.person()
        if self.random.random() < 0.2:
            return self.call(self.random.choice(["page", "screen"]), who, name="Home")
        return self.call("track", who, event=self.random.choice(["order", "view"]),
                         properties={"n": self.number})

    def group(self):
        return self.call("group", self.person(), groupId=self.random.choice(["g1", "g2"]),
                         traits={"name": self.random.choice("ab")})

    def alias(self):
        return self.call("alias", {"userId": f"u{self.random.randrange(PEOPLE)}"},
                         previousId=self.random.choice(["a0", "a1", "a2"]))

    def logout(self):
        """A time of its own, for it has no id."""
        time = self.time() - self.number * SECOND
        return f"logout {dump(self.device() | {'timestamp': time_text(time)})}"

    def by_hand(self):
        """On people who are there: what is added, and decisions with their times."""
        profile = f"external_id:u{self.random.randrange(PEOPLE)}"
        address = self.random.choice(["x@example.com", "y@example.com"])
        said = {"channel": "email", "address": address,
                "decision": self.random.choice(["granted", "withdrawn"]),
                "timestamp": time_text(self.time())}
        return self.random.choice([f"label {profile} ADD l{self.random.randrange(3)}",
                                   f"note {profile} ADD note {self.number}",
                                   f"consent {profile} {dump(said)}"])
