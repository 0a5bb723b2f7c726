# SPDX-License-Identifier: Apache-2.0
"""The statements of the suite: the files of each engine, and the constants that go into them.

A file is a list of parts. `-- @load` is run once, in the order of the file; `-- @codes` answers
(kind, name, code) of what is coded; `-- @bytes` what the engine says that it holds; `-- @Q1` is a
query, and what follows the name tells a way of asking it from the others: the best one counts. Lines
of a part become one line, `$name` is a constant. Comments stand before the first part."""

import os
import string

DAY_MS = 86_400_000
TYPES = ("load", "codes", "bytes")


def read(path):
    """{"load": [text], "codes": [...], "Q1": [(way, text)], ...}."""
    with open(path, encoding="utf-8") as file:
        parts = ("\n" + file.read()).split("\n-- @")[1:]
    found = {}
    for part in parts:
        head, _, text = part.partition("\n")
        name, _, way = head.partition(" ")
        text = " ".join(text.split("\n")).strip()
        found.setdefault(name, []).append(text if name in TYPES else (way, text))
    return found


def fill(text, constants):
    return string.Template(text).substitute(constants)


def read_all():
    folder = os.path.dirname(os.path.abspath(__file__))
    return {os.path.splitext(name)[0]: read(os.path.join(folder, name))
            for name in os.listdir(folder) if name.endswith((".sql", ".txt"))}


class Query:
    """One of the suite. `fixed`: its constants in PERFORMANCE.md. `fresh(random, names)`: others.
    `goal`: so many times as fast as the best peer. `limits_ms`: of a hand-written kernel at size M
    with two threads and with one. `cold_ms`: by threads, of one that finds nothing in the caches,
    where that was measured. `coded`: the kind of the codes in the answer's first column."""

    def __init__(self, name, text, fixed, fresh, goal, limits_ms=None, cold_ms=None, coded=None):
        self.name, self.text, self.fixed, self.fresh = name, text, fixed, fresh
        self.goal, self.limits_ms, self.cold_ms = goal, limits_ms, cold_ms or {}
        self.coded = coded


def _plans(random, names):
    plan, other = random.sample(names["plan"], 2)
    return {"plan": plan, "other_plan": other}


def _q1(random, names):
    return _plans(random, names) | {"country": random.choice(names["country"]),
                                    "age": random.randint(20, 75)}


def _q2(random, _):
    return {"mail": random.choice(("gmail", "outlook", "yahoo", "icloud", "work")),
            "prefix": random.choice(("Sm", "Ja", "Vi", "Mu", "Pet", "Wo", "Ros", "La", "Nov", "H"))}


def _q3(random, _):
    return {"times": random.randint(1, 5), "days": random.randint(7, 60)}


def _q4(random, _):
    return {"amount": random.randint(20, 300), "days": random.randint(30, 150),
            "open_days": random.randint(10, 60)}


def _q5(random, _):
    return {"days": random.randint(30, 150), "total": random.randint(50, 1000)}


def _q6(random, _):
    return {"gap_days": random.randint(1, 14)}


def _q7(random, names):
    return _plans(random, names) | _q3(random, names) | {
        "age": random.randint(20, 75), "label": random.choice(names["label"])}


def _q13(random, names):
    return {"on_days": random.randint(2, 8), "days": random.randint(10, 45),
            "topic": random.choice(names["topic"])}


PLANS = {"plan": "pro", "other_plan": "team"}
Q3 = {"times": 3, "days": 30}
QUERIES = (
    Query("Q1", "country, plan, age", PLANS | {"country": "NL", "age": 30}, _q1, 30,
          (0.021, 0.033), {2: 0.098}),
    Query("Q2", "email contains, last name starts with, newest 50",
          {"mail": "gmail", "prefix": "Sm"}, _q2, 10),
    Query("Q3", "purchase 3 times in 30 days", Q3, _q3, 40, (0.052, 0.083),
          {2: 0.119}),
    Query("Q4", "purchase over 100 in 90 days, no email_open in 30",
          {"amount": 100, "days": 90, "open_days": 30}, _q4, 12, (0.70, 1.38), {2: 0.79}),
    Query("Q5", "sum of purchases in 90 days", {"days": 90, "total": 500}, _q5, 15, (0.35, 0.70),
          {2: 0.39}),
    Query("Q6", "view, cart, purchase, each within 7 days", {"gap_days": 7}, _q6, 45, (4.1, 8.1),
          {2: 4.2}),
    Query("Q7", "Q1 of all countries, Q3, label, consent",
          PLANS | Q3 | {"age": 30, "label": "vip"}, _q7, 30, (0.13, 0.13),
          {1: 0.33}),
    Query("Q8", "Q3 by country", Q3, _q3, 45, (0.10, 0.10), {1: 0.29}, coded="country"),
    Query("Q13", "page_view on 5 days of 30, topic pricing",
          {"on_days": 5, "days": 30, "topic": "pricing"}, _q13, 10, (3.7, 7.0),
          {2: 3.6}),
)


def constants_for(query_constants, now_ms, codes):
    """With what follows from them: `within last n days` is later than `since`, in milliseconds; and
    the codes of names, where `codes` has some."""
    found = dict(query_constants)
    for key, value in query_constants.items():
        if key.endswith("days") and key not in ("on_days", "gap_days"):
            found[key.removesuffix("days") + "since"] = now_ms - value * DAY_MS
        for kind in ("country", "plan", "label", "topic"):
            if key.endswith(kind) and codes:
                found[key + "_code"] = codes[kind][value]
    if "gap_days" in found:
        found["gap_ms"] = found["gap_days"] * DAY_MS
    if "since" in found:
        found["first_day"] = found["since"] // DAY_MS
    for name in ("amount", "total"):
        if name in found:
            found[name + "_cents"] = found[name] * 100
    return found
