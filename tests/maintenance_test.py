#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an operator does with the files of a store: check, verify, dump, restore, backup, salvage,
each on stores that a server wrote.

    maintenance_test.py --roster PROGRAM [TEST...]
"""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from roster_client import TIMEOUT, Folder, LineClient, Server, arguments, seed  # noqa: E402

ROSTER = None
CHANCE = None
OK, ERROR, USAGE, DAMAGED = 0, 1, 2, 4
SMALL = ["--log-file-bytes", "20000"]


def run(*words, text=None):
    return subprocess.run([ROSTER, *words], capture_output=True, text=True, encoding="utf-8",
                          timeout=TIMEOUT, input=text or "", check=False)


def until(true, what):
    """Asks until `true()`, or fails when it has taken too long."""
    end = time.monotonic() + TIMEOUT
    while not true():
        if time.monotonic() > end:
            raise AssertionError(what)
        time.sleep(0.01)


def files_of(folder):
    """Names and bytes of all files, but for LOCK."""
    found = {}
    for name in sorted(os.listdir(folder)):
        if name != "LOCK":
            with open(os.path.join(folder, name), "rb") as file:
                found[name] = file.read()
    return found


def digest_of(output):
    return re.search(r"^digest +([0-9a-f]{32})$", output, re.MULTILINE).group(1)


class Maintenance(unittest.TestCase):
    def setUp(self):
        folder = Folder()
        self.folder = folder.__enter__()
        self.addCleanup(folder.__exit__)
        self.data = os.path.join(self.folder, "store")

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, client, count, first=0):
        """Some people and what they do; returns the LSN of each write."""
        lsns = []
        for number in range(first, first + count):
            person = f"u{number % 7}"
            if number % 3 == 0:
                request = "identify " + json.dumps({
                    "userId": person, "traits": {"n": number, "text": "é" * (number % 50),
                                                 "email": f"{person}@x.nl", "list": ["a", "b"],
                                                 "ok": number % 2 == 0, "rate": number / 7}})
            else:
                request = "track " + json.dumps({
                    "userId": person, "event": f"e{number % 4}", "messageId": f"m{number}",
                    "properties": {"amount": number / 3, "nested": {"deep": [1, {"x": None}]}}})
            reply = client.ask(request)
            self.assertTrue(reply["ok"], reply)
            lsns.append(reply["lsn"])
        client.ask('identify {"anonymousId":"a1","userId":"u1"}')
        return lsns

    def make_store(self, snapshot=True):
        """A store of several log files, with a snapshot in the middle; returns the LSNs."""
        with Server(ROSTER, self.data, *SMALL) as server:
            client = LineClient(server.port)
            lsns = self.write(client, 150)
            if snapshot:
                self.assertTrue(client.ask("snapshot")["ok"])
            lsns += self.write(client, 150, 150)
            client.close()
        return lsns

    def verify(self, folder):
        done = run("verify", folder)
        self.assertEqual(done.returncode, OK, done.stdout + done.stderr)
        return digest_of(done.stdout)

    def test_check_and_verify_a_whole_store(self):
        self.make_store()
        before = files_of(self.data)
        done = run("check", self.data)
        self.assertEqual(done.returncode, OK, done.stdout + done.stderr)
        self.assertNotIn("DAMAGED", done.stdout)
        for name in before:
            if name.endswith((".log", ".snap")):
                self.assertIn(name, done.stdout)
        self.verify(self.data)
        self.assertEqual(files_of(self.data), before)

    def test_a_served_store_is_locked(self):
        with Server(ROSTER, self.data):
            done = run("check", self.data)
            self.assertEqual(done.returncode, ERROR)
            self.assertIn("LOCKED", done.stderr)

    def test_what_is_no_store_stays_as_it_is(self):
        os.mkdir(self.data)
        for tool in ("check", "verify", "dump"):
            for folder in (self.data, self.path("nowhere")):
                done = run(tool, folder)
                self.assertEqual(done.returncode, ERROR)
                self.assertIn(folder, done.stderr)
        self.assertEqual(os.listdir(self.data), [])

    def test_dump_and_back_gives_the_same_digest(self):
        self.make_store()
        digest = self.verify(self.data)
        dump = self.path("dump.ndjson")
        done = run("dump", self.data, "--out", dump)
        self.assertEqual(done.returncode, OK, done.stderr)
        with open(dump, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        self.assertEqual(lines[0]["digest"], digest)
        self.assertEqual(sum("event" in line for line in lines),
                         lines[-1]["events"] + lines[-1]["records"])
        self.assertEqual(lines[-1]["events"], 200)
        again = self.path("again")
        done = run("restore", "--dump", dump, "--to", again)
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertEqual(digest_of(done.stdout), digest)
        self.assertEqual(self.verify(again), digest)
        with Server(ROSTER, again) as server:  # and it goes on
            client = LineClient(server.port)
            reply = client.ask('track {"userId":"u1","event":"e1","messageId":"m1"}')
            self.assertTrue(reply["result"]["duplicate"], reply)
            self.write(client, 5, 1000)
            client.close()

    def test_a_dump_that_was_changed_is_refused(self):
        self.make_store(snapshot=False)
        dump = run("dump", self.data).stdout
        lines = dump.splitlines(keepends=True)
        for text, number in (("".join(lines[:-1]), ""), ("".join(lines[:5] + ["{\n"]), "line 6"),
                             ("".join(lines[:-2] + lines[-1:]), f"line {len(lines) - 1}"),
                             ("".join(lines[:4]) + lines[4][:9], "line 5"),
                             (dump[:-3], "the dump is cut"),
                             (dump.replace('"text"', '"texts"', 1), "")):
            done = run("restore", "--dump", "-", "--to", self.path("new"), text=text)
            self.assertEqual(done.returncode, DAMAGED, text[-200:])
            self.assertIn(number, done.stderr)
            self.assertFalse(os.path.exists(self.path("new")))

    def test_a_dump_gets_nothing_for_what_it_only_says(self):
        self.make_store(snapshot=False)
        lines = run("dump", self.data).stdout.splitlines(keepends=True)
        header = json.loads(lines[0])
        header["profile_ids"] = 2_000_000_000  # rows for these would take a machine's memory
        text = json.dumps(header) + "\n" + "no line of a dump\n"
        done = run("restore", "--dump", "-", "--to", self.path("new"), text=text)
        self.assertEqual(done.returncode, DAMAGED)
        self.assertIn("line 2", done.stderr)
        profile = next(line for line in lines if line.startswith('{"profile"'))
        traits = next(number for number, line in enumerate(lines) if line.startswith('{"traits_of"'))
        text = "".join(lines[:traits + 1]) + profile
        done = run("restore", "--dump", "-", "--to", self.path("new"), text=text)
        self.assertEqual(done.returncode, DAMAGED)
        self.assertIn("behind what profiles have", done.stderr)

    def test_a_dump_that_fails_leaves_the_one_before(self):
        self.make_store(snapshot=False)
        dump = self.path("dump.ndjson")
        self.assertEqual(run("dump", self.data, "--out", dump).returncode, OK)
        self.assertEqual(os.stat(dump).st_mode & 0o777, 0o600)
        with open(dump, "rb") as file:
            before = file.read()
        copy = self.path("copy")
        shutil.copytree(self.data, copy)
        with Server(ROSTER, copy):
            failures = [(copy, ERROR), (self.path("nowhere"), ERROR)]
            self.damage(sorted(name for name in os.listdir(self.data)
                               if name.endswith(".log"))[0], 0.5)
            failures.append((self.data, DAMAGED))
            for data, code in failures:
                done = run("dump", data, "--out", dump)
                self.assertEqual(done.returncode, code, done.stderr)
                with open(dump, "rb") as file:
                    self.assertEqual(file.read(), before)
                self.assertFalse(os.path.exists(dump + ".tmp"))
        done = run("dump", copy, "--out", os.path.join(copy, "MANIFEST"))
        self.assertEqual(done.returncode, ERROR)
        self.assertIn("it is made of", done.stderr)
        self.verify(copy)
        done = run("dump", copy, "--out", "/dev/full")
        self.assertEqual(done.returncode, ERROR)
        self.assertIn("No space left", done.stderr)
        done = run("dump", copy, "--out", self.path("no/such/folder"))
        self.assertIn("No such file", done.stderr)

    def test_a_dump_is_one_state(self):
        self.make_store(snapshot=False)
        dump = self.path("dump.ndjson")
        self.assertEqual(run("dump", self.data, "--out", dump).returncode, OK)
        for point in (["--to-lsn", "3"], ["--to-time", "2026-01-01T00:00:00Z"]):
            done = run("restore", "--dump", dump, "--to", self.path("new"), *point)
            self.assertEqual(done.returncode, USAGE)
            self.assertFalse(os.path.exists(self.path("new")))

    def test_every_report_has_the_clock(self):
        self.make_store()
        day = time.strftime("%Y-%m-%d", time.gmtime())[:7]
        dump, again, point = (self.path(name) for name in ("dump.ndjson", "again", "point"))
        with Server(ROSTER, self.data, "--backup-folder", self.folder) as server:
            client = LineClient(server.port)
            self.assertTrue(client.ask("backup backup")["ok"])
            client.close()
        self.assertEqual(run("dump", self.data, "--out", dump).returncode, OK)
        for words in (["check", self.data], ["verify", self.data],
                      ["check", self.path("backup")], ["verify", self.path("backup")],
                      ["restore", "--dump", dump, "--to", again], ["verify", again],
                      ["restore", "--from", self.data, "--to", point, "--to-lsn", "200"],
                      ["check", point], ["verify", point]):
            done = run(*words)
            self.assertEqual(done.returncode, OK, done.stderr)
            self.assertRegex(done.stdout, rf"state .*clock {day}-", words)

    def test_nothing_is_made_in_the_source(self):
        self.make_store(snapshot=False)
        before = files_of(self.data)
        for tool in ("restore", "salvage"):
            done = run(tool, "--from", self.data, "--to", os.path.join(self.data, "sub"))
            self.assertEqual(done.returncode, ERROR)
            self.assertIn("it is made of", done.stderr)
        self.assertEqual(files_of(self.data), before)

    def test_restore_up_to_the_damage(self):
        self.make_store(snapshot=False)
        logs = sorted(name for name in os.listdir(self.data) if name.endswith(".log"))
        self.damage(logs[1], 0.5)
        at = int(re.search(r"LSN (\d+)", run("restore", "--from", self.data, "--to",
                                             self.path("new")).stderr).group(1))
        done = run("restore", "--from", self.data, "--to", self.path("new"),
                   "--to-lsn", str(at - 1))
        self.assertEqual(done.returncode, OK, done.stderr)
        salvaged = run("salvage", "--accept-loss", "--from", self.data, "--to", self.path("other"))
        self.assertEqual(digest_of(done.stdout), digest_of(salvaged.stdout))
        done = run("restore", "--from", self.data, "--to", self.path("more"), "--to-lsn", str(at))
        self.assertEqual(done.returncode, DAMAGED)

    def test_restore_to_any_lsn(self):
        lsns = self.make_store()
        newest = digest_of(run("verify", self.data).stdout)
        oldest = int(re.search(r"from LSN (\d+)", run("check", self.data).stdout).group(1))
        for lsn in CHANCE.sample([lsn for lsn in lsns if lsn >= oldest], 5):
            to = self.path(f"at-{lsn}")
            done = run("restore", "--from", self.data, "--to", to, "--to-lsn", str(lsn))
            self.assertEqual(done.returncode, OK, done.stderr)
            with Server(ROSTER, to) as server:
                client = LineClient(server.port)
                self.assertEqual(client.ask("info")["result"]["persistence"]["lsn"], lsn)
                # Every write up to the LSN is there, and none after it.
                number = lsns.index(lsn)
                events = sum(1 for n in range(number + 1) if n % 3)
                self.assertEqual(client.ask("info")["result"]["stats"]["events"], events)
                client.close()
        done = run("restore", "--from", self.data, "--to", self.path("all"))
        self.assertEqual(digest_of(done.stdout), newest)
        for wrong in (["--to-lsn", str(lsns[-1] + 1000)], ["--to-time", "1999-01-01T00:00:00Z"]):
            done = run("restore", "--from", self.data, "--to", self.path("none"), *wrong)
            self.assertEqual(done.returncode, ERROR, done.stdout)
            self.assertFalse(os.path.exists(self.path("none")))
        done = run("restore", "--from", self.data, "--to", self.path("all"))
        self.assertEqual(done.returncode, ERROR)
        self.assertIn("EXISTS", done.stderr)

    def test_backup_while_serving(self):
        backup = self.path("backup")
        with Server(ROSTER, self.data, *SMALL, "--backup-folder", self.folder) as server:
            client = LineClient(server.port)
            self.write(client, 60)
            for wrong in ("../x", "/tmp/x", ".", "a/b"):
                self.assertFalse(client.ask(f"backup {wrong}")["ok"])
            reply = client.ask("backup backup")
            self.assertTrue(reply["ok"], reply)
            self.assertEqual(client.ask("backup backup")["error"]["code"], "EXISTS")
            self.write(client, 10, 60)
            client.close()
        self.assertNotEqual(self.verify(backup), self.verify(self.data))
        at = self.path("at")
        done = run("restore", "--from", self.data, "--to", at, "--to-lsn",
                   str(reply["result"]["lsn"]))
        self.assertEqual(digest_of(done.stdout), self.verify(backup))

    def damage(self, name, place):
        path = os.path.join(self.data, name)
        with open(path, "r+b") as file:
            size = os.path.getsize(path)
            at = int(size * place)
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ 0x10]))

    def test_a_signal_makes_a_snapshot(self):
        with Server(ROSTER, self.data, *SMALL) as server:
            client = LineClient(server.port)
            lsns = self.write(client, 20)
            server.process.send_signal(signal.SIGUSR1)
            stats = {}

            def made():
                stats.update(client.ask("info persistence")["result"]["persistence"])
                self.assertEqual(stats["snapshots_failed"], 0)
                return stats["snapshots_made"] == 1

            until(made, "the signal made no snapshot")
            self.assertGreaterEqual(stats["snapshot_lsn"], lsns[-1])
            self.assertEqual(stats["log_bytes_behind_snapshot"], 0)
            client.close()
        self.assertIn("opening", server.log)
        self.assertEqual(len(re.findall(r" snapshot lsn=\d+ bytes=", server.log)), 1, server.log)
        names = [name for name in os.listdir(self.data) if name.endswith(".snap")]
        self.assertEqual(len(names), 1)
        self.verify(self.data)

    def test_stopping_does_not_wait_for_a_snapshot_or_backup(self):
        for wanted in ("snapshot", "backup b"):
            data = self.path("large " + wanted[:1])
            done = run("generate", "--profiles", "20000", "--events", "400000", "--data", data)
            self.assertEqual(done.returncode, OK, done.stderr)
            server = Server(ROSTER, data, "--backup-folder", self.folder)
            clients = [LineClient(server.port) for _ in range(3)]
            # Something new, so that there is a snapshot to make.
            self.assertTrue(clients[0].ask('identify {"userId":"new"}')["ok"])
            clients[0].send(wanted.encode() + b"\n")
            field = "snapshot_running" if wanted == "snapshot" else "backup_running"
            until(lambda: clients[2].ask("info persistence")["result"]["persistence"][field],
                  wanted + " does not run")
            clients[1].send(b"backup c\nsnapshot\n")
            clients[2].ask("ping")
            begun = time.monotonic()
            server.stop()  # code 0 is asserted
            self.assertLess(time.monotonic() - begun, 5)
            self.assertEqual(clients[0].reply()["error"]["code"], "SHUTDOWN")
            for client in clients:
                client.close()
            self.assertFalse(os.path.exists(self.path("b")))
            self.assertFalse(os.path.exists(self.path("c")))

    def test_a_backup_that_was_killed_is_made_anew(self):
        done = run("generate", "--profiles", "20000", "--events", "400000", "--data", self.data)
        self.assertEqual(done.returncode, OK, done.stderr)
        server = Server(ROSTER, self.data, "--backup-folder", self.folder)
        client = LineClient(server.port)
        client.send(b"backup b\n")
        until(lambda: os.path.exists(self.path("b")) and len(os.listdir(self.path("b"))) > 1,
              "the backup does not begin")
        server.kill()
        client.close()
        self.assertFalse([name for name in os.listdir(self.path("b")) if name.endswith(".snap")])
        with Server(ROSTER, self.data, "--backup-folder", self.folder) as server:
            client = LineClient(server.port)
            reply = client.ask("backup b")
            self.assertTrue(reply["ok"], reply)
            client.close()
        self.verify(self.path("b"))

    def test_a_limit_of_file_sizes_ends_no_server(self):
        with Server(ROSTER, self.data, "--disk-reserve", "0",
                    under=("prlimit", "--fsize=400000000")) as server:
            pid = server.process.pid
            client = LineClient(server.port)
            self.assertTrue(client.ask('identify {"userId":"u"}')["ok"])
            subprocess.run(["prlimit", "--pid", str(pid), "--fsize=4096:400000000"], check=True)
            for number in range(40):
                reply = client.ask("track " + json.dumps({
                    "userId": "u", "event": "note", "messageId": f"n{number}",
                    "properties": {"text": "x" * 900_000}}))
            self.assertFalse(reply["ok"], reply)
            self.assertEqual(client.ask("ping")["result"], "PONG")
            time.sleep(2.5)  # the server looks once a second
            subprocess.run(["prlimit", "--pid", str(pid), "--fsize=400000000:400000000"],
                           check=True)
            if client.ask("info persistence")["result"]["persistence"]["read_only"]:
                self.assertTrue(client.ask("resume")["ok"])
            self.assertTrue(client.ask('identify {"userId":"v"}')["ok"])
            client.close()
        self.assertRegex(server.log, "READONLY|DISKFULL")
        self.assertRegex(server.log, "resumed|disk_has_space")

    def small_disk(self, megabytes):
        """A folder on a file system of its own."""
        folder = self.path("disk")
        os.mkdir(folder)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none",
                                  folder], capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("no file system can be mounted here: " + mounted.stderr.decode())
        self.addCleanup(subprocess.run, ["umount", "--lazy", folder], check=True)
        return folder

    def test_a_full_disk(self):
        """Writes are refused, reads and a snapshot go on, and nothing acknowledged is lost."""
        try:
            disk = self.small_disk(48)
        except FileNotFoundError:
            self.skipTest("there is no `mount` here")
        data = os.path.join(disk, "store")
        options = ["--log-file-bytes", "1000000", "--disk-reserve", "8000000"]
        filler = os.path.join(disk, "filler")
        with Server(ROSTER, data, *options) as server:
            client = LineClient(server.port)
            lsns = self.write(client, 20)
            with open(filler, "wb") as file:
                try:
                    while file.write(bytes(1 << 20)):
                        file.flush()
                except OSError:
                    pass
            written = 0
            for number in range(2000):  # twice what the whole disk could hold
                reply = client.ask("track " + json.dumps({
                    "userId": "u1", "event": "note", "messageId": f"n{number}",
                    "properties": {"text": "x" * 60_000}}))
                if not reply["ok"]:
                    break
                written += 1
            self.assertIn("DISKFULL", json.dumps(reply))
            self.assertTrue(client.ask("info persistence")["result"]["persistence"]["disk_full"])
            self.assertTrue(client.ask("get external_id:u1")["ok"])
            self.assertTrue(client.ask("snapshot")["ok"])
            os.remove(filler)
            # The reserve is made again first, a try each second.
            until(lambda: client.ask('identify {"userId":"after"}')["ok"], "still DISKFULL")
            self.assertFalse(client.ask("info persistence")["result"]["persistence"]["disk_full"])
            events = client.ask("info stats")["result"]["stats"]["events"]
            self.assertGreaterEqual(events, written + sum(1 for n in range(20) if n % 3))
            client.close()
        with Server(ROSTER, data, *options) as server:
            client = LineClient(server.port)
            info = client.ask("info")["result"]
            self.assertEqual(info["stats"]["events"], events)
            self.assertGreater(info["persistence"]["lsn"], lsns[-1])
            self.assertTrue(client.ask("get external_id:after")["ok"])
            client.close()

    def test_salvage_says_what_was_lost(self):
        lsns = self.make_store(snapshot=False)
        whole = self.verify(self.data)
        done = run("salvage", "--from", self.data, "--to", self.path("whole"))
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertIn("lost     nothing", done.stdout)
        self.assertEqual(digest_of(done.stdout), whole)

        logs = sorted(name for name in os.listdir(self.data) if name.endswith(".log"))
        self.assertGreater(len(logs), 2)
        self.damage(logs[1], 0.5)
        before = files_of(self.data)
        done = run("check", self.data)
        self.assertEqual(done.returncode, DAMAGED)
        self.assertRegex(done.stdout, rf"DAMAGED +{logs[1]}.*offset \d+.*LSN \d+")
        done = run("salvage", "--from", self.data, "--to", self.path("new"))
        self.assertEqual(done.returncode, DAMAGED)
        self.assertIn("--accept-loss", done.stderr)
        self.assertFalse(os.path.exists(self.path("new")))
        done = run("salvage", "--from", self.data, "--to", self.path("new"), "--accept-loss")
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertEqual(files_of(self.data), before)
        first, last = map(int, re.search(r"lost .*?LSN (\d+) to (\d+)", done.stdout).groups())
        self.assertGreaterEqual(last, lsns[-1])
        with Server(ROSTER, self.path("new")) as server:
            client = LineClient(server.port)
            info = client.ask("info")["result"]
            self.assertEqual(info["persistence"]["lsn"], first - 1)
            kept = [number for number, lsn in enumerate(lsns) if lsn < first]
            self.assertEqual(info["stats"]["events"], sum(1 for number in kept if number % 3))
            client.close()

    def test_salvage_without_a_manifest(self):
        self.make_store()
        whole = self.verify(self.data)
        os.remove(os.path.join(self.data, "MANIFEST"))
        done = run("check", self.data)
        self.assertEqual(done.returncode, DAMAGED)
        self.assertIn("MANIFEST", done.stdout + done.stderr)
        done = run("salvage", "--from", self.data, "--to", self.path("new"))
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertEqual(digest_of(done.stdout), whole)

    def make_store_with_old_manifest(self):
        """Its manifest is one whose snapshots and log files are dropped by now."""
        manifest = os.path.join(self.data, "MANIFEST")
        for turn in range(4):
            with Server(ROSTER, self.data, *SMALL) as server:
                client = LineClient(server.port)
                self.write(client, 60, 60 * turn)
                self.assertTrue(client.ask("snapshot")["ok"])
                if turn == 0:
                    shutil.copy(manifest, self.path("old"))
                client.close()
        digest = self.verify(self.data)
        shutil.copy(self.path("old"), manifest)
        return digest

    def test_an_old_manifest_was_put_back(self):
        whole = self.make_store_with_old_manifest()
        before = files_of(self.data)
        for tool in ("check", "verify"):
            done = run(tool, self.data)
            self.assertEqual(done.returncode, DAMAGED, done.stderr)
            self.assertNotIn("the next opening removes it", done.stdout)
            self.assertNotIn("state    LSN", done.stdout)
            self.assertRegex(done.stdout, r"DAMAGED +MANIFEST,")
            self.assertNotRegex(done.stdout, r"DAMAGED +(wal|snap)")
        done = run("salvage", "--from", self.data, "--to", self.path("new"))
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertEqual(digest_of(done.stdout), whole)
        self.assertEqual(files_of(self.data), before)

    def test_the_manifest_of_another_store(self):
        self.make_store()
        whole = self.verify(self.data)
        other = self.path("other")
        with Server(ROSTER, other) as server:
            client = LineClient(server.port)
            self.write(client, 5)
            client.close()
        shutil.copy(os.path.join(other, "MANIFEST"), self.data)
        self.assertEqual(run("check", self.data).returncode, DAMAGED)
        done = run("salvage", "--from", self.data, "--to", self.path("new"))
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertEqual(digest_of(done.stdout), whole)
        for name in os.listdir(other):
            if name.endswith(".log"):
                os.remove(os.path.join(other, name))
        done = run("salvage", "--from", other, "--to", self.path("none"), "--accept-loss")
        self.assertEqual(done.returncode, DAMAGED, done.stderr)
        self.assertIn("CORRUPT", done.stderr)

    def test_a_mark_with_one_slot(self):
        self.make_store(snapshot=False)
        digest = self.verify(self.data)
        mark = os.path.join(self.data, "wal.mark")
        with open(mark, "rb") as file:
            whole = file.read()
        for wrong in (whole[:4096], whole[:5] + b"?" + whole[6:],
                      whole[:4101] + b"?" + whole[4102:]):
            with open(mark, "wb") as file:
                file.write(wrong)
            done = run("verify", self.data)
            self.assertEqual(done.returncode, OK, done.stdout)
            self.assertRegex(done.stdout, r"ok +wal.mark,.*one of its two slots")
            self.assertEqual(digest_of(done.stdout), digest)
        with open(mark, "wb") as file:
            file.write(b"?" * 8192)
        self.assertEqual(run("check", self.data).returncode, DAMAGED)

    def test_no_state_is_claimed_that_cannot_be_had(self):
        self.make_store_with_old_manifest()
        os.remove(os.path.join(self.data, "MANIFEST"))
        good = self.path("good")
        self.assertEqual(run("salvage", "--from", self.data, "--to", good).returncode, OK)
        snapshots = [name for name in os.listdir(good) if name.endswith(".snap")]
        os.remove(os.path.join(good, snapshots[0]))
        for tool in ("check", "verify"):
            done = run(tool, good)
            self.assertEqual(done.returncode, DAMAGED)
            self.assertNotRegex(done.stdout, r"state +LSN|restore +from")

    def test_damage_in_a_closed_log_moves_the_oldest(self):
        self.make_store()
        self.assertIn("from LSN 0 on", run("check", self.data).stdout)
        logs = sorted(name for name in os.listdir(self.data) if name.endswith(".log"))
        copy = self.path("copy")
        shutil.copytree(self.data, copy)
        self.damage(logs[0], 0.5)
        done = run("verify", self.data)
        self.assertEqual(done.returncode, DAMAGED)
        snapshot = next(name for name in os.listdir(self.data) if name.endswith(".snap"))
        lsn = int(re.search(r"\d+", snapshot).group())
        self.assertIn(f"from LSN {lsn} on", done.stdout)
        self.assertRegex(done.stdout, r"state +LSN")  # the snapshot and what is behind it
        self.damage(logs[-1], 0.02)  # the open file is mostly room for more
        self.assertNotIn("restore  from", run("check", self.data).stdout)

    def test_check_beside_a_damaged_manifest_lists_every_file(self):
        self.make_store()
        files = {name for name in os.listdir(self.data)
                 if name.endswith((".log", ".snap", ".mark")) or name == "MANIFEST"}
        logs = sorted(name for name in files if name.endswith(".log"))
        self.damage("MANIFEST", 0.5)
        self.damage(logs[0], 0.0)
        before = files_of(self.data)
        for tool in ("check", "verify"):
            done = run(tool, self.data)
            self.assertEqual(done.returncode, DAMAGED, done.stderr)
            listed = {name: verdict for verdict, name in
                      re.findall(r"(ok|DAMAGED) +(\S+),", done.stdout)}
            self.assertLessEqual(files, set(listed))
            damaged = {name for name, verdict in listed.items() if verdict == "DAMAGED"}
            self.assertEqual(damaged, {"MANIFEST", logs[0]})
        self.assertEqual(files_of(self.data), before)

    def test_a_damaged_snapshot_is_replaced_by_the_one_before(self):
        with Server(ROSTER, self.data, *SMALL) as server:
            client = LineClient(server.port)
            self.write(client, 60)
            self.assertTrue(client.ask("snapshot")["ok"])
            self.write(client, 60, 60)
            self.assertTrue(client.ask("snapshot")["ok"])
            self.write(client, 10, 120)
            client.close()
        whole = self.verify(self.data)
        snapshots = sorted(name for name in os.listdir(self.data) if name.endswith(".snap"))
        self.damage(snapshots[-1], CHANCE.random())
        self.assertEqual(run("verify", self.data).returncode, DAMAGED)
        copy = self.path("copy")
        shutil.copytree(self.data, copy)
        with Server(ROSTER, copy) as server:
            self.assertIn(snapshots[-1], server.log)  # said loudly
        self.assertEqual(digest_of(run("salvage", "--from", self.data, "--to",
                                       self.path("new")).stdout), whole)


if __name__ == "__main__":
    options = arguments(__doc__, ("tests", {"nargs": "*"}))
    ROSTER = options.roster
    CHANCE = random.Random(seed())
    unittest.main(argv=[sys.argv[0], *[f"Maintenance.{name}" for name in options.tests]])
