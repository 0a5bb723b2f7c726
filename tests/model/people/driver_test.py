# SPDX-License-Identifier: Apache-2.0
"""The differential's own code, on a server made of the model: it agrees, and each fault is found
and made small. self_test.py runs these."""

import random
import time
import unittest

from differential import play, play_orders, shrink
from permutable import Permutable
from stub_server import StubServer
from world import World


def lost_label(line, reply):
    if line.startswith("label ") and reply["ok"] and " ADD " in line:
        reply["result"]["labels"] = reply["result"]["labels"][1:]


def other_code(_, reply):
    if not reply["ok"] and reply["error"]["code"] == "TYPE":
        reply["error"]["code"] = "NOTRAIT"


def no_error(line, reply):
    if not reply["ok"] and line.startswith("identify "):
        return {"ok": True, "result": {"profile": "p1001", "version": 1}}
    return None


def other_value(line, reply):
    traits = reply["ok"] and line.startswith("get ") and reply["result"].get("traits", {})
    if traits and "vip" in traits:
        traits["vip"]["value"] = not traits["vip"]["value"]


def lost_event(line, reply):
    if reply["ok"] and line.startswith("timeline "):
        reply["result"]["events"] = reply["result"]["events"][1:]


def older_first(line, reply):
    if reply["ok"] and line.startswith("timeline "):
        reply["result"]["events"].reverse()


def longer_session(line, reply):
    if reply["ok"] and line.startswith("sessions ") and reply["result"]["sessions"]:
        reply["result"]["sessions"][0]["events"] += 1


def other_time(line, reply):
    if reply["ok"] and line.startswith("history ") and reply["result"]["history"]:
        reply["result"]["history"][-1]["time"] = "2020-02-02T00:00:00Z"


def no_redirect(_, reply):
    if reply["ok"] and isinstance(reply["result"], dict):
        reply["result"].pop("redirected_from", None)


def one_name_for_two(line, reply):
    if reply["ok"] and line.startswith("create "):
        reply["result"]["profile"] = "p1001"


FAULTS = (lost_label, other_code, no_error, other_value, lost_event, older_first, longer_session,
          other_time, no_redirect, one_name_for_two)


class Driver(unittest.TestCase):
    def setUp(self):
        self.now = int(time.time() * 1000)
        self.steps = World(random.Random(3), self.now).steps(150)

    def test_the_model_agrees_with_itself(self):
        self.assertIsNone(play(lambda _: StubServer(), self.steps, self.now))

    def test_each_fault_is_found_and_made_small(self):
        for fault in FAULTS:
            with self.subTest(fault=fault.__name__):
                small, difference = shrink(lambda steps, fault=fault: play(
                    lambda _: StubServer(fault), steps, self.now, False), self.steps)
                self.assertIsNotNone(difference, "not found")
                self.assertLessEqual(len(small), 4, difference)

    def test_what_a_restart_forgets_is_found(self):
        class Forgetful(StubServer):
            def start(self):
                super().start()
                if self.model.commands:
                    self.model.kinds["note"].clear()
        difference = play(lambda _: Forgetful(), self.steps, self.now)
        self.assertIn("after a restart", difference)

    def test_what_two_orders_show_is_compared(self):
        """Also what the model has no word for."""
        def orders(fault):
            made = Permutable(random.Random(7), self.now, 40, ties=False)
            steps = list(enumerate(made.before + made.commands, 1))
            before, rest = steps[:len(made.before)], steps[len(made.before):]
            return play_orders(lambda _: StubServer(fault()), steps, before + rest[::-1], self.now)

        def first_note():
            notes = []

            def fault(line, reply):
                if line.startswith("note "):
                    notes.append(line)
                elif line.startswith("sessions ") and reply["ok"]:
                    reply["result"]["more"] = notes[:1]
            return fault
        self.assertIsNone(orders(lambda: None))
        self.assertIn("two orders show: sessions.more", orders(first_note))
