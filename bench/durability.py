#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast can a write be acknowledged and be on the disk?

    bench/run durability [--seconds N] [--folder DIR]

In one run, on one disk: what the device can do (fdatasync of small writes), Redis with its
append-only file synced always, and Roster with each level of durability, both loaded by
redis-benchmark with the same texts. Roster's rows say what part they are of what they are measured
by: one client of the device's syncs, more of Redis's row, batches of their goal. Prints a table and
keeps it as JSON in build/bench/durability.json; durability_bench.cc has the C++ API's rate."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time

import results  # first: from where the client comes
from roster_client import LineClient, Server

TRACK = json.dumps({"userId": "u__rand_int__", "event": "order", "messageId": "m__rand_int__",
                    "timestamp": "2026-01-01T00:00:00Z",
                    "properties": {"amount": 12.5, "channel": "web", "topic": "pricing"}})
IDENTIFY = json.dumps({"userId": "u__rand_int__", "timestamp": "2026-01-01T00:00:00Z",
                       "traits": {"country": "NL", "plan": "pro", "age": 31}})
BATCH_ITEMS = 500
BATCH_GOAL = 300_000  # events a second
KEYS = 1_000_000_000  # random numbers below this: events are new, not repeats


def sync_rate(folder, seconds, size):
    """Units: fdatasync calls a second, each after a write of `size` bytes into a prepared file."""
    path = os.path.join(folder, "device")
    with open(path, "wb") as file:
        file.write(bytes(64 << 20))
        os.fsync(file.fileno())
    handle = os.open(path, os.O_WRONLY)
    data, offset, count = os.urandom(size), 0, 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        os.pwrite(handle, data, offset)
        os.fdatasync(handle)
        offset = (offset + size) % ((64 << 20) - size)
        count += 1
    os.close(handle)
    os.remove(path)
    return count / seconds


def load(port, seconds, clients, pipeline, command):
    """Units: requests a second by redis-benchmark. A trial finds how many fill the time."""
    def run(requests):
        result = subprocess.run(
            ["redis-benchmark", "-p", str(port), "-c", str(clients), "-P", str(pipeline),
             "-n", str(requests), "-r", str(KEYS), "--csv", *command],
            capture_output=True, text=True, timeout=60 + 20 * seconds)
        rows = [line for line in result.stdout.splitlines() if line.startswith('"')]
        if result.returncode != 0 or len(rows) < 2:
            raise RuntimeError(result.stderr + result.stdout)
        names = [name.strip('"') for name in rows[0].split(",")]
        values = rows[-1].rsplit('","', len(names) - 1)
        row = dict(zip(names, (value.strip('"') for value in values)))
        return float(row["rps"]), float(row["p50_latency_ms"]), float(row["p99_latency_ms"])
    least = clients * pipeline * 4
    rate = run(max(least, 500))[0]
    return run(max(least, int(rate * seconds)))


class Redis:
    """redis-server that syncs its append-only file before each reply."""

    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--dir", folder, "--appendonly", "yes",
             "--appendfsync", "always", "--save", "", "--auto-aof-rewrite-percentage", "0"],
            stdout=subprocess.DEVNULL)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("redis-server does not answer")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def batch_rate(server, seconds):
    """Units: events a second in BATCH commands of BATCH_ITEMS, two in flight on one connection."""
    client, number, count = LineClient(server.port), 0, 0

    def request():
        nonlocal number
        number += 1
        return ("batch " + json.dumps([
            {"type": "track", "userId": f"b{(number * BATCH_ITEMS + i) % 100003}", "event": "order",
             "messageId": f"b{number}-{i}", "properties": {"amount": 12.5, "channel": "web"}}
            for i in range(BATCH_ITEMS)]) + "\n").encode()
    prepared = [request() for _ in range(int(600 * seconds))]  # made before: Python is slow
    begun = time.monotonic()
    client.send(prepared[0])
    for text in prepared[1:]:
        client.send(text)
        assert client.reply()["ok"]
        count += BATCH_ITEMS
        if time.monotonic() - begun > seconds:
            break
    return count / (time.monotonic() - begun)


LOADS = [("TRACK, 1 client", 1, 1, ["TRACK", TRACK], ["RPUSH", "u__rand_int__", TRACK]),
         ("TRACK, 50 clients", 50, 1, ["TRACK", TRACK], ["RPUSH", "u__rand_int__", TRACK]),
         ("TRACK, 50 clients, pipelines of 16", 50, 16, ["TRACK", TRACK],
          ["RPUSH", "u__rand_int__", TRACK]),
         ("IDENTIFY, 50 clients, pipelines of 16", 50, 16, ["IDENTIFY", IDENTIFY],
          ["HSET", "p__rand_int__", "country", "NL", "plan", "pro", "age", "31"])]


def main():
    parser = results.options(__doc__, 5, "time for each figure")
    flags = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="roster-bench-", dir=flags.folder)
    rows = []

    def row(what, rate, unit, p50=None, p99=None, of=None):
        ratio = rate / of[1] if of and of[1] else None
        rows.append({"what": what, "rate": rate, "unit": unit, "p50_ms": p50, "p99_ms": p99,
                     "ratio": ratio})
        latency = "" if p50 is None else f"   p50 {p50:.2f} ms, p99 {p99:.2f} ms"
        part = "" if ratio is None else f"   {ratio:.2f} of {of[0]}"
        print(f"{what:58} {rate:12,.0f} {unit}{latency}{part}", flush=True)
        return rate

    try:
        device = [row(f"device: write of {size} B and fdatasync",
                      sync_rate(folder, flags.seconds, size), "/s") for size in (300, 4096)]
        redis_rates = [None] * len(LOADS)
        if shutil.which("redis-server"):
            redis = Redis(folder)
            try:
                redis_rates = [
                    row(f"redis AOF always: {command[0]} for {what}",
                        *two(load(redis.port, flags.seconds, clients, pipeline, command)))
                    for what, clients, pipeline, _, command in LOADS]
            finally:
                redis.stop()
        else:
            print("left out: redis-server is not installed")
        for level in ("sync", "interval"):
            server = Server(flags.roster, os.path.join(folder, level), "--durability", level)
            try:
                for (what, clients, pipeline, command, _), peer in zip(LOADS, redis_rates):
                    of = ("the device", device[0]) if clients == 1 else ("redis", peer)
                    row(f"roster {level}: {what}",
                        *two(load(server.port, flags.seconds, clients, pipeline, command)), of=of)
                row(f"roster {level}: BATCH of {BATCH_ITEMS}", batch_rate(server, flags.seconds),
                    "events/s", of=("the goal", BATCH_GOAL))
            finally:
                server.stop()
        for size in (300, 4096):
            row(f"device again: write of {size} B and fdatasync",
                sync_rate(folder, flags.seconds, size), "/s")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    results.keep("durability", rows)


def two(loaded):
    rate, p50, p99 = loaded
    return rate, "/s", p50, p99


if __name__ == "__main__":
    main()
