# SPDX-License-Identifier: Apache-2.0
"""Filters as trees that say what they mean: each node prints itself as query text, is true or false
for a profile of the model, and names smaller nodes to try when it fails. Source: the meaning of
filters in the reference of the query language, written without a look at the engine."""

import calendar
import datetime
import math
import re
import unicodedata

DAY = 86_400_000
UNITS = {"minutes": 60_000, "hours": 3_600_000, "days": DAY, "weeks": 7 * DAY}
RESERVED = {"and", "or", "not", "where", "by", "limit"}
COMPARE = {
    "=": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}


def name_text(name):
    plain = re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) and name.lower() not in RESERVED
    return name if plain else f"`{name}`"


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Date(str):
    """A date literal: ISO text, but written without quotes."""


class Printer:
    """How values are written: in place, or, by a coin that may be None, as parameters; text in the
    normal form NFC or NFD, which mean the same."""

    def __init__(self, coin=None, form="NFC"):
        self.coin, self.form, self.params = coin, form, []

    def value(self, value):
        if isinstance(value, str) and not isinstance(value, Date):
            value = unicodedata.normalize(self.form, value)
        if self.coin is not None and self.coin() and len(self.params) < 20:
            self.params.append(str(value) if isinstance(value, Date) else value)
            return f"${len(self.params)}"
        if isinstance(value, Date):
            return str(value)
        if isinstance(value, bool):
            return "true" if value else "false"
        return quoted(value) if isinstance(value, str) else repr(value)

    def values(self, values):
        return "(" + ", ".join(self.value(value) for value in values) + ")"


class Node:
    """`holds(subject, now)`: a subject has `get(name)` and, a profile, `happened(event, now)`."""

    def smaller(self):
        """Nodes to try instead, the smallest first."""
        return []


class Group(Node):
    def __init__(self, word, parts):
        self.word, self.parts = word, parts

    def text(self, printer):
        def part(node):
            inner = node.text(printer)
            bare = not isinstance(node, Group) or (self.word == "or" and node.word == "and")
            return inner if bare else f"({inner})"
        return f" {self.word} ".join(part(node) for node in self.parts)

    def holds(self, subject, now):
        return (all if self.word == "and" else any)(part.holds(subject, now) for part in self.parts)

    def smaller(self):
        yield from self.parts
        for index, part in enumerate(self.parts):
            rest = self.parts[:index] + self.parts[index + 1:]
            if len(rest) > 1:
                yield Group(self.word, rest)
            for less in part.smaller():
                yield Group(self.word, self.parts[:index] + [less] + self.parts[index + 1:])


class Not(Node):
    def __init__(self, part):
        self.part = part

    def text(self, printer):
        inner = self.part.text(printer)
        return f"not ({inner})" if isinstance(self.part, Group) else f"not {inner}"

    def holds(self, subject, now):
        return not self.part.holds(subject, now)

    def smaller(self):
        yield self.part
        yield from (Not(less) for less in self.part.smaller())


class Compare(Node):
    def __init__(self, name, op, value):
        self.name, self.op, self.value = name, op, value

    def text(self, printer):
        return f"{name_text(self.name)} {self.op} {printer.value(self.value)}"

    def holds(self, subject, now):
        value = subject.get(self.name)
        return value is not None and COMPARE[self.op](value, self.value)


class In(Node):
    def __init__(self, name, values, negated):
        self.name, self.values, self.negated = name, values, negated

    def text(self, printer):
        return f"{name_text(self.name)} {'not ' * self.negated}in {printer.values(self.values)}"

    def holds(self, subject, now):
        value = subject.get(self.name)
        return value is not None and (value in self.values) != self.negated

    def smaller(self):
        if len(self.values) > 1:
            yield from (In(self.name, [value], self.negated) for value in self.values)


class Between(Node):
    def __init__(self, name, low, high):
        self.name, self.low, self.high = name, low, high

    def text(self, printer):
        low, high = printer.value(self.low), printer.value(self.high)
        return f"{name_text(self.name)} between {low} and {high}"

    def holds(self, subject, now):
        value = subject.get(self.name)
        return value is not None and self.low <= value <= self.high


class Presence(Node):
    def __init__(self, name, word):
        self.name, self.word = name, word

    def text(self, printer):
        return f"{name_text(self.name)} is {self.word}"

    def holds(self, subject, now):
        value = subject.get(self.name)
        return {"set": value is not None, "missing": value is None,
                "empty": value in ("", [])}[self.word]


class Text(Node):
    TESTS = {"contains": lambda a, b: b in a, "starts with": str.startswith,
             "ends with": str.endswith}

    def __init__(self, name, word, value):
        self.name, self.word, self.value = name, word, value

    def text(self, printer):
        return f"{name_text(self.name)} {self.word} {printer.value(self.value)}"

    def holds(self, subject, now):
        value = subject.get(self.name)
        return value is not None and self.TESTS[self.word](value, self.value)


def fold(text):
    """Lower case without accents."""
    apart = unicodedata.normalize("NFD", "".join(char.lower() for char in text))
    return "".join(char for char in apart if not unicodedata.combining(char))


