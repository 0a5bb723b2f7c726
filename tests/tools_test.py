#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The program's other verbs: `roster query` (answers, caret, exit codes), `roster generate` (the same
seed, the same data, in each form), and what `roster serve` refuses.

    tools_test.py --roster PROGRAM [TEST...]
"""

import json
import os
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from roster_client import TIMEOUT, Folder, LineClient, Server, arguments  # noqa: E402

ROSTER = None
OK, QUERY_ERROR, USAGE, CANNOT_CONNECT = 0, 1, 2, 3


def run(*words):
    return subprocess.run([ROSTER, *words], capture_output=True, text=True, encoding="utf-8",
                          timeout=TIMEOUT, stdin=subprocess.DEVNULL, check=False)


class Tools(unittest.TestCase):
    def setUp(self):
        folder = Folder()
        self.folder = folder.__enter__()
        self.addCleanup(folder.__exit__)
        self.data = os.path.join(self.folder, "store")

    def connect(self, server):
        client = LineClient(server.port)
        self.addCleanup(client.close)
        return client

    def query(self, server, statement, *options):
        return run("query", "--port", str(server.port), *options, statement)

    def test_query_answers(self):
        with Server(ROSTER, self.data) as server:
            client = self.connect(server)
            client.ask('identify {"userId":"u1","traits":{"age":30,"country":"NL"}}')
            done = self.query(server, "count where age = 30", "--format", "json")
            self.assertEqual(done.returncode, OK, done.stderr)
            self.assertEqual(json.loads(done.stdout)["result"], {"count": 1})
            done = self.query(server, "find external_id, age, email", "--format", "table")
            self.assertEqual(done.returncode, OK, done.stderr)
            for word in ("external_id", "age", "u1", "30"):
                self.assertIn(word, done.stdout)

    def test_query_shows_where_the_error_is(self):
        with Server(ROSTER, self.data) as server:
            for statement, word in (('count where contry = "NL"', "contry"),
                                    ('count where country = "Ελλάδα" and contry = "NL"', "contry"),
                                    ('count where country = "東京" and age > "x"', '"x"')):
                done = self.query(server, statement)
                self.assertEqual(done.returncode, QUERY_ERROR)
                lines = (done.stdout + done.stderr).splitlines()
                shown = next(index for index, line in enumerate(lines) if statement in line)
                caret = lines[shown + 1]
                # Wide characters take two places on a terminal; the marks may count either way.
                place = lines[shown].index(word)
                wide = sum(char >= "\u2e80" for char in lines[shown][:place])
                self.assertIn(caret.index("^"), (place, place + wide), "\n".join(lines))

    def test_exit_codes(self):
        with Server(ROSTER, self.data) as server:
            self.assertEqual(self.query(server, "count").returncode, OK)
            self.assertEqual(self.query(server, "count where").returncode, QUERY_ERROR)
            port = server.port
        self.assertEqual(run("query", "--port", str(port), "count").returncode, CANNOT_CONNECT)
        for words in ([], ["nonsense"], ["query"], ["query", "--port", "x", "count"],
                      ["serve", "--port", "0"], ["serve", "--data", self.data, "--port", "70000"],
                      ["import", "x.csv"], ["generate", "--profiles", "-1"]):
            self.assertEqual(run(*words).returncode, USAGE, words)
        for words, typed in ((["frob"], "frob"), (["frob", "--x", "y"], "frob --x y"),
                             (["serve", "--data", self.data, "--prot", "3"], "--prot 3"),
                             (["serve", "--data", self.data, "--port", "0", "--x", "y"], "--x y")):
            done = run(*words)
            self.assertEqual(done.returncode, USAGE, words)
            self.assertIn(typed, done.stderr)
        for words in (["--help"], ["--version"], ["serve", "--help"]):
            self.assertEqual(run(*words).returncode, OK, words)

    def generate(self, *options):
        done = run("generate", "--profiles", "200", "--events", "3000", *options)
        self.assertEqual(done.returncode, OK, done.stdout + done.stderr)

    def read_folder(self, name):
        folder = os.path.join(self.folder, name)
        content = {}
        for entry in sorted(os.listdir(folder)):
            with open(os.path.join(folder, entry), "rb") as file:
                content[entry] = file.read()
        return content

    def test_generate_is_deterministic(self):
        for form in ("csv", "ndjson"):
            for name, seed in (("one", "7"), ("two", "7"), ("other", "8")):
                self.generate("--seed", seed, f"--{form}", os.path.join(self.folder, form + name))
            one, two, other = (self.read_folder(form + name) for name in ("one", "two", "other"))
            self.assertEqual(one, two)
            self.assertNotEqual(one, other)
            self.assertEqual(one[f"events.{form}"].count(b"\n"), 3000 + (form == "csv"))
            self.assertEqual(one[f"profiles.{form}"].count(b"\n"), 200 + (form == "csv"))

    def test_generated_store_has_what_the_files_have(self):
        self.generate("--data", self.data)
        self.generate("--ndjson", os.path.join(self.folder, "files"))
        files = self.read_folder("files")
        people = [json.loads(line) for line in files["profiles.ndjson"].splitlines()]
        events = [json.loads(line) for line in files["events.ndjson"].splitlines()]
        viewers = {event["userId"] for event in events if event["event"] == "page_view"}
        dutch = [person for person in people if person["traits"].get("country") == "NL"]
        with Server(ROSTER, self.data) as server:
            client = self.connect(server)
            stats = client.ask("info")["result"]["stats"]
            self.assertEqual((stats["profiles"], stats["events"]), (200, 3000))
            self.assertEqual(client.count('country = "NL"'), len(dutch))
            self.assertEqual(client.count('did "page_view"'), len(viewers))
        # The files, written through the server into another store, are the same.
        other = os.path.join(self.folder, "other")
        with Server(ROSTER, other) as server:
            client = self.connect(server)
            for calls in (people, events):
                for first in range(0, len(calls), 500):
                    reply = client.ask("batch " + json.dumps(calls[first:first + 500]))
                    self.assertEqual((reply["ok"], reply["result"]["failed"]), (True, 0))
            self.assertEqual(client.count('country = "NL"'), len(dutch))
            self.assertEqual(client.count('did "page_view"'), len(viewers))
            self.assertEqual(client.count(), 200)

    def test_second_server_finds_it_locked(self):
        with Server(ROSTER, self.data) as server:
            done = run("serve", "--data", self.data, "--port", "0")
            self.assertNotEqual(done.returncode, OK)
            self.assertIn("LOCKED", done.stdout + done.stderr)
            self.assertEqual(self.connect(server).ask("ping")["result"], "PONG")

    def test_serve_refuses_what_it_cannot_keep_safe(self):
        done = run("serve", "--data", self.data, "--port", "0", "--bind", "0.0.0.0")
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("--allow-unsafe-bind", done.stdout + done.stderr)
        done = run("serve", "--data", self.data, "--port", "0", "--backup-folder",
                   os.path.join(self.folder, "nowhere"))
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("nowhere", done.stdout + done.stderr)
        self.assertFalse(os.path.exists(self.data))
        with open(os.path.join(self.folder, "plain"), "w", encoding="ascii") as file:
            file.write("not a directory")
        for place in ("plain", "plain/store", "no/such/parent"):
            done = run("serve", "--data", os.path.join(self.folder, place), "--port", "0")
            self.assertNotEqual(done.returncode, OK)
            self.assertIn(place, done.stdout + done.stderr)
            self.assertNotIn("NOTRAIT", done.stdout + done.stderr)

    def test_a_port_in_use(self):
        with Server(ROSTER, self.data) as server:
            done = run("serve", "--data", self.data + "2", "--port", str(server.port))
            self.assertNotEqual(done.returncode, OK)
            self.assertIn(str(server.port), done.stdout + done.stderr)

    def test_sigterm_at_once_and_under_load(self):
        for load in (False, True):
            server = Server(ROSTER, self.data)
            client = self.connect(server)
            if load:
                client.send(b"".join(b'track {"userId":"u%d","event":"e"}\n' % n for n in range(100)))
                client.reply()
            server.stop()  # code 0 is asserted
        process = subprocess.Popen([ROSTER, "serve", "--data", self.data, "--port", "0"],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        while not process.stdout.readline().startswith("ready on"):
            self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        self.assertEqual(process.wait(TIMEOUT), OK)
        process.stdout.close()
        self.assertLess(time.monotonic() - started, 30)


def main():
    global ROSTER
    options = arguments(__doc__, ("tests", {"nargs": "*"}))
    ROSTER = options.roster
    unittest.main(argv=[sys.argv[0], *(f"Tools.{name}" for name in options.tests)], verbosity=1)


if __name__ == "__main__":
    main()
