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

import argparse
import hashlib
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import time

import results
from suite import engines, report, statements

SIZES = {"S": (100_000, 2_000_000), "M": (1_000_000, 20_000_000)}  # profiles, events
PROGRAM = os.path.join(results.ROOT, "build/release/bench/suite_engine")
PEERS = {"duckdb": "@duckdb/node-bindings-linux-x64/libduckdb.so",
         "clickhouse": "@chdb/lib-linux-x64-gnu/libchdb.so", "postgresql": None}
COUNTED_A_TURN = 3
SLOW_US = 300_000  # from there on a turn is one run
TEXTS = statements.read_all()


class Differs(Exception):
    """Engines do not agree."""


def say(text):
    print(f"-- {text}", file=sys.stderr, flush=True)


def made_by():
    """What tells a data set that another generator made."""
    digest = hashlib.sha256()
    tools = os.path.join(results.ROOT, "server/tools")
    for name in sorted(os.listdir(tools)):
        if name.startswith("dataset"):
            with open(os.path.join(tools, name), "rb") as file:
                digest.update(file.read())
    return digest.hexdigest()


def data_set(folder, size, roster):
    """The folders of the CSV and of Roster's store, which are made unless they are there."""
    folder = os.path.join(folder, size)
    stamp = os.path.join(folder, "made-by")
    if os.path.exists(stamp):
        with open(stamp, encoding="ascii") as file:
            if file.read() == made_by():
                return folder, os.path.join(folder, "store")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    profiles, events = map(str, SIZES[size])
    say(f"generating {profiles} profiles with {events} events into {folder}")
    subprocess.run([roster, "generate", "--profiles", profiles, "--events", events, "--csv",
                    folder], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    store = os.path.join(folder, "store")
    subprocess.run([PROGRAM, "make", store, profiles, events], check=True)
    with open(stamp, "w", encoding="ascii") as file:
        file.write(made_by())
    return folder, store


def open_peer(name, csv):
    if name == "postgresql":
        return engines.PostgreSql(PROGRAM, csv)
    library = os.path.join(results.ROOT, "build/sql/node_modules", PEERS[name])
    if not os.path.exists(library):
        raise engines.Missing("its npm package is not there")
    return engines.Engine(name, PROGRAM, library)


def open_peers(names, csv, opened):
    """Adds those that are to be had, loaded; {name: why not} of the others."""
    missing = {}
    for name in names:
        begun = time.monotonic()
        try:
            peer = open_peer(name, csv)
        except engines.Missing as why:
            missing[name] = str(why)
            print(f"without {name}: {why}")
            continue
        opened.append(peer)
        peer.load(TEXTS[name], lambda text: statements.fill(text, {"csv": csv}))
        say(f"{name} {peer.version} has loaded after {time.monotonic() - begun:.0f} s")
    return missing


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


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":")[1].strip() for line in file if "model name" in line), "?")
    with open("/proc/meminfo", encoding="ascii") as file:
        memory_kib = int(file.readline().split()[1])
    limits = subprocess.run([PROGRAM, "limits"], check=True, capture_output=True, text=True).stdout
    one, two = map(float, limits.split())
    return {"processor": model, "processors": os.cpu_count(), "memory_gib": memory_kib / 2**20,
            "system": platform.platform(), "load_before": os.getloadavg()[0],
            "read_gb_s": {"1": one, "2": two}, "date": time.strftime("%Y-%m-%d %H:%M UTC",
                                                                     time.gmtime())}


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
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--size", choices=sorted(SIZES), default="S")
    parser.add_argument("--peers", default=",".join(PEERS), help="separated by commas")
    parser.add_argument("--only", help="queries, separated by commas")
    parser.add_argument("--runs", type=int, default=15, help="counted, at least 9 of each")
    parser.add_argument("--seed", type=int, help="of the fresh constants; none: another each time")
    parser.add_argument("--data", default=os.path.join(results.ROOT, "build/bench/queries"),
                        help="where the data set is kept")
    parser.add_argument("--roster", default=os.path.join(results.ROOT, "build/release/roster"))
    flags = parser.parse_args()
    flags.peers = [name for name in flags.peers.split(",") if name]
    unknown = set(flags.peers) - set(PEERS)
    if unknown:
        parser.error(f"no such peer: {', '.join(unknown)}")
    flags.seed = random.randrange(1 << 32) if flags.seed is None else flags.seed
    return flags


def run(flags):
    queries = [query for query in statements.QUERIES
               if not flags.only or query.name in flags.only.split(",")]
    csv, store = data_set(flags.data, flags.size, flags.roster)
    described = machine()
    compiled = stages(store, queries, 5 * flags.runs)
    roster = engines.Engine("roster", PROGRAM, store)
    opened = [roster]
    try:
        missing = open_peers(flags.peers, csv, opened)
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
