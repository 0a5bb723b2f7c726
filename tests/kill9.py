#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 under a load of acknowledged writes, and a restart on the same directory.

    kill9.py --roster PROGRAM [--tries N]

In each try four clients pipeline TRACK with messageId, IDENTIFY and BATCH, and snapshots are made,
until the server is killed: at a random time, or (where strace can be had) when it calls one of the
system calls that make data durable for the n-th time. Now and then it is killed once more while it
recovers. After the restart: whatever
was acknowledged is there, no batch is there by halves, what a connection sent is there up to some
point and not beyond, acknowledged events are known as repeats, and neither the LSN nor the clock
has gone back. ROSTER_SEED repeats the choices (not the machine's timing)."""

import collections
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from roster_client import Closed, Folder, LineClient, Server, arguments, seed  # noqa: E402

NUM_CLIENTS = 4
IN_FLIGHT = 32
BATCH_ITEMS = 5
TRIES_PER_STORE = 20  # then a new directory, so that a try stays short
# Small files, so that each try goes through several, and snapshots under load.
OPTIONS = ["--log-file-bytes", "200000", "--snapshot-log-bytes", "300000"]
# Where the server is killed, and how often it may come there before.
POINTS = {"pwrite64": 400, "fdatasync": 200, "fallocate": 12, "rename,renameat,renameat2": 8,
          "unlink,unlinkat": 8, "fsync": 12, "ftruncate": 6}


class Load(threading.Thread):
    """One client. `sent` are its writes in order, as (kind, number); the first `acknowledged` of
    them have been answered with ok."""

    def __init__(self, port, attempt, number, chance):
        super().__init__()
        self.client, self.chance = LineClient(port), chance
        self.attempt, self.name = attempt, f"load{attempt}-{number}"
        self.sent, self.acknowledged, self.lsn = [], 0, 0
        self.refused = None

    def request(self, kind, number):
        if kind == "track":
            return "track " + json.dumps(self.tick(number))
        if kind == "identify":
            return "identify " + json.dumps({"userId": f"{self.name}-{number}",
                                             "traits": {"attempt": self.attempt}})
        return "batch " + json.dumps([
            {"type": "identify", "userId": f"{self.name}-{number}-{part}",
             "traits": {"attempt": self.attempt, "batch": f"{self.name}-{number}"}}
            for part in range(BATCH_ITEMS)])

    def tick(self, number):
        return {"type": "track", "userId": self.name, "event": "tick",
                "messageId": f"{self.name}-{number}", "properties": {"number": number}}

    def run(self):
        try:
            while self.refused is None:
                many = self.chance.randrange(1, IN_FLIGHT)
                requests = []
                for _ in range(many):
                    kind = self.chance.choice(["track", "track", "identify", "batch"])
                    self.sent.append((kind, len(self.sent)))
                    requests.append(self.request(*self.sent[-1]) + "\n")
                self.client.send("".join(requests).encode())
                for _ in range(many):
                    self.take(self.client.reply())
        except (Closed, OSError, ValueError):
            pass  # killed, at times in the middle of a reply

    def take(self, reply):
        if not reply["ok"] or reply["result"].get("failed", 0):
            self.refused = reply
        elif self.refused is None:
            self.acknowledged += 1
            self.lsn = max(self.lsn, reply["lsn"])


def can_strace():
    """Whether there is strace and it may look into processes here."""
    if not shutil.which("strace"):
        return False
    return subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"],
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


def persistence(client):
    return client.ask("info")["result"]["persistence"]


class Trial:
    """All tries on one data directory."""

    def __init__(self, roster, data, chance):
        self.roster, self.data, self.chance = roster, data, chance
        self.clock, self.total = "", collections.Counter()
        self.has_strace = can_strace()

    def run(self, attempt):
        """One try; returns what is wrong, or None."""
        point = self.point()
        try:
            server = Server(self.roster, self.data, *OPTIONS, under=point)
        except AssertionError:
            if not point:
                raise
            server = Server(self.roster, self.data, *OPTIONS)  # killed before it was ready
            point = ()
        loads = [Load(server.port, attempt, number, random.Random(self.chance.random()))
                 for number in range(NUM_CLIENTS)]
        for load in loads:
            load.start()
        self.watch(server, time.monotonic() + self.chance.uniform(0.02, 0.7))
        self.end(server, point)
        for load in loads:
            load.join()
        if self.chance.random() < 0.3:
            self.kill_while_it_recovers()
        server.start()
        try:
            client = LineClient(server.port)
            wrong = self.check_state(client, loads) or next(
                filter(None, (self.check_load(client, load) for load in loads)), None)
            client.close()
        finally:
            server.kill()
        return wrong

    def point(self):
        """The command that kills the server at a named point, for every other try."""
        if not self.has_strace or self.chance.random() < 0.5:
            return ()
        calls = self.chance.choice(sorted(POINTS))
        number = self.chance.randint(1, POINTS[calls])
        return ("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}",
                "-e", f"inject={calls}:signal=KILL:when={number}")

    def watch(self, server, until):
        """Notes the clock as clients see it, and asks for snapshots."""
        try:
            watcher = LineClient(server.port)
            while time.monotonic() < until:
                self.clock = max(self.clock, persistence(watcher)["clock"])
                if self.chance.random() < 0.05:
                    watcher.ask("snapshot")
                time.sleep(0.01)
        except (Closed, OSError, ValueError):
            pass  # killed at its point

    def end(self, server, point):
        if not point:
            server.kill()
            return
        # It may not come to its point: then it ends as it is asked to.
        self.total["at points"] += not server.alive()
        subprocess.run(["pkill", "-KILL", "-P", str(server.process.pid)], check=False)
        server.wait()

    def kill_while_it_recovers(self):
        process = subprocess.Popen([self.roster, "serve", "--data", self.data, "--port", "0",
                                    *OPTIONS],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(self.chance.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.wait()

    def check_state(self, client, loads):
        state = persistence(client)
        if state["clock"] < self.clock:
            return f"the clock went back from {self.clock} to {state['clock']}"
        lsn = max(load.lsn for load in loads)
        if state["lsn"] < lsn:
            return f"LSN {state['lsn']} after an acknowledged {lsn}"
        self.clock = state["clock"]
        return None

    def check_load(self, client, load):
        if load.refused is not None:
            return f"a write was refused: {load.refused}"
        there = self.people(client, load)
        for number, (kind, _) in enumerate(load.sent[:load.acknowledged]):
            wanted = {"track": 0, "identify": 1, "batch": BATCH_ITEMS}[kind]
            if there[number] != wanted and kind != "track":
                return f"{load.name}: write {number}, an acknowledged {kind}, has {there[number]} of {wanted}"
        halves = [number for number, (kind, _) in enumerate(load.sent)
                  if kind == "batch" and there[number] not in (0, BATCH_ITEMS)]
        if halves:
            return f"{load.name}: batch {halves[0]} is there by halves"
        unknown = [number for number in there if number >= len(load.sent)]
        if unknown:
            return f"{load.name}: {unknown} was never sent"
        return self.check_prefix(load, there) or self.check_ticks(client, load)

    def people(self, client, load):
        """How many people of each write of a load there are."""
        reply = client.ask(f"find external_id where attempt = {load.attempt} limit 1000000")
        if not reply["ok"]:
            raise AssertionError(reply)
        numbers = collections.Counter()
        for (name,) in reply["result"]["rows"]:
            parts = name.split("-")
            if parts[:2] == load.name.split("-"):
                numbers[int(parts[2])] += 1
        return numbers

    @staticmethod
    def check_prefix(load, there):
        """A later write of a connection is not there without an earlier one."""
        last = max(there, default=-1)
        for number, (kind, _) in enumerate(load.sent[:max(last, 0)]):
            if kind != "track" and not there[number]:
                return f"{load.name}: write {last} is there, the earlier {number} ({kind}) is not"
        return None

    def check_ticks(self, client, load):
        """Each acknowledged event is known as a repeat, and repeats changed nothing."""
        sent = [number for kind, number in load.sent if kind == "track"]
        acknowledged = [number for kind, number in load.sent[:load.acknowledged] if kind == "track"]
        self.total["acknowledged"] += load.acknowledged
        self.total["sent"] += len(load.sent)
        if not acknowledged:
            return None
        before = self.ticks(client, load)
        if not len(acknowledged) <= before <= len(sent):
            return (f"{load.name}: {before} events of {len(acknowledged)} acknowledged and "
                    f"{len(sent)} sent")
        for first in range(0, len(acknowledged), 100):
            part = acknowledged[first:first + 100]
            reply = client.ask("batch " + json.dumps([load.tick(number) for number in part]))
            new = [number for number, item in zip(part, reply["result"]["items"], strict=True)
                   if not item.get("duplicate")]
            if new:
                return f"{load.name}: the acknowledged event {new[0]} was missing"
        after = self.ticks(client, load)
        return None if after == before else f"{load.name}: repeats made {before} events {after}"

    @staticmethod
    def ticks(client, load):
        reply = client.ask(f"get external_id:{load.name}")
        if not reply["ok"]:
            return 0
        return reply["result"]["event_counts"].get("tick", 0)


def main():
    options = arguments(__doc__, ("--tries", {"type": int, "default": 8}))
    chance = random.Random(seed())
    total = collections.Counter()
    for first in range(0, options.tries, TRIES_PER_STORE):
        with Folder() as folder:
            trial = Trial(options.roster, os.path.join(folder, "store"), chance)
            for attempt in range(first, min(first + TRIES_PER_STORE, options.tries)):
                wrong = trial.run(attempt)
                if wrong:
                    print(f"try {attempt}: {wrong}")
                    sys.exit(1)
            total += trial.total
    print(f"{options.tries} of {options.tries} tries, {total['at points']} at named points: "
          f"{total['acknowledged']} acknowledged of {total['sent']} sent, none is missing")


if __name__ == "__main__":
    main()
