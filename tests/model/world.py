# SPDX-License-Identifier: Apache-2.0
"""A random world: what people write, as requests with the model's own reply beside each, and random
filters over it. Everything comes from one random.Random."""

import json

from filters import (DAY, Aggregate, Between, BetweenAgo, CalendarDays, Compare, Date, Days, Did, DidOn,
                     Events, Folded, Group, Has, In, Instants, Last, Matches, MoreThan, Not, Presence,
                     Size, Stopped, Text, This, TwoAggregates, instant_text)
from model import Model, nfc

HOUR = 3_600_000
# email, age, birthday and the like are there from the start; the others by their first use.
TRAITS = {"country": "text", "city": "text", "plan": "text", "full name": "text", "order": "text",
          "age": "integer", "score": "number", "points": "number", "vip": "boolean",
          "birthday": "date", "interests": "list"}
PROPERTIES = {
    "order": {"total": "number", "items": "number", "category": "text", "gift": "boolean"},
    "page view": {"path": "text", "seconds": "number"},
    "login": {"device": "text"},
}
WORDS = ["", "a", "ab", "abc", "b", "NL", "BE", "nl", "pro", "free", "a b", 'q"uote', "back\\slash",
         "José", "Jose\u0301", "Köln", "Ελλάδα", "東京", "🦊", "x.y", "%", "'", "z" * 70]
NUMBERS = [-2.5, -1, 0, 0.25, 0.5, 1, 1.5, 2, 3, 7.75, 10, 100, 1e6]
INTEGERS = [-1, 0, 1, 17, 18, 19, 30, 31, 65, 2**53 + 1]
DATES = ["1899-12-31", "1970-01-01", "1990-02-28", "1992-02-29", "2000-06-15", "2026-01-01"]
LISTS = [[], ["a"], ["b"], ["a", "b"], ["a", "NL", "José"], [""], ["東京", "b"]]
# Forms that the language is to have and may not have yet, each by a filter that uses it.
OPTIONAL = {"has any": 'interests has any ("a")', "has all": 'interests has all ("a")',
            "has none": 'interests has none ("a")', "size": "size(interests) = 1",
            "empty": "plan is empty", "distinct": "distinct(order.category) = 1",
            "folded": 'plan = ~"a"', "matches": "plan matches /a/",
            "calendar": "did order in last 2 calendar days", "this": "did order this month",
            "on": "did order on at least 1 days", "stopped": "stopped order for 1 day",
            "two": "count(order) > count(login)"}
VALUES = {"text": WORDS, "number": NUMBERS, "integer": INTEGERS, "boolean": [True, False],
          "date": DATES, "list": LISTS}
WRONG = {"text": 5, "integer": "old", "number": "much", "boolean": "yes", "date": "soon", "list": 7}


