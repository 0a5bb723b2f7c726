# SPDX-License-Identifier: Apache-2.0
"""Statements and reads of the model by example: declare, retain, batch, GET, TIMELINE, SESSIONS,
HISTORY. self_test.py runs these."""

import json
import unittest

from rules_test import DAY, Story


class Statements(unittest.TestCase):
    def setUp(self):
        self.story = Story()
        self.ask, self.code = self.story.ask, self.story.code

    def test_declare(self):
        self.ask("declare trait points integer policy sum")
        self.assertEqual(self.code("declare trait points text"), "*")
        self.assertEqual(self.code("declare trait words text policy sum"), "*")
        self.assertEqual(self.code("declare trait words text policy luck"), "*")
        self.assertEqual(self.code("declare points"), "PARSE")
        self.assertEqual(self.code('identify {"userId":"u1","traits":{"points":"many"}}'), "TYPE")

    def test_retain(self):
        for day in (1, 10):
            self.story.track(user="u1", day=day)
        self.ask('retain "view" 7 days')
        self.assertEqual(self.story.days("p1"), [10])
        self.assertEqual(self.story.get("p1")["event_counts"], {"view": 1})
        self.ask('retain "view" 400 days')
        self.assertEqual(self.story.days("p1"), [1, 10])

    def test_batch(self):
        call = {"type": "identify", "userId": "u1", "traits": {"age": 5}}
        wrong = call | {"traits": {"age": "old"}}
        self.assertEqual(self.code(f'batch {json.dumps({"batch": [call, wrong], "atomic": True})}'),
                         "TYPE")
        self.assertEqual(self.code("get external_id:u1"), "NOPROFILE")
        got = self.ask(f"batch {json.dumps([call, wrong, {'type': 'dance'}])}")
        self.assertEqual((got["ok"], got["failed"], got["duplicates"]), (1, 2, 0))

    def test_request_ids(self):
        line = '{"cmd":"create","query":"{\\"orphan\\":true}","idem":"k"}'
        first = self.ask(line)
        self.assertEqual(self.ask(line), first | {"duplicate": True})
        self.assertEqual(self.code(line.replace("true", "false")), "*")
        self.assertEqual(len(self.story.model.visible()), 1)

    def test_sections(self):
        self.story.identify("u1", day=1, traits={"plan": "a"})
        self.ask("label p1 ADD x")
        self.assertEqual(self.ask("get p1 SECTIONS labels"), {"profile": "p1", "labels": ["x"]})
        self.assertNotIn("notes", self.ask("get p1"))

    def test_timeline(self):
        for day in (1, 2, 3, 4):
            self.story.track(user="u1", day=day, event="view" if day % 2 else "order")
        pages, cursor = [], ""
        while cursor is not None:
            page = self.ask(f"timeline p1 LIMIT 3 {cursor}")
            pages.append([entry["time"] for entry in page["events"]])
            cursor = page["cursor"] and f"AFTER {page['cursor']}"
        self.assertEqual(pages, [[DAY % 4, DAY % 3, DAY % 2], [DAY % 1]])
        oldest = self.ask(f"timeline p1 TYPE view FROM {DAY % 2} OLDEST")["events"]
        self.assertEqual([entry["time"] for entry in oldest], [DAY % 3])
        self.assertEqual(self.code("timeline p1 SIDEWAYS"), "*")

    def test_history(self):
        for day, plan in ((1, "a"), (3, None), (2, "b")):
            self.story.identify("u1", day=day, traits={"plan": plan})
        values = [entry["value"] for entry in self.ask("history p1 plan")["history"]]
        self.assertEqual(values, [None, "b", "a"])
        until = self.ask(f"history p1 plan AS OF {DAY % 2}")["history"]
        self.assertEqual([entry["value"] for entry in until], ["b", "a"])
        self.assertEqual(self.code("history p1 plam"), "NOTRAIT")
