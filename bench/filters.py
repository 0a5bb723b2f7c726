#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast does Roster answer random filters, beside DuckDB and ClickHouse with the emitted SQL?

    bench/run filters [--size S|M] [--filters N] [--seed N] [--only CLASS,CLASS] [--peers A,B]

The generated data set of bench/run queries, in the tables that emitted SQL reads (suite/
duckdb_emitted.sql and clickhouse_emitted.sql). Filters are drawn by class (suite/random_filters.py)
from a seed that is printed; what an emitter refuses is drawn anew. Every answer of every run is
compared, the first that differs ends the run with code 1. A filter is a run that is not counted, by
which its engines are told apart, then turns of one more such run and three that are counted; from
0.3 s on a turn is one run, from 2 s on the first run is the only one, and counts. Two threads all.
Printed, and kept in build/bench/filters-SIZE.json: medians, and the ratio to the best peer."""

import os
import random
import statistics
import sys

import results
from suite import begin, engines, filters_report, random_filters, values
from suite import statements as files
from suite.begin import PROGRAM, SLOW_US, Differs, say

PEERS = list(begin.LIBRARIES)
COUNTED_A_TURN = 3
SLOWEST_US = 2_000_000  # from there on one run is all
THREADS = 2
MAX_DRAWN_ANEW = 200  # for one filter
TEXTS = files.read_all()


class Unanswered(Exception):
    """A peer could not run what was emitted."""


def shown(rows):
    """As all engines would say them."""
    return [["" if cell == "\\N" else cell for cell in row] for row in rows]


class Race:
    def __init__(self, roster, peers, drawn, turns):
        self.roster, self.peers, self.drawn, self.turns = roster, peers, drawn, turns
        self.refused = {peer.name: {} for peer in peers}
        self.figures = []

    def emitted(self, statement):
        """{engine: its text}, or None where an emitter refuses."""
        found = {self.roster: statement}
        for peer in self.peers:
            try:
                rows = self.roster.run(f"explain sql dialect {peer.name} {statement}")[1]
            except engines.Refused as refused:
                why = str(refused).split(": ")[-1]
                if "cannot say this exactly" not in str(refused):
                    raise engines.Refused(f"{refused}\n{statement}") from None
                self.refused[peer.name][why] = self.refused[peer.name].get(why, 0) + 1
                return None
            found[peer] = rows[0][0]
        return found

    def draw(self, name):
        for _ in range(MAX_DRAWN_ANEW):
            statement = random_filters.draw(self.drawn, name)
            texts = self.emitted(statement)
            if texts:
                return statement, texts
        raise engines.Refused(f"of the class {name} nothing can be said in SQL")

    def compare(self, texts, answers):
        expected = answers[self.roster]
        for peer, rows in answers.items():
            if rows != expected:
                raise Differs(f"{texts[self.roster]}\nroster says {str(expected)[:500]}\n"
                              f"{peer.name} says {str(rows)[:500]}\nto {texts[peer]}")

    def once(self, texts, times_of, took):
        """A turn: `times_of(engine)` is how often it runs, and how many of these count."""
        answers = {}
        for engine, text in texts.items():
            times, counted = times_of(engine)
            if times == 0:
                continue
            try:
                us, rows = engine.run(text, times)
            except engines.Refused as refused:
                raise Unanswered(f"{refused}\n{texts[self.roster]}\n{text}") from None
            took.setdefault(engine, []).extend(us[times - counted:])
            answers[engine] = shown(rows)
        if self.roster in answers:
            self.compare(texts, answers)
        return answers

    def measure(self, name):
        statement, texts = self.draw(name)
        first, took = {}, {}
        answers = self.once(texts, lambda engine: (1, 1), first)

        def times_of(engine):
            us = first[engine][0]
            if us >= SLOWEST_US:
                return 0, 0
            return (1, 1) if us >= SLOW_US else (COUNTED_A_TURN + 1, COUNTED_A_TURN)

        for _ in range(self.turns):
            self.once(texts, times_of, took)
        took = {engine: took.get(engine) or first[engine] for engine in texts}
        medians = {engine.name: statistics.median(us) for engine, us in took.items()}
        best = min((peer.name for peer in self.peers), key=medians.get)
        rows = answers[self.roster]
        self.figures.append({
            "class": name, "filter": statement,
            "us": {engine.name: us for engine, us in took.items()},
            "median_us": medians, "best": best, "ratio": medians[best] / medians["roster"],
            "found": rows[0][0] if rows and statement.startswith("count") and len(rows[0]) == 1
                     else len(rows),
            "sql": {peer.name: texts[peer] for peer in self.peers}})


def share(count, names):
    """How many of each class."""
    each, more = divmod(count, len(names))
    return {name: each + (place < more) for place, name in enumerate(names)}


def options():
    parser = begin.options(__doc__, PEERS)
    parser.add_argument("--filters", type=int, default=200)
    parser.add_argument("--only", help="classes, separated by commas")
    parser.add_argument("--runs", type=int, default=6, help="counted, at least 5 of each")
    flags = begin.parsed(parser, PEERS)
    flags.only = flags.only.split(",") if flags.only else list(random_filters.CLASSES)
    unknown = set(flags.only) - set(random_filters.CLASSES)
    if unknown:
        parser.error(f"no such class: {', '.join(unknown)}")
    return flags


def run(flags):
    csv, store = begin.data_set(flags.data, flags.size, flags.roster)
    described = begin.machine()
    opened = [engines.Engine("roster", PROGRAM, store)]
    try:
        emitted = {name: TEXTS[name + "_emitted"] for name in flags.peers}
        missing = begin.open_peers(flags.peers, csv, emitted, opened)
        roster, *peers = opened
        if not peers:
            sys.exit("error: no peer is to be had")
        for engine in opened:
            engine.threads(THREADS)
        drawn = random_filters.Filters(values.Values(csv, random.Random(flags.seed)))
        say(f"seed {flags.seed}")
        race = Race(roster, peers, drawn, -(-max(flags.runs, 5) // COUNTED_A_TURN))
        for name, count in share(flags.filters, flags.only).items():
            for _ in range(count):
                race.measure(name)
            say(f"{name}: {count} filters, equal answers")
        return {"size": flags.size, "profiles": begin.SIZES[flags.size][0],
                "events": begin.SIZES[flags.size][1], "seed": flags.seed, "machine": described,
                "load_after": os.getloadavg()[0], "missing": missing, "refused": race.refused,
                "versions": {engine.name: engine.version for engine in opened},
                "figures": race.figures}
    finally:
        for engine in opened:
            engine.close()


def main():
    flags = options()
    try:
        found = run(flags)
    except (Differs, Unanswered, engines.Refused) as problem:
        sys.exit(f"error: {problem}\n(seed {flags.seed})")
    filters_report.show(found)
    results.keep(f"filters-{flags.size}", found)


if __name__ == "__main__":
    main()
