#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The model's own properties, on random data.

    self_test.py [TEST...]        ROSTER_SEED repeats a run, ROSTER_SIZE makes it longer (default 1)

What a rule says by an example stands in rules_test.py and statements_test.py, the differential's
own code is tried in driver_test.py; here is what must hold of any data: the order
of commands does not matter (R12), a merge loses nothing and can be undone (R10), what is refused
changes nothing, replies and pictures agree."""

import copy
import json
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
import kinds  # noqa: E402
from driver_test import *  # noqa: E402,F401,F403
from model import Model  # noqa: E402
from permutable import Permutable  # noqa: E402
from picture import plain  # noqa: E402
from rules_test import *  # noqa: E402,F401,F403  (its tests run with these)
from roster_client import seed  # noqa: E402
from statements_test import *  # noqa: E402,F401,F403
from world import World  # noqa: E402

NOW = 1_800_000_000_000
SIZE = int(os.environ.get("ROSTER_SIZE", "1"))
SEED = seed()


def play(lines):
    """A model that was told all of it; nothing may be refused or warned of."""
    model = Model(NOW)
    for line in lines:
        reply = model.ask(line)
        assert reply["ok"] and not reply["result"].get("warnings"), (line, reply)
    return model


def shrunk(before, first, second):
    """Fewer commands in both orders, that still end differently."""
    smaller = True
    while smaller:
        smaller = False
        for line in list(dict.fromkeys(first)):
            less = [[each for each in lines if each != line] for lines in (first, second)]
            if play(before + less[0]).canonical() != play(before + less[1]).canonical():
                first, second, smaller = *less, True
                break
    return first, second


def share_events(model, pids):
    """Whether two have sent an event of one id: a merge keeps one of them (C4)."""
    sent = [(fact.data["type"], fact.data["id"]) for pid in pids
            for fact in model.facts_of(pid, "event")]
    return len(sent) != len(set(sent))


def shown(model, *pids):
    """Profiles as they show, but for their versions and what was merged into them."""
    picture = model.picture()
    for pid in pids:
        for name in ("version", "merged"):
            del picture[f"p{pid}"]["get"][name]
    return [json.dumps(picture[f"p{pid}"], sort_keys=True) for pid in pids]


class Properties(unittest.TestCase):
    def rounds(self, count):
        """A random of its own for each round, whose seed is printed when the round fails."""
        for index in range(count * SIZE):
            self.round = f"{SEED}/{self._testMethodName}/{index}"
            yield random.Random(self.round)

    def shortDescription(self):
        return f"seed {getattr(self, 'round', SEED)}"

    def test_order_does_not_matter(self):
        for chance in self.rounds(60):
            made = Permutable(chance, NOW, chance.randrange(3, 40))
            first, expected = made.commands, play(made.before + made.commands).canonical()
            for _ in range(3):
                second = chance.sample(first, len(first))
                if play(made.before + second).canonical() != expected:
                    first, second = shrunk(made.before, first, second)
                    self.fail("two orders end differently:\n" + "\n".join(first) + "\n--\n" +
                              "\n".join(second))

    def test_merge_and_unmerge_restore_both(self):
        for chance in self.rounds(40):
            world = World(chance, NOW)
            world.steps(60)
            model = world.model
            for _ in range(4):
                survivor, loser = chance.sample(model.visible(), 2)
                if share_events(model, [survivor, loser]):
                    continue
                now = model.now
                before, records = shown(model, survivor, loser), model.num_records()
                model.merge(survivor, loser, {})
                self.assertEqual(records, model.num_records(), "a merge makes or loses records")
                self.assertEqual(model.resolve(loser), survivor)
                model.ask(f"unmerge p{loser}")
                model.now = now  # what comes with time has not come
                self.assertEqual(before, shown(model, survivor, loser))

    def test_merges_undone_in_any_order(self):
        for chance in self.rounds(20):
            world = World(chance, NOW)
            world.steps(60)
            model, merged = world.model, []
            pids, now = model.visible(), model.now
            if share_events(model, pids):
                continue
            before = dict(zip(pids, shown(model, *pids)))
            while len(model.visible()) > 1 and len(merged) < 6:
                survivor, loser = chance.sample(model.visible(), 2)
                model.merge(survivor, loser, {"plan": chance.choice(["survivor", "loser"])})
                merged.append(loser)
            for loser in chance.sample(merged, len(merged)):
                self.assertTrue(model.ask(f"unmerge p{loser}")["ok"])
            model.now = now  # what comes with time has not come
            self.assertEqual(before, dict(zip(pids, shown(model, *pids))))

    def test_a_merge_shows_the_union(self):
        for chance in self.rounds(30):
            world = World(chance, NOW)
            world.steps(80)
            model = world.model
            survivor, loser = chance.sample(model.visible(), 2)
            sides = [model.profile(pid) for pid in (survivor, loser)]
            model.merge(survivor, loser, {})
            union = model.profile(survivor)
            for names in (["labels"], ["identities", "retired"], ["channels"], ["devices"],
                          ["campaigns"], ["notes"]):
                both = {str(each) for side in sides for name in names for each in side["get"][name]}
                self.assertEqual(both, {str(each) for name in names for each in union["get"][name]})
            for name in ("timeline", "history"):
                self.assertEqual(len(union[name]), sum(len(side[name]) for side in sides))
            self.never_widens(sides, union)

    def never_widens(self, sides, union):
        """R6, where no address of the two is the same."""
        addresses = [{each[1] for each in side["get"]["consent_by_address"]} for side in sides]
        if addresses[0] & addresses[1]:
            return
        for channel, decision in union["get"]["consent"].items():
            decisions = [side["get"]["consent"].get(channel) for side in sides]
            if "withdrawn" in decisions:
                self.assertEqual(decision, "withdrawn")

    def test_the_order_of_merges_does_not_matter(self):
        for chance in self.rounds(30):
            world = World(chance, NOW)
            world.steps(80)
            pids, ends = chance.sample(world.model.visible(), 3), []
            for _ in range(2):
                model = copy.deepcopy(world.model)
                first, second, third = chance.sample(pids, 3)
                if chance.random() < 0.5:
                    model.merge(first, second, {})
                    model.merge(first, third, {})
                else:
                    model.merge(second, third, {})
                    model.merge(first, second, {})
                end = model.profile(first)
                end["identities"] = sorted(end["get"]["identities"] + end["get"].pop("retired"))
                # What is the survivor's own; and which external id is the active one.
                for name in ("version", "merged", "created_via", "status", "suspect", "identities",
                             "display_name"):
                    del end["get"][name]
                ends.append(json.dumps(plain(end), sort_keys=True))
            self.assertEqual(*ends)

    def test_what_is_refused_changes_nothing(self):
        for chance in self.rounds(15):
            world = World(chance, NOW)
            model, ask = world.model, world.model.ask

            def watched(line):
                before = json.dumps(model.picture(), sort_keys=True)
                reply = ask(line)
                if not reply["ok"]:
                    self.assertEqual(before, json.dumps(model.picture(), sort_keys=True), line)
                return reply
            model.ask = watched
            world.steps(60)

    def test_every_record_is_somebodys(self):
        for chance in self.rounds(30):
            world = World(chance, NOW)
            world.steps(150)
            model, visible = world.model, set(world.model.visible())
            for fact in [fact for facts in model.kinds.values() for fact in facts]:
                self.assertIn(model.owner_of(fact), visible)
            for identity in model.identities:
                self.assertIn(model.resolve(model.identity_home(identity)), visible)
            for pid in model.profiles:
                self.assertIn(model.resolve(pid), visible)

    def test_repeats_change_nothing(self):
        for chance in self.rounds(30):
            made = Permutable(chance, NOW, 25)
            calls = [line for line in made.commands if '"messageId"' in line]
            self.assertEqual(play(made.before + made.commands).canonical(),
                             play(made.before + made.commands + calls).canonical())

    def test_a_world_has_all_kinds(self):
        self.assertGreaterEqual(len(kinds.KINDS), 30)
        codes, sessions = set(), 0
        for index in range(20):
            world = World(random.Random(index), NOW)
            world.steps(200)
            codes |= {"ok" if reply["ok"] else reply["error"]["code"]
                      for reply in world.replies.values()}
            sessions += sum(len(each["sessions"]) for each in world.model.picture().values())
        self.assertEqual(codes, {"ok", "*", "STALE", "TYPE", "NOPROFILE", "NOIDENTITY", "LIMIT",
                                 "NOTRAIT", "CONFLICT", "EXISTS", "PARSE"})
        self.assertGreater(sessions, 500)


if __name__ == "__main__":
    unittest.main()