class Folded(Node):
    """Without regard to case and accents."""

    TESTS = Text.TESTS | {"=": lambda a, b: a == b, "!=": lambda a, b: a != b}

    def __init__(self, name, word, value):
        self.name, self.word, self.value = name, word, value

    def text(self, printer):
        return f"{name_text(self.name)} {self.word} ~{printer.value(self.value)}"

    def holds(self, subject, now):
        value = subject.get(self.name)
        return value is not None and self.TESTS[self.word](fold(value), fold(self.value))


class Matches(Node):
    def __init__(self, name, regex, any_case):
        self.name, self.regex, self.any_case = name, regex, any_case

    def text(self, printer):
        return f"{name_text(self.name)} matches /{self.regex}/{'i' * self.any_case}"

    def holds(self, subject, now):
        value = subject.get(self.name)
        flags = re.IGNORECASE if self.any_case else 0
        return value is not None and re.search(self.regex, value, flags) is not None


class Has(Node):
    def __init__(self, name, word, values):
        self.name, self.word, self.values = name, word, values

    def text(self, printer):
        values = printer.value(self.values[0]) if self.word == "has" else printer.values(self.values)
        return f"{name_text(self.name)} {self.word} {values}"

    def holds(self, subject, now):
        value = subject.get(self.name)
        if value is None:
            return False
        known = [element in value for element in self.values]
        return {"has": known[0], "has any": any(known), "has all": all(known),
                "has none": not any(known)}[self.word]


class Size(Node):
    def __init__(self, name, op, value):
        self.name, self.op, self.value = name, op, value

    def text(self, printer):
        return f"size({name_text(self.name)}) {self.op} {printer.value(self.value)}"

    def holds(self, subject, now):
        value = subject.get(self.name)
        return value is not None and COMPARE[self.op](len(value), self.value)


# Windows


