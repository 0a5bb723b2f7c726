#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What stops a statement, over TCP: CLIENT CANCEL from another connection, the time, the memory, the
rows, the depth, the conditions, the list, the length. Each shows its error, leaves a server that
answers as before, and lets no memory grow over many repetitions.

    statement_limits_test.py --roster PROGRAM [TEST...]
"""

import json
import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from roster_client import TIMEOUT, Folder, LineClient, RespClient, Server, arguments  # noqa: E402

ROSTER = None
PEOPLE = 18000  # more than a chunk of rows
VALUES = 20000  # different ones, of one person
TIMES = 200
WARM = 20
ALLOWED_KB = 12 << 10  # what an allocator may keep of so many statements
ALLOWED_OF_MEMORY_KB = 48 << 10  # of those that each take MEMORY, which twice that would not hold
ROWS = 1000
MEMORY = 512 << 10

# Long enough for whoever wants to stop it.
SLOW = "count where " + " or ".join(
    f"any session (duration > {1000 + i} days and events > 5)" for i in range(80))
QUESTIONS = ["count", "count where n >= 9000", "count where did order where total > 100",
             "find id, n order by n desc limit 20", "find id, spent order by spent desc, id limit 20",
             "count where distinct(order.total) > 2 and n > 17000", "count by half",
             'search "name 17" limit 5', "show traits"]
LIMITS = {
    "depth": ("count where " + "(" * 65 + "n = 1" + ")" * 65, "LIMIT", "deeper than 64"),
    "depth, far": ("count where " + "(" * 30000 + "n = 1", "LIMIT", "deeper than 64"),
    "conditions": ("count where " + " or ".join(["n=1"] * 4097), "LIMIT", "more than 4096 cond"),
    "list": ("count where n in (" + ",".join(["1"] * 4097) + ")", "LIMIT", "more than 4096 val"),
    "steps": ("count where did order" + " then order" * 16, "LIMIT", "more than 16 steps"),
    "length": ("count where n = 1" + " " * (64 << 10), "TOOLONG", "statement_bytes"),
    "rows": ("find id", "LIMIT", f"more than {ROWS} rows"),
    "memory: groups": ("count by n", "LIMIT", "max_bytes"),
    "memory: an order": (f"find id order by spent limit {PEOPLE}", "LIMIT", "max_bytes"),
    "memory: rows that are ordered": ("find id order by spent limit 1 offset 17000", "LIMIT",
                                      "max_bytes"),
    "memory: a result": (f"find id, name, n, half limit {PEOPLE}", "LIMIT", "max_bytes"),
    "memory: found": (f'search "name" limit {PEOPLE}', "LIMIT", "max_bytes"),
    "memory: different values": ("count where distinct(order.total) >= 0", "LIMIT", "max_bytes"),
}


def verify(data):
    done = subprocess.run([ROSTER, "verify", data], capture_output=True, text=True,
                          timeout=TIMEOUT, check=True)
    return re.search(r"^digest +([0-9a-f]{32})$", done.stdout, re.MULTILINE).group(1)


class StatementLimits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Folder()
        cls.data = os.path.join(cls.folder.__enter__(), "store")
        with Server(ROSTER, cls.data) as server:
            client = LineClient(server.port)
            cls.fill(client)
            client.close()
        cls.digest = verify(cls.data)
        cls.server = Server(ROSTER, cls.data, "--statement-rows", str(ROWS), "--statement-memory",
                            str(MEMORY), "--page-idle-ms", "0")
        cls.client = LineClient(cls.server.port)
        with open(ROSTER, "rb") as program:
            cls.sanitized = b"__asan_init" in program.read()

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.server.stop()
        digest = verify(cls.data)
        cls.folder.__exit__()
        if digest != cls.digest:
            raise AssertionError("the store is another one than before")

    @staticmethod
    def fill(client):
        calls = []
        for i in range(PEOPLE):
            calls.append({"type": "identify", "userId": f"u{i}",
                          "traits": {"n": i, "name": f"name {i}", "half": i % 2 == 0}})
            for k in range(2):
                calls.append({"type": "track", "userId": f"u{i}", "event": "order",
                              "properties": {"total": i + k}})
        for i in range(VALUES):
            calls.append({"type": "track", "userId": "u0", "event": "order",
                          "properties": {"total": i}})
        for first in range(0, len(calls), 2000):
            reply = client.ask("batch " + json.dumps(calls[first:first + 2000]))
            assert reply["ok"] and reply["result"]["failed"] == 0, reply
        assert client.ask("define trait spent as sum(order.total)")["ok"]

    def answers(self, client):
        found = [client.ask(question) for question in QUESTIONS]
        for reply in found:
            self.assertTrue(reply["ok"], reply)
        return [reply["result"] for reply in found]

    def memory(self):
        """What the store says that it takes, and what the process does. Units: bytes, KiB."""
        used = self.client.ask("info memory")["result"]["memory"]["used_memory"]
        with open(f"/proc/{self.server.process.pid}/status", encoding="ascii") as status:
            return used, int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1))

    def repeat(self, what, once):
        """Runs `once` many times: nothing changes but for the allocator's own."""
        before = self.answers(self.client)
        for _ in range(WARM):
            once()
        used, rss = self.memory()
        for _ in range(TIMES):
            once()
        used_then, rss_then = self.memory()
        print(f"{what}: {TIMES} times, RSS {rss_then - rss:+d} KiB of {rss}", flush=True)
        self.assertEqual(used_then, used)
        if self.sanitized:  # what is freed is kept, to find who uses it
            return self.assertEqual(self.answers(self.client), before)
        allowed = ALLOWED_OF_MEMORY_KB if what.startswith("memory") else ALLOWED_KB
        self.assertLess(rss_then - rss, allowed)
        self.assertEqual(self.answers(self.client), before)

    def another(self):
        other = LineClient(self.server.port)
        self.addCleanup(other.close)
        return other

    def refused(self, reply, code, message):
        self.assertFalse(reply["ok"], reply)
        self.assertEqual(reply["error"]["code"], code, reply)
        self.assertIn(message, reply["error"]["message"])

    def test_limits(self):
        for what, (statement, code, message) in LIMITS.items():
            with self.subTest(what):
                self.repeat(what, lambda s=statement, c=code, m=message:
                            self.refused(self.client.ask(s), c, m))

    def test_limits_in_resp(self):
        client = RespClient(self.server.port)
        self.addCleanup(client.close)
        for what, (statement, code, message) in LIMITS.items():
            with self.subTest(what):
                reply = client.ask(*statement.split(" ", 1))
                self.assertTrue(reply.startswith(f"-{code} ") and message in reply, reply)

    def test_time(self):
        request = json.dumps({"cmd": "count", "query": SLOW[len("count "):], "timeout_ms": 5})
        self.repeat("time", lambda: self.refused(self.client.ask(request), "TIMEOUT", "time"))

    def test_cancel(self):
        other = self.another()
        name = other.ask("client id")["result"]

        def once():
            other.send(SLOW.encode() + b"\n")
            while self.client.ask(f"client cancel {name}")["result"] == 0:
                pass
            self.refused(other.reply(), "CANCELLED", "cancelled")
            self.assertEqual(other.count("n = 3"), 1)

        self.repeat("cancel", once)
        # What does not run cannot be cancelled, and what comes then runs.
        self.assertEqual(self.client.ask(f"client cancel {name}")["result"], 0)
        self.assertEqual(self.client.ask("client cancel 999999")["result"], 0)
        self.assertEqual(self.client.ask("client cancel me")["error"]["code"], "ERR")
        self.assertEqual(other.count("n = 3"), 1)

    def test_cancel_ends_one_statement_of_many(self):
        other = self.another()
        name = other.ask("client id")["result"]
        other.send((SLOW + "\ncount where n = 3\ncount\n").encode())
        while self.client.ask(f"client cancel {name}")["result"] == 0:
            pass
        self.refused(other.reply(), "CANCELLED", "cancelled")
        self.assertEqual([other.reply()["result"]["count"] for _ in range(2)], [1, PEOPLE])

    def test_who_is_reset_waits_for_nobody(self):
        """A connection that breaks ends its statement: workers are free for others."""
        for _ in range(4):  # more than there are workers
            other = LineClient(self.server.port)
            other.send(SLOW.encode() + b"\n")
            while str(other.socket.getsockname()[1]) not in self.client.ask("client list")["result"]:
                pass
            other.socket.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER 0: a reset
            other.close()
        self.assertEqual(self.client.count("n = 3"), 1)


if __name__ == "__main__":
    options = arguments(__doc__, ("tests", {"nargs": "*"}))
    ROSTER = options.roster
    unittest.main(argv=[sys.argv[0], *[f"StatementLimits.{name}" for name in options.tests]])
