# SPDX-License-Identifier: Apache-2.0
"""How a script of the suite begins: options, the data set, the engines, and which machine it is."""

import argparse
import hashlib
import os
import platform
import random
import shutil
import subprocess
import sys
import time

import results
from suite import engines, statements

SIZES = {"S": (100_000, 2_000_000), "M": (1_000_000, 20_000_000)}  # profiles, events
PROGRAM = os.path.join(results.ROOT, "build/release/bench/suite_engine")
LIBRARIES = {"duckdb": "@duckdb/node-bindings-linux-x64/libduckdb.so",
             "clickhouse": "@chdb/lib-linux-x64-gnu/libchdb.so"}
SLOW_US = 300_000  # from there on a turn is one run


class Differs(Exception):
    """Engines do not agree."""


def say(text):
    print(f"-- {text}", file=sys.stderr, flush=True)


def options(text, peers):
    """Those that the scripts share; `text` is the description, `peers` all that there are."""
    parser = argparse.ArgumentParser(description=text.split("\n", maxsplit=1)[0])
    parser.add_argument("--size", choices=sorted(SIZES), default="S")
    parser.add_argument("--peers", default=",".join(peers), help="separated by commas")
    parser.add_argument("--seed", type=int, help="of what is drawn; none: another each time")
    parser.add_argument("--data", default=os.path.join(results.ROOT, "build/bench/queries"),
                        help="where the data set is kept")
    parser.add_argument("--roster", default=os.path.join(results.ROOT, "build/release/roster"))
    return parser


def parsed(parser, peers):
    flags = parser.parse_args()
    flags.peers = [name for name in flags.peers.split(",") if name]
    unknown = set(flags.peers) - set(peers)
    if unknown:
        parser.error(f"no such peer: {', '.join(unknown)}")
    flags.seed = random.randrange(1 << 32) if flags.seed is None else flags.seed
    return flags


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
    library = os.path.join(results.ROOT, "build/sql/node_modules", LIBRARIES[name])
    if not os.path.exists(library):
        raise engines.Missing("its npm package is not there")
    return engines.Engine(name, PROGRAM, library)


def open_peers(names, csv, texts, opened):
    """Adds those that are to be had, loaded by their `texts`; {name: why not} of the others."""
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
        peer.load(texts[name], lambda text: statements.fill(text, {"csv": csv}))
        say(f"{name} {peer.version} has loaded after {time.monotonic() - begun:.0f} s")
    return missing


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
