#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`roster import` of small files made here: line ends, delimiters, quotes, headers, types, wrong rows.

    import_test.py --roster PROGRAM [TEST...]
"""

import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from roster_client import TIMEOUT, Folder, LineClient, Server, arguments  # noqa: E402

ROSTER = None
ORDERS = ["--event", "order", "--map", "who = identity external_id", "--map", "when = time %Y-%m-%d",
          "--map", "amount = property"]


class Import(unittest.TestCase):
    def setUp(self):
        folder = Folder()
        self.folder = folder.__enter__()
        self.addCleanup(folder.__exit__)
        self.data = os.path.join(self.folder, "store")

    def write(self, content, name="file.csv"):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return path

    def load(self, content, *options, well=True, name="file.csv"):
        """Imports a file; returns what was printed, of an import that ended well its report."""
        done = subprocess.run([ROSTER, "import", self.write(content, name), "--data", self.data,
                               *options], capture_output=True, text=True, timeout=TIMEOUT,
                              check=False)
        self.assertEqual(done.returncode == 0, well, done.stdout + done.stderr)
        return done.stdout if well else done.stderr

    def ask(self, *lines):
        """The replies of a server on what was imported."""
        with Server(ROSTER, self.data) as server:
            client = LineClient(server.port)
            replies = [client.ask(line) for line in lines]
            client.close()
        return replies

    def counts(self, *filters):
        replies = self.ask(*(f"count where {text}" if text else "count" for text in filters))
        return [reply["result"]["count"] if reply["ok"] else reply["error"] for reply in replies]

    def assert_orders(self, told):
        """What the rows u1 5, u2 6.5, u1 7 of `who when amount` make."""
        self.assertIn("3 rows", told)
        self.assertIn("2 new profiles", told)
        self.assertEqual(self.counts("", 'did "order" exactly 2 times', "sum(order.amount) = 12",
                                     'did "order" where amount = 6.5 between 2026-01-02 and 2026-01-02'),
                         [2, 1, 1, 1])

    def test_line_ends(self):
        rows = ["who,when,amount", "u1,2026-01-01,5", "u2,2026-01-02,6.5", "u1,2026-01-03,7"]
        for end in ("\n", "\r\n", "\r"):
            for last in (end, ""):
                with self.subTest(end=end, last=last):
                    self.data = os.path.join(self.folder, f"store{len(os.listdir(self.folder))}")
                    self.assert_orders(self.load(end.join(rows) + last, *ORDERS))

    def test_byte_order_mark(self):
        self.assert_orders(self.load(b"\xef\xbb\xbfwho,when,amount\nu1,2026-01-01,5\n"
                                     b"u2,2026-01-02,6.5\nu1,2026-01-03,7\n", *ORDERS))

    def test_delimiters(self):
        for word, byte in (("tab", "\t"), ("semicolon", ";"), ("pipe", "|"), ("comma", ","), ("^", "^")):
            with self.subTest(delimiter=word):
                self.data = os.path.join(self.folder, f"store-{ord(byte)}")
                text = "who,when,amount\nu1,2026-01-01,5\nu2,2026-01-02,6.5\nu1,2026-01-03,7\n"
                self.assert_orders(self.load(text.replace(",", byte), *ORDERS, "--delimiter", word))

    def test_blanks_and_no_header(self):
        self.assert_orders(self.load(
            "  u1 20260101     5\r\n u2   20260102 6.50\r\n\tu1\t20260103   7.0  \r\n",
            "--delimiter", "blank", "--header", "no", "--event", "order",
            "--map", "1 = identity external_id", "--map", "2 = time %Y%m%d",
            "--map", "3 = property amount"))

    def test_mapping_file(self):
        mapping = self.write("# orders\n\ndelimiter semicolon\nheader no\nevent order\n"
                             "1 = identity external_id\n2 = time\n3 = property amount number\n"
                             "4 = skip\n", "orders.map")
        self.assert_orders(self.load(
            "u1;2026-01-01;5;x\nu2;2026-01-02T10:00:00+01:00;6.5;y\nu1;2026-01-03;7;z\n",
            "--mapping", mapping))

    def test_mapping_that_is_none(self):
        mapping = self.write("delimiter comma\nheader maybe\n", "bad.map")
        self.assertIn("line 2", self.load("a,b\n1,2\n", "--mapping", mapping, well=False))
        mapping = self.write("delimiter comma\nnowhere = identity external_id\n", "gone.map")
        self.assertIn("nowhere", self.load("a,b\n1,2\n", "--mapping", mapping, well=False))

    def test_quotes(self):
        self.load('who,bio,plan\r\n"u1","He said ""hi"", then\nleft",pro\r\nu2,"",free\n"u,3",a b,\n',
                  "--map", "who = identity external_id", "--map", "* = trait")
        replies = self.ask("get external_id:u1", "get external_id:u,3", "count where bio is missing",
                           "count where plan is missing", "count")
        self.assertEqual(replies[0]["result"]["traits"]["bio"]["value"], 'He said "hi", then\nleft')
        self.assertEqual(replies[1]["result"]["traits"]["bio"]["value"], "a b")
        self.assertEqual([reply["result"]["count"] for reply in replies[2:]], [1, 1, 3])

    def test_types_come_from_the_whole_column(self):
        told = self.load("who,whole,money,real,day,word,mixed,gap\nu1,1,1.50,1e3,2026-01-01,Yes,1,\n"
                         "u2,-20,20.25,2.5,2026-02-28,No,x,7\nu3,300,3,0.125,1999-12-31,no,2.5, \n",
                         "--map", "who = identity external_id", "--map", "* = trait")
        for said in ("whole: integer", "money: decimal", "word: text", "mixed: text", "gap: integer"):
            self.assertIn(said, told)
        self.assertEqual(self.counts("whole = -20", "money >= 3", "money = 20.25", 'word = "Yes"',
                                     'mixed = "1"', "gap = 7", "gap is missing", "gap = 0",
                                     "real > 2"), [1, 2, 1, 1, 1, 1, 2, 0, 2])

    def test_wrong_rows(self):
        told = self.load('who,when,amount\nu1,2026-01-01,5\nu2,yesterday,6\n,2026-01-02,7\n'
                         'u3,2026-01-03,"8"\nu4,2026-01-04\nu5,2026-01-05,many\n'
                         'u6,2026-01-06,9,more\nu7,2026-02-30,1\n"u\n8",2026-01-08,2\n'
                         'none,2026-01-09,3\nu9,2026-01-10,4\n',
                         "--event", "order", "--map", "who = identity external_id",
                         "--map", "when = time %Y-%m-%d", "--map", "amount = property amount number")
        lines = [int(line) for line in re.findall(r"^\s*line (\d+): \S", told, re.MULTILINE)]
        self.assertEqual(lines, [3, 4, 6, 7, 8, 9, 12], told)
        self.assertRegex(told, r"\b7 wrong\b")
        self.assertEqual(self.counts("", 'did "order"', "sum(order.amount) > 0",
                                     'external_id = "u9"', 'external_id = "u7"'), [4, 4, 4, 1, 0])

    def test_strict(self):
        some, none = "who,when,amount\nu1,never,1\nu2,2026-01-01,2\n", "who,when,amount\nu1,never,1\n"
        for content, options, code in ((some, [], 0), (some, ["--strict"], 1), (none, [], 1)):
            done = subprocess.run([ROSTER, "import", self.write(content), "--data", self.data, *ORDERS,
                                   *options], capture_output=True, text=True, timeout=TIMEOUT,
                                  check=False)
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
            self.assertEqual(done.stderr.splitlines()[-1], "roster import: wrong rows: 1")
        self.load("who,when,amount\nu2,2026-01-01,2\n", *ORDERS, "--strict")
        self.assertEqual(self.counts(""), [1])

    def test_no_more_errors_than_asked(self):
        told = self.load("who,when,amount\n" + "u1,never,1\n" * 50 + "u2,2026-01-01,2\n", *ORDERS,
                         "--max-errors", "3")
        self.assertRegex(told, r"\b50 wrong\b")
        self.assertEqual(len(re.findall(r"^\s*line \d+: ", told, re.MULTILINE)), 3, told)
        self.assertEqual(self.counts("", 'did "order"'), [1, 1])

    def test_broken_bytes(self):
        told = self.load(b"who,plan\nu1,pro\nu2,\xff\xfe\nu3,a\x00b\n\xc3\x28,free\nu5,free\n",
                         "--map", "who = identity external_id", "--map", "* = trait")
        lines = re.findall(r"^\s*line (\d+): .*UTF-8", told, re.MULTILINE)
        self.assertIn("3", lines)
        self.assertIn("5", lines)
        self.assertEqual(self.counts('plan = "pro"', 'plan = "free"', 'external_id = "u2"'), [1, 1, 0])

    def test_equal_rows_are_different_events_and_a_second_import_is_a_repeat(self):
        text = "who,when,amount\n" + "u1,2026-01-01,5\n" * 3 + "u2,2026-01-01,5\n"
        self.load(text, *ORDERS)
        self.assertEqual(self.counts('did "order" exactly 3 times', "sum(order.amount) = 15"), [1, 1])
        told = self.load(text, *ORDERS, name="again.csv")  # the content is the file's name
        self.assertIn("4 known before", told)
        self.assertIn("0 new profiles", told)
        self.assertEqual(self.counts('did "order" exactly 3 times', "sum(order.amount) = 15"), [1, 1])
        self.load(text + "u2,2026-01-02,1\n", *ORDERS)  # another file: its rows are new events
        self.assertEqual(self.counts('did "order" exactly 6 times', 'did "order" exactly 3 times'),
                         [1, 1])

    def test_second_file_adds_to_people(self):
        options = ["--map", "who = identity external_id", "--map", "* = trait"]
        self.load("who,plan\nu1,pro\nu2,free\n", *options)
        told = self.load("who,city\nu2,Gent\nu3,Leiden\n", *options, name="second.csv")
        self.assertIn("1 new profile", told)
        self.assertEqual(self.counts("", 'plan = "free" and city = "Gent"', "plan is missing"), [3, 1, 1])

    def test_files_with_nothing(self):
        told = self.load("who,plan\n", "--map", "who = identity external_id", "--map", "* = trait")
        self.assertIn("0 rows", told)
        told = self.load("", "--header", "no", "--map", "1 = identity external_id", well=False)
        self.assertIn("empty", told)
        self.assertEqual(self.counts(""), [0])
        done = subprocess.run([ROSTER, "import", os.path.join(self.folder, "nowhere.csv"), "--data",
                               self.data, "--map", "1 = identity external_id"], capture_output=True,
                              text=True, timeout=TIMEOUT, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("nowhere.csv", done.stderr)

    def test_a_directory_in_use_is_locked(self):
        with Server(ROSTER, self.data):
            self.assertIn("LOCKED", self.load("who\nu1\n", "--map", "who = identity external_id",
                                              well=False))


def main():
    global ROSTER
    options = arguments(__doc__, ("tests", {"nargs": "*"}))
    ROSTER = options.roster
    unittest.main(argv=[sys.argv[0], *(f"Import.{name}" for name in options.tests)], verbosity=1)


if __name__ == "__main__":
    main()
