#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What does a client that writes feel of a snapshot, how soon is a store back, and what does it
take in memory?

    bench/run serving [--size S|M] [--seconds N] [--idle N] [--folder DIR]

Generates a store of the size, serves it, and writes events one after the other: alone for some
seconds, then while SNAPSHOT runs; then stops and starts again from that snapshot, and asks for the
memory at once and after a while in which tails are sealed. The goals, for size M: write p99 at most
5 ms during the snapshot, ready to answer in 3 s, 32 bytes an event, 400 a profile; of the log of
size S, 2 million events a second. Prints a table and keeps it as JSON in build/bench/serving.json."""

import json
import os
import shutil
import subprocess
import tempfile
import threading
import time

import results  # first: from where the client comes
from roster_client import LineClient, Server

SIZES = {"S": (100_000, 2_000_000), "M": (1_000_000, 20_000_000)}  # profiles, events


class Writer:
    """One client that writes events of generated people until `until()`."""

    def __init__(self, port, profiles):
        self.client, self.profiles, self.number = LineClient(port), profiles, 0

    def run(self, until):
        """Units: milliseconds from each request to its reply."""
        took = []
        while not until():
            self.number += 1
            call = {"userId": str(self.number * 7919 % self.profiles + 1), "event": "purchase",
                    "messageId": f"s{self.number}", "properties": {"amount": 12.5}}
            line = ("track " + json.dumps(call) + "\n").encode()
            begun = time.perf_counter()
            self.client.send(line)
            reply = self.client.read_line()
            took.append((time.perf_counter() - begun) * 1000)
            if b'"ok":true' not in reply:
                raise AssertionError(reply)
        return sorted(took)


def generate(program, folder, size):
    profiles, events = SIZES[size]
    subprocess.run([program, "generate", "--profiles", str(profiles), "--events", str(events),
                    "--data", folder], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def device_write_mb(folder, total=256 << 20, step=8 << 20):
    """Units: MB/s of what a snapshot does to the device: large writes with a sync each 8 MiB."""
    path, data = os.path.join(folder, "device"), os.urandom(step)
    begun = time.monotonic()
    with open(path, "wb", buffering=0) as file:
        for _ in range(total // step):
            file.write(data)
            os.fdatasync(file.fileno())
    seconds = time.monotonic() - begun
    os.remove(path)
    return total / 1e6 / seconds


def memory(port, size):
    """Bytes an event and a profile take, by INFO memory."""
    parts = {"event_": 0, "other": 0}
    for name, value in LineClient(port).ask("info memory")["result"]["memory"].items():
        if isinstance(value, dict):
            parts["event_" if name.startswith("event_") else "other"] += value["bytes"]
    profiles, events = SIZES[size]
    return parts["event_"] / events, parts["other"] / profiles


def start(program, folder):
    """A server without snapshots of its own accord, and the seconds until it answered."""
    begun = time.monotonic()
    server = Server(program, folder, "--snapshot-log-bytes", "0", "--snapshot-interval-ms", "0")
    try:
        LineClient(server.port).count()
    except BaseException:
        server.stop()
        raise
    return server, time.monotonic() - begun


def main():
    parser = results.options(__doc__, 5, "of writing without a snapshot")
    parser.add_argument("--size", choices=sorted(SIZES), default="S")
    parser.add_argument("--idle", type=float, default=30, help="seconds before the memory is read")
    flags = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="roster-bench-", dir=flags.folder)
    rows = {"size": flags.size}

    def row(name, value, text):
        rows[name] = value
        print(f"{name:36} {text}", flush=True)

    def latency(name, took):
        if not took:
            return row(name, {"count": 0}, "none: it was over before the first")
        p50, p99 = took[len(took) // 2], took[len(took) * 99 // 100]
        row(name, {"count": len(took), "p50_ms": p50, "p99_ms": p99, "max_ms": took[-1]},
            f"p50 {p50:.2f} ms   p99 {p99:.2f} ms   max {took[-1]:.2f} ms   ({len(took)} writes)")
        return None

    try:
        data = os.path.join(folder, "data")
        begun = time.monotonic()
        generate(flags.roster, data, flags.size)
        row("generated, s", time.monotonic() - begun, f"{time.monotonic() - begun:.1f}")
        server, seconds = start(flags.roster, data)
        try:
            row("ready from what generate left, s", seconds, f"{seconds:.2f}")
            if not any(name.endswith(".snap") for name in os.listdir(data)):
                rate = SIZES[flags.size][1] / seconds
                row("replay, events/s", rate, f"{rate:,.0f}")
            writer = Writer(server.port, SIZES[flags.size][0])
            end = time.monotonic() + flags.seconds
            latency("writes", writer.run(lambda: time.monotonic() > end))
            made = {}
            keeper = threading.Thread(
                target=lambda: made.update(LineClient(server.port).ask("snapshot")))
            keeper.start()
            took = writer.run(lambda: not keeper.is_alive())
            keeper.join()
            snapshot = made["result"]
            latency("writes during a snapshot", took)
            seconds = snapshot["took_us"] / 1e6
            row("snapshot, s", seconds, f"{seconds:.2f}")
            rate = device_write_mb(folder)
            row("device: writes with syncs, MB/s", rate, f"{rate:.0f}")
            row("snapshot, MB/s of the file", snapshot["bytes"] / 1e6 / seconds,
                f"{snapshot['bytes'] / 1e6 / seconds:.0f} ({snapshot['bytes'] / 1e6:.0f} MB)")
        finally:
            server.stop()
        server, seconds = start(flags.roster, data)
        try:
            row("ready from the snapshot, s", seconds, f"{seconds:.2f}")
            for when, wait in (("at once", 0), ("idle", flags.idle)):
                time.sleep(wait)
                event, profile = memory(server.port, flags.size)
                row(f"bytes an event, a profile, {when}", [event, profile],
                    f"{event:.1f}   {profile:.0f}")
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    results.keep("serving", rows)


if __name__ == "__main__":
    main()
