# SPDX-License-Identifier: Apache-2.0
"""Values of the generated data, of which constants are drawn: what is frequent is drawn often."""

import csv
import itertools
import json
import os
import time

ROWS = 20_000  # that are looked at; of events more, for somebody's stand together
END_S = 1_767_225_600  # of the data: 2026-01-01T00:00:00Z
TEXTS_OF = {"page_view": "topic", "form_submit": "topic", "support_ticket": "topic",
            "product_view": "category", "add_to_cart": "category", "purchase": "category",
            "message_received": "campaign", "email_open": "campaign", "email_click": "campaign",
            "session_start": "channel", "goal_completed": "channel", "signup": "channel"}
EVENTS = tuple(TEXTS_OF)


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


def instant(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03}Z"


def date(ms):
    return time.strftime("%Y-%m-%d", time.gmtime(ms // 1000))


def _columns(path, rows):
    found = {}
    with open(path, encoding="utf-8", newline="") as file:
        for row in itertools.islice(csv.DictReader(file), rows):
            for name, text in row.items():
                if text:
                    found.setdefault(name, []).append(text)
    return found


class Values:
    """Draws. `random`: whose seed makes a run again."""

    def __init__(self, folder, random):
        self.random = random
        self.traits = _columns(os.path.join(folder, "profiles.csv"), ROWS)
        self.properties = _columns(os.path.join(folder, "events.csv"), 10 * ROWS)
        self.traits["label"] = [label for labels in self.traits["labels"]
                                for label in labels.split("|")]

    def of(self, choices):
        return self.random.choice(choices)

    def one_in(self, n):
        return self.random.randrange(n) == 0

    def between(self, low, high):
        return self.random.randint(low, high)

    def trait(self, name):
        return self.of(self.traits[name])

    def property(self, name):
        return self.of(self.properties[name])

    def texts(self, draw, most):
        """A list of different ones, in parentheses."""
        found = {draw() for _ in range(self.between(2, most))}
        return "(" + ", ".join(map(quoted, sorted(found))) + ")"

    def part(self, text, most=6):
        """Of the inside of a text."""
        begin = self.between(0, max(0, len(text) - 2))
        return text[begin:begin + self.between(1, most)]

    def event(self):
        """A type: the frequent ones as often as the others, so that all are met."""
        return self.of(EVENTS)

    def time_ms(self, days):
        """A moment of the last `days` days of the data."""
        return END_S * 1000 - self.between(1, days * 86_400_000)

    def duration(self, longest_days):
        """From hours to so many days, the short ones as often as the long ones."""
        days = longest_days ** self.random.random()
        unit, hours = self.of((("hours", 1), ("days", 24), ("days", 24), ("weeks", 168)))
        return f"{max(1, round(days * 24 / hours))} {unit}"

    def window(self, days=180):
        """Of a time in the last `days` days."""
        forms = (
            lambda: f"within last {self.duration(days)}",
            lambda: f"within last {self.duration(days)}",
            lambda: f"within last {self.between(1, 6)} months",
            lambda: f"more than {self.duration(days)} ago",
            self._ago,
            lambda: self._ordered(date, days),
            lambda: self._ordered(instant, days),
            lambda: f"{self.of(('before', 'after'))} {date(self.time_ms(days))}",
            lambda: f"in last {self.between(1, 60)} calendar days",
            lambda: f"between {date(self.time_ms(31))} and {date(END_S * 1000)}")
        return self.of(forms)()

    def _ago(self):
        near = self.between(0, 100)
        return f"between {near + self.between(1, 80)} and {near} days ago"

    def _ordered(self, spell, days):
        low, high = sorted((self.time_ms(days), self.time_ms(days)))
        return f"between {spell(low)} and {spell(high + 1000)}"

    def maybe(self, draw):
        """With a blank before it, in half of all cases."""
        return " " + draw() if self.one_in(2) else ""