def months_ago(now, months):
    """The same day and time of day, clamped to the month's end, UTC."""
    at = datetime.datetime.fromtimestamp(now // 1000, datetime.timezone.utc)
    index = at.year * 12 + at.month - 1 - months
    year, month = divmod(index, 12)
    day = min(at.day, calendar.monthrange(year, month + 1)[1])
    return calendar.timegm(at.replace(year=year, month=month + 1, day=day).timetuple()) * 1000 + now % 1000


def ago(now, number, unit):
    if unit in ("months", "years"):
        return months_ago(now, number * (12 if unit == "years" else 1))
    return now - number * UNITS[unit]


def instant_text(ms):
    at = datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S") + (f".{ms % 1000:03d}" if ms % 1000 else "") + "Z"


def day_text(ms):
    return instant_text(ms)[:10]


class Last:
    """(now-d, now]"""

    def __init__(self, number, unit):
        self.number, self.unit = number, unit

    def text(self):
        return f"within last {self.number} {self.unit[:-1] if self.number == 1 else self.unit}"

    def holds(self, time, now):
        return ago(now, self.number, self.unit) < time <= now


class MoreThan:
    """t <= now-d"""

    def __init__(self, number, unit):
        self.number, self.unit = number, unit

    def text(self):
        return f"more than {self.number} {self.unit} ago"

    def holds(self, time, now):
        return time <= ago(now, self.number, self.unit)


class BetweenAgo:
    """(now-a, now-b]"""

    def __init__(self, far, near, unit):
        self.far, self.near, self.unit = far, near, unit

    def text(self):
        return f"between {self.far} and {self.near} {self.unit} ago"

    def holds(self, time, now):
        return ago(now, self.far, self.unit) < time <= ago(now, self.near, self.unit)


class CalendarDays:
    """Whole days, today the last of them, UTC."""

    def __init__(self, number):
        self.number = number

    def text(self):
        return f"in last {self.number} calendar days"

    def holds(self, time, now):
        return 0 <= now // DAY - time // DAY < self.number


class This:
    def __init__(self, unit):
        self.unit = unit

    def text(self):
        return f"this {self.unit}"

    def holds(self, time, now):
        def number(ms):
            day = datetime.date.fromisoformat(day_text(ms))
            return {"day": day, "week": day - datetime.timedelta(day.weekday()),
                    "month": (day.year, day.month), "year": day.year}[self.unit]
        return number(time) == number(now)


class Instants:
    """[from, to)"""

    def __init__(self, start, end):
        self.start, self.end = start, end

    def text(self):
        return f"between {instant_text(self.start)} and {instant_text(self.end)}"

    def holds(self, time, now):
        return self.start <= time < self.end


class Days:
    """Whole days, both included."""

    def __init__(self, start, end):
        self.start, self.end = day_text(start), day_text(end)

    def text(self):
        return f"between {self.start} and {self.end}"

    def holds(self, time, now):
        return self.start <= day_text(time) <= self.end


# Behaviour


class Properties:
    """One event as a subject."""

    def __init__(self, properties):
        self.get = properties.get


class Events:
    """The events of a type that fit a condition and a window; either may be None."""

    def __init__(self, event, where, window):
        self.event, self.where, self.window = event, where, window

    def meant(self, profile, now):
        return [(time, properties) for time, properties in profile.happened(self.event, now)
                if (self.window is None or self.window.holds(time, now))
                and (self.where is None or self.where.holds(Properties(properties), now))]

    def of(self, profile, now):
        return [properties for _, properties in self.meant(profile, now)]

    def times_of(self, profile, now):
        return [time for time, _ in self.meant(profile, now)]

    def where_text(self, printer):
        if self.where is None:
            return ""
        inner = self.where.text(printer)
        grouped = isinstance(self.where, (Group, Not, Between))
        return f" where ({inner})" if grouped else f" where {inner}"

    def window_text(self):
        return f" {self.window.text()}" if self.window is not None else ""

    def smaller(self):
        if self.where is not None:
            yield Events(self.event, None, self.window)
        if self.window is not None:
            yield Events(self.event, self.where, None)
        if self.where is not None:
            yield from (Events(self.event, less, self.window) for less in self.where.smaller())


class Did(Node):
    def __init__(self, events, word=None, times=1):
        self.events, self.word, self.times = events, word, times

    def text(self, printer):
        count = "" if self.word is None else f" {self.word} {self.times} times"
        return (f"did {quoted(self.events.event)}{self.events.where_text(printer)}{count}"
                f"{self.events.window_text()}")

    def holds(self, subject, now):
        count = len(self.events.of(subject, now))
        return {None: count >= 1, "at least": count >= self.times, "at most": count <= self.times,
                "exactly": count == self.times}[self.word]

    def smaller(self):
        if self.word is not None:
            yield Did(self.events)
        yield from (Did(less, self.word, self.times) for less in self.events.smaller())


class DidOn(Node):
    """On so many different days, weeks from Monday, or months, UTC."""

    UNITS = {"days": lambda day: day, "weeks": lambda day: day - datetime.timedelta(day.weekday()),
             "months": lambda day: (day.year, day.month)}

    def __init__(self, events, word, times, unit):
        self.events, self.word, self.times, self.unit = events, word, times, unit

    def text(self, printer):
        return (f"did {quoted(self.events.event)}{self.events.where_text(printer)} on {self.word} "
                f"{self.times} {self.unit}{self.events.window_text()}")

    def holds(self, subject, now):
        days = {datetime.date.fromisoformat(day_text(time))
                for time in self.events.times_of(subject, now)}
        count = len({self.UNITS[self.unit](day) for day in days})
        return {"at least": count >= self.times, "at most": count <= self.times,
                "exactly": count == self.times}[self.word]

    def smaller(self):
        yield from (DidOn(less, self.word, self.times, self.unit) for less in self.events.smaller())


class Stopped(Node):
    def __init__(self, event, number, unit):
        self.event, self.number, self.unit = event, number, unit

    def text(self, printer):
        return f"stopped {quoted(self.event)} for {self.number} {self.unit}"

    def holds(self, subject, now):
        times = [time for time, _ in subject.happened(self.event, now)]
        return bool(times) and max(times) <= ago(now, self.number, self.unit)


class TwoAggregates(Node):
    """Compared with each other; of numbers, so that the values are the same in any order."""

    def __init__(self, left, op, right):
        self.left, self.op, self.right = left, op, right

    def text(self, printer):
        return f"{self.left.of_text(printer)} {self.op} {self.right.of_text(printer)}"

    def holds(self, subject, now):
        left, right = self.left.result(subject, now), self.right.result(subject, now)
        return left is not None and right is not None and COMPARE[self.op](left, right)


class Aggregate(Node):
    def __init__(self, function, events, property_name, op, value):
        self.function, self.events, self.property = function, events, property_name
        self.op, self.value = op, value

    def of_text(self, printer):
        event = quoted(self.events.event)
        if self.property is not None:
            plain = re.fullmatch(r"\w+", self.events.event, re.ASCII)
            event = (self.events.event if plain else event) + "." + name_text(self.property)
        return (f"{self.function}({event}{self.events.where_text(printer)})"
                f"{self.events.window_text()}")

    def text(self, printer):
        return f"{self.of_text(printer)} {self.op} {printer.value(self.value)}"

    def holds(self, subject, now):
        result = self.result(subject, now)
        return result is not None and COMPARE[self.op](result, self.value)

    def result(self, subject, now):
        """None where it is missing."""
        events = self.events.of(subject, now)
        values = [event[self.property] for event in events if self.property in event]
        if self.function == "count" and self.property is None:
            result = len(events)
        elif self.function == "count":
            result = len(values)
        elif self.function == "distinct":
            result = len(set(values))
        elif self.function == "sum":
            result = math.fsum(values)
        elif not values:
            return None
        else:
            result = {"min": min, "max": max,
                      "avg": lambda all: math.fsum(all) / len(all)}[self.function](values)
        return result

    def smaller(self):
        yield from (Aggregate(self.function, less, self.property, self.op, self.value)
                    for less in self.events.smaller())