class World:
    """`now` is the clock when the world began. Times of events lie half an hour off whole hours
    before it, so that no window of whole hours has its edge near one while the test runs."""

    def __init__(self, random, now, num_people):
        self.random, self.now = random, now
        self.model = Model(TRAITS, PROPERTIES)
        self.forms = set(OPTIONAL)  # those that the server knows
        self.num_people, self.next_id, self.next_ms = num_people, 0, 0
        self.sent = []  # events, for repeats
        # Some lie where a month by the calendar and 30 days differ.
        jitter = [random.randrange(-1000, 1000) for _ in range(5)]
        self.times = [now - hours * HOUR - HOUR // 2 + random.choice(jitter)
                      for hours in [-3, 0, 1, 5, 23, 24, 25, 47, 167, 168, 732, 1452, 2184] +
                      [random.randrange(24 * 120) for _ in range(30)]]

    def some_value(self, kind):
        value = self.random.choice(VALUES[kind])
        return str(value) if kind == "date" else value

    # Writes: each method returns (call, check); check(item) says what is wrong with the reply.

    def first_calls(self):
        """Names everything once, so that each name is known with its type."""
        traits = {name: VALUES[kind][-1] for name, kind in TRAITS.items()}
        yield self.identify([("external_id", "first")], traits)
        for event, properties in PROPERTIES.items():
            yield self.track([("external_id", "first")], event,
                             {name: VALUES[kind][-1] for name, kind in properties.items()})

    def call(self):
        kind = self.random.choices(["identify", "track", "repeat"], [30, 65, 5])[0]
        if kind == "repeat" and self.sent:
            return self.repeat()
        if kind == "identify":
            chosen = self.random.sample(sorted(TRAITS), self.random.randrange(0, 5))
            return self.identify(self.who(True), {name: self.written(TRAITS[name]) for name in chosen})
        event = self.random.choice(sorted(PROPERTIES))
        names = [name for name in PROPERTIES[event] if self.random.random() < 0.7]
        return self.track(self.who(False), event,
                          {name: self.written(PROPERTIES[event][name]) for name in names})

    def written(self, kind):
        """Mostly a value of the type, at times null or one of another type."""
        draw = self.random.random()
        return None if draw < 0.06 else WRONG[kind] if draw < 0.09 else self.some_value(kind)

    def who(self, identifying):
        """Identities of a call: a person, or a device that only this person will identify on."""
        person = f"u{self.random.randrange(self.num_people)}"
        device = f"{person}-device{self.random.randrange(2)}"
        draw = self.random.random()
        if draw < 0.3:
            return [("anonymous_id", device)]
        if identifying and draw < 0.5:
            return [("external_id", person), ("anonymous_id", device)]
        if identifying and draw < 0.6:
            return [("external_id", person), ("email", f"{person}@example.com")]
        if ("email", f"{person}@example.com") in self.model.owner and draw < 0.7:
            return [("email", f"{person}@example.com")]
        return [("external_id", person)]

    def envelope(self, kind, identities, time):
        call = {"type": kind, "timestamp": instant_text(time)}
        for space, value in identities:
            if space == "email":
                loud = value.upper() if self.random.random() < 0.3 else value
                call.setdefault("identities", {})["email"] = loud
            elif self.random.random() < 0.2:
                call.setdefault("identities", {})[space] = value
            else:
                call["userId" if space == "external_id" else "anonymousId"] = value
        return call

    def identify(self, identities, traits):
        self.next_ms += 1  # no two traits at the same time: which of them stays is nobody's promise
        time = self.now - self.random.randrange(100) * DAY - self.next_ms
        call = self.envelope("identify", identities, time)
        call["traits"] = traits
        profile, created = self.model.identify(identities, time, traits)

        def check(item):
            if profile is None:
                return None if item.get("error", {}).get("code") == "TYPE" else "not refused"
            return self.wrong(item, profile, created)
        return call, check

    def track(self, identities, event, properties, time=None, message_id=None):
        time = self.random.choice(self.times) if time is None else time
        self.next_id += 1
        message_id = message_id or f"m{self.next_id}"
        call = self.envelope("track", identities, time)
        call |= {"event": event, "messageId": message_id, "properties": properties}
        self.sent.append((identities, event, properties, time, message_id))
        profile, created, repeat = self.model.track(identities, event, message_id, time, properties)

        def check(item):
            wrong = self.wrong(item, profile, created)
            return wrong or (None if item["duplicate"] == repeat else f"not duplicate={repeat}")
        return call, check

    def repeat(self):
        """An event again, by any name that its person has meanwhile, at times with other content."""
        identities, event, properties, time, message_id = self.random.choice(self.sent)
        profile = self.model.owner[identities[0]]
        identities = [self.random.choice(sorted(profile.identities))]
        if self.random.random() < 0.3:
            time, properties = self.random.choice(self.times), {}
        return self.track(identities, event, properties, time, message_id)

    @staticmethod
    def wrong(item, profile, created):
        """Compares a reply's profile with the model's, which takes its id from the first reply."""
        if "error" in item:
            return f"an error: {item['error']}"
        if item["warnings"]:
            return f"warnings: {item['warnings']}"
        if profile.pid is None:
            profile.pid = item["profile"]
        if item["profile"] != profile.pid:
            return f"profile {item['profile']}, not {profile.pid}"
        return None if item["created"] == created else f"not created={created}"

    # Filters

    def filter(self, depth=3):
        draw = self.random.random()
        if depth > 0 and draw < 0.35:
            word = self.random.choice(["and", "or"])
            return Group(word, [self.filter(depth - 1) for _ in range(self.random.randrange(2, 5))])
        if depth > 0 and draw < 0.5:
            return Not(self.filter(depth - 1))
        if draw < 0.53:
            return self.identity_test()
        if draw < 0.78:
            return self.value_test(TRAITS)
        return self.did() if draw < 0.9 else self.aggregate()

    def literal(self, kind):
        value = self.random.choice(VALUES[kind])
        if kind == "text" and self.random.random() < 0.1:
            return self.random.choice(["c", "zz", "é", "~"])
        if kind in ("number", "integer") and self.random.random() < 0.1:
            return value + 1
        return Date(value) if kind == "date" else nfc(value)

    def identity_test(self):
        name = self.random.choice(["external_id", "anonymous_id"])
        people = [f"u{number}" for number in self.random.sample(range(self.num_people), 3)]
        if name == "anonymous_id" or self.random.random() < 0.3:
            return Presence(name, self.random.choice(["set", "missing"]))
        if self.random.random() < 0.5:
            return Compare(name, self.random.choice(["=", "!="]), people[0])
        return In(name, people, self.random.random() < 0.4)

    def value_test(self, types):
        """A test of one value: of a trait, or of an event's property."""
        name = self.random.choice(sorted(types))
        kind = types[name]
        draw = self.random.random()
        if draw < 0.15:
            return Presence(name, self.random.choice(["set", "missing"]))
        if kind == "list":
            return self.list_test(name)
        if kind == "text" and draw < 0.4:
            if draw < 0.2 and "empty" in self.forms:
                return Presence(name, "empty")
            part = self.random.choice(["a", "b", "NL", "é", "京", "\\", '"', "z", "ab"])
            if draw < 0.27 and "folded" in self.forms:
                words = ["=", "!=", "contains", "starts with", "ends with"]
                part = self.random.choice([part, "JOSE", "κλλ", "kÖLN", "B"])
                return Folded(name, self.random.choice(words), part)
            if draw < 0.32 and "matches" in self.forms:
                regex = self.random.choice(["^a", "[bB]$", "l|é", "^$", "x\\.", "..", "jos."])
                return Matches(name, regex, self.random.random() < 0.4)
            return Text(name, self.random.choice(sorted(Text.TESTS)), part)
        if draw < 0.6:
            values = [self.literal(kind) for _ in range(self.random.randrange(1, 5))]
            return In(name, values, self.random.random() < 0.4)
        if kind != "boolean" and draw < 0.7:
            return Between(name, *sorted([self.literal(kind), self.literal(kind)]))
        ops = ["=", "!="] if kind == "boolean" else ["=", "!=", "<", "<=", ">", ">="]
        return Compare(name, self.random.choice(ops), self.literal(kind))

    def list_test(self, name):
        draw = self.random.random()
        if draw < 0.1 and "empty" in self.forms:
            return Presence(name, "empty")
        if draw < 0.3 and "size" in self.forms:
            return Size(name, self.random.choice(["=", ">=", "<", "!="]), self.random.randrange(4))
        word = self.random.choice(["has"] + sorted(self.forms & {"has any", "has all", "has none"}))
        count = 1 if word == "has" else self.random.randrange(1, 4)
        return Has(name, word, self.random.sample(["a", "b", "NL", "José", "", "東京", "no"], count))

    def events(self, event):
        where = None
        if self.random.random() < 0.5:
            where = self.value_test(PROPERTIES[event])
            if self.random.random() < 0.3:
                other = self.value_test(PROPERTIES[event])
                where = Group(self.random.choice(["and", "or"]), [where, other])
            if self.random.random() < 0.15:
                where = Not(where)
        return Events(event, where, self.window() if self.random.random() < 0.5 else None)

    def window(self):
        draw = self.random.random()
        unit = self.random.choice(["hours", "days", "weeks"])
        number = self.random.choice([1, 2, 7, 24, 30])
        if draw < 0.3:
            if self.random.random() < 0.3:
                return Last(self.random.randrange(1, 4), "months")
            return Last(number, unit)
        if draw < 0.4:
            return MoreThan(number + 1, unit)
        if draw < 0.5:
            return BetweenAgo(number + self.random.randrange(1, 20), number, unit)
        if draw < 0.58 and "calendar" in self.forms:
            return CalendarDays(self.random.choice([1, 2, 7, 30, 100]))
        if draw < 0.64 and "this" in self.forms:
            return This(self.random.choice(["day", "week", "month", "year"]))
        # The edges stand on events, or a millisecond beside them.
        edges = sorted(self.random.choice(self.times) + self.random.randrange(-1, 2) for _ in range(2))
        return Instants(*edges) if draw < 0.8 else Days(*edges)

    def did(self):
        events = self.events(self.random.choice(sorted(PROPERTIES)))
        if self.random.random() < 0.2 and "on" in self.forms:
            return DidOn(events, self.random.choice(["at least", "at most", "exactly"]),
                         self.random.randrange(0, 5), self.random.choice(sorted(DidOn.UNITS)))
        if self.random.random() < 0.1 and "stopped" in self.forms:
            return Stopped(events.event, self.random.randrange(1, 40), self.random.choice(["hours", "days"]))
        word = self.random.choice([None, "at least", "at most", "exactly"])
        return Did(events, word, self.random.randrange(0, 5))

    def two_aggregates(self):
        """Sums of halves and quarters are exact, so that equal ones are."""
        def one():
            event = self.random.choice(["order", "page view"])
            number = {"order": self.random.choice(["total", "items"]), "page view": "seconds"}[event]
            function = self.random.choice(["sum", "min", "max", "count", "distinct"])
            return Aggregate(function, self.events(event), number, None, None)
        return TwoAggregates(one(), self.random.choice(["=", "!=", "<", "<=", ">", ">="]), one())

    def aggregate(self):
        if self.random.random() < 0.2 and "two" in self.forms:
            return self.two_aggregates()
        event = self.random.choice(["order", "page view"])
        number = {"order": self.random.choice(["total", "items"]), "page view": "seconds"}[event]
        text = {"order": "category", "page view": "path"}[event]
        function = self.random.choice(["sum", "sum", "min", "max", "avg", "count"] +
                                      sorted(self.forms & {"distinct"}))
        op = self.random.choice(["=", "!=", "<", "<=", ">", ">="])
        events = self.events(event)
        if function == "count":
            return Aggregate(function, events, self.random.choice([None, number]), op,
                             self.random.randrange(0, 4))
        if function == "distinct":
            return Aggregate(function, events, self.random.choice([number, text]), op,
                             self.random.randrange(0, 4))
        return Aggregate(function, events, number, op, self.random.choice(NUMBERS))


def batch_line(calls):
    return "batch " + json.dumps({"batch": [call for call, _ in calls]}, ensure_ascii=False)
