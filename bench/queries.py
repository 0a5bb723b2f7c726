#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast does Roster answer the suite's queries, beside DuckDB, ClickHouse and PostgreSQL?

    bench/run queries [--size S|M] [--peers A,B] [--only Q1,Q3] [--runs N] [--seed N] [--data DIR]

All get the same generated data (made once, kept in build/bench/queries/), each in a process of its
own. Every answer of every run is compared; the first that differs ends the run with code 1. Turns
go round the engines, so that all feel the same load of the machine. A turn is a run that is not
counted, then three that are; of new constants one, after one of the usual constants. Printed, and
kept in build/bench/ as queries-SIZE.json and queries-SIZE.html: medians with minimum and maximum,
with two threads and one, how many times as fast as the best peer, the distance to a hand-written
kernel, what parse, bind and plan take of it, and memory."""

import os
import random
import statistics
import sys

import results
from suite import begin, engines, report, statements
from suite.begin import PROGRAM, SIZES, SLOW_US, Differs, say

PEERS = [*begin.LIBRARIES, "postgresql"]
COUNTED_A_TURN = 3
TEXTS = statements.read_all()


class Suite:
    def __init__(self, roster, peers, runs, seed):
        self.engines = [roster, *peers]
        self.runs, self.random = runs, random.Random(seed)
        roster.run("count")
        self.now_ms = roster.facts()["clock"]
        self.figures = []

    def statement(self, engine, query, constants, way):
        text = dict(TEXTS[engine.name][query.name])[way]
        return statements.fill(text, statements.constants_for(constants, self.now_ms,
                                                              engine.codes))

    def answer(self, engine, query, constants, way, times=1):
        """Microseconds of each run, and the answer as every engine would say it."""
        took, rows = engine.run(self.statement(engine, query, constants, way), times)
        if query.coded and engine.codes:
            names = {str(code): name for name, code in engine.codes[query.coded].items()}
            rows = [[names[row[0]], *row[1:]] for row in rows]
        return took, sorted(rows) if query.coded else rows

    def compare(self, query, constants, answers):
        (first, expected), *others = answers.items()
        for name, rows in others:
            if rows != expected:
                raise Differs(f"{query.name} {constants}: {first} says {str(expected)[:500]}, "
                              f"{name} says {str(rows)[:500]}")

    def best_ways(self, query):
        """{engine: the way of asking that is its fastest}; all have to agree."""
        best, answers = {}, {}
        for engine in self.engines:
            found = []
            for way, _ in TEXTS[engine.name][query.name]:
                took, rows = self.answer(engine, query, query.fixed, way)
                if took[0] < SLOW_US:
                    took = self.answer(engine, query, query.fixed, way, 5)[0]
                found.append((min(took), way))
                answers[f"{engine.name} ({way})" if way else engine.name] = rows
            best[engine] = min(found)
        self.compare(query, query.fixed, answers)
        return best

    def measure(self, query, threads, names):
        for engine in self.engines:
            engine.threads(threads)
        best = self.best_ways(query)
        self.fixed(query, threads, best)
        if names:
            self.fresh(query, threads, best, names)

    def note(self, query, threads, kind, best, took):
        for engine, times in took.items():
            self.figures.append({"query": query.name, "threads": threads, "constants": kind,
                                 "engine": engine.name, "way": best[engine][1], "us": times})

    def fixed(self, query, threads, best):
        took = {engine: [] for engine in self.engines}
        turns = -(-self.runs // COUNTED_A_TURN)
        while turns > 0 or min(map(len, took.values())) < 9:
            turns -= 1
            answers = {}
            for engine, (first_us, way) in best.items():
                if first_us > SLOW_US:
                    if len(took[engine]) >= 9:
                        continue
                    counted, rows = self.answer(engine, query, query.fixed, way)
                else:
                    counted, rows = self.answer(engine, query, query.fixed, way,
                                                COUNTED_A_TURN + 1)
                    counted = counted[1:]
                took[engine] += counted
                answers[engine.name] = rows
            self.compare(query, query.fixed, answers)
        self.note(query, threads, "fixed", best, took)

    def fresh(self, query, threads, best, names):
        took = {engine: [] for engine in self.engines}
        for _ in range(self.runs):
            constants = query.fresh(self.random, names)
            answers = {}
            for engine, (first_us, way) in best.items():
                if first_us <= SLOW_US:
                    self.answer(engine, query, query.fixed, way)
                counted, answers[engine.name] = self.answer(engine, query, constants, way)
                took[engine] += counted
            self.compare(query, constants, answers)
        self.note(query, threads, "fresh", best, took)


def stages(store, queries, runs):
    """{query: medians of parse, bind and plan in microseconds}."""
    engine = engines.Engine("stages", PROGRAM, store)
    try:
        found = {}
        for query in queries:
            text = statements.fill(TEXTS["roster"][query.name][0][1],
                                   statements.constants_for(query.fixed, 0, {}))
            engine.run(text, 3)
            rows = [[float(cell) for cell in engine.run(text)[1][0]] for _ in range(runs)]
            found[query.name] = [statistics.median(column) for column in zip(*rows)]
        return found
    finally:
        engine.close()


def memory(suite):
    """What each engine takes, in bytes: RSS since before loading, and what it says itself."""
    found = {}
    for engine in suite.engines:
        facts = engine.facts()
        found[engine.name] = {"rss": engine.rss() - engine.rss_before, "facts": facts,
                              "says": engine.bytes(TEXTS[engine.name])}
    facts = found["roster"]["facts"]
    found["roster"]["says"] = sum(facts[part + "_bytes"] for part in ("event", "call", "other"))
    return found


def options():
    parser = begin.options(__doc__, PEERS)
    parser.add_argument("--only", help="queries, separated by commas")
    parser.add_argument("--runs", type=int, default=15, help="counted, at least 9 of each")
    return begin.parsed(parser, PEERS)


def run(flags):
    queries = [query for query in statements.QUERIES
               if not flags.only or query.name in flags.only.split(",")]
    csv, store = begin.data_set(flags.data, flags.size, flags.roster)
    described = begin.machine()
    compiled = stages(store, queries, 5 * flags.runs)
    roster = engines.Engine("roster", PROGRAM, store)
    opened = [roster]
    try:
        missing = begin.open_peers(flags.peers, csv, TEXTS, opened)
        peers = opened[1:]
        suite = Suite(roster, peers, flags.runs, flags.seed)
        # Of which fresh constants are drawn; the peers' codes tell them.
        names = {kind: sorted(each) for kind, each in (peers[0].codes if peers else {}).items()}
        for threads in (2, 1):
            for query in queries:
                suite.measure(query, threads, names)
                say(f"{query.name} with {threads} thread{'s'[:threads - 1]}: equal answers")
        return {"size": flags.size, "profiles": SIZES[flags.size][0],
                "events": SIZES[flags.size][1], "seed": flags.seed, "machine": described,
                "load_after": os.getloadavg()[0], "missing": missing,
                "versions": {engine.name: engine.version for engine in opened},
                "figures": suite.figures, "stages": compiled, "memory": memory(suite)}
    finally:
        for engine in opened:
            engine.close()


def main():
    flags = options()
    try:
        found = run(flags)
    except (Differs, engines.Refused) as problem:
        sys.exit(f"error: {problem}")
    name = f"queries-{flags.size}"
    report.show(found)
    results.keep(name, found)
    report.write(found, results.path_of(name).removesuffix(".json") + ".html")


if __name__ == "__main__":
    main()
