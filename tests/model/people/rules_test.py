# SPDX-License-Identifier: Apache-2.0
"""Each rule R0-R17 of IDENTITY by a small example. self_test.py runs these."""

import unittest

from model import Model

NOW = 1_800_000_000_000  # 2027-01-15
DAY = "2027-01-%02dT10:00:00Z"


class Story:
    """A model with short ways to say things. Times are days of January 2027, the 15th is today."""

    def __init__(self):
        self.model = Model(NOW)
        self.number = 0

    def ask(self, line):
        reply = self.model.ask(line)
        assert reply["ok"], (line, reply)
        return reply["result"]

    def code(self, line):
        return self.model.ask(line)["error"]["code"]

    def call(self, verb, day=None, **members):
        import json
        self.number += 1
        if day is not None:
            members |= {"timestamp": DAY % day, "messageId": f"m{self.number}"}
        return self.ask(f"{verb} {json.dumps(members)}")

    def identify(self, user=None, device=None, day=None, **more):
        who = {"userId": user, "anonymousId": device}
        return self.call("identify", day, **{name: value for name, value in who.items() if value},
                         **more)

    def track(self, device=None, user=None, day=None, event="view"):
        who = {"userId": user, "anonymousId": device}
        return self.call("track", day, event=event,
                         **{name: value for name, value in who.items() if value})

    def get(self, profile):
        """What GET says, with the model's own forms of it."""
        said = self.ask(f"get {profile}")
        return said | self.model.get(int(said["profile"][1:]))

    def days(self, profile):
        """The days of a profile's events."""
        events = self.ask(f"timeline {profile}")["events"]
        return [int(event["time"][8:10]) for event in reversed(events)]

    def merge(self, survivor, loser, rest="", force=""):
        token = self.ask(f"merge PREVIEW {survivor} {loser} {rest}")["plan"]
        return self.ask(f"merge APPLY {token}{force}")


class Rules(unittest.TestCase):
    def setUp(self):
        self.story = Story()
        self.ask, self.get, self.days = self.story.ask, self.story.get, self.story.days
        self.identify, self.track = self.story.identify, self.story.track

    def test_r0_normalise_then_block(self):
        first = self.identify("Ame\u0301lie", day=1)
        self.assertEqual(self.identify(" Amélie ", day=2)["profile"], first["profile"])
        mail = self.story.call("identify", 1, identities={"email": " Jo@Example.COM "})
        self.assertEqual(self.get("email:jo@example.com")["profile"], mail["profile"])
        for value in ("", "null", "00-0", "-1", "Unknown"):
            self.assertEqual(self.story.code(f'identify {{"userId":"{value}"}}'), "NOIDENTITY")
        self.assertEqual(len(self.identify("u1", "undefined", day=1)["warnings"]), 1)

    def test_r1_resolve(self):
        self.assertTrue(self.identify("u1", day=1)["created"])
        both = self.story.call("identify", 2, userId="u1", identities={"email": "a@x.com"})
        self.assertEqual((both["created"], both["profile"]), (False, "p1"))
        self.assertEqual(self.get("email:a@x.com")["profile"], "p1")
        self.assertEqual(self.story.code("identify {}"), "NOIDENTITY")

    def test_r1_a_visitor_becomes_the_person(self):
        self.track("a1", day=1)
        known = self.identify("u1", "a1", day=2)
        self.assertEqual((known["profile"], known["created"]), ("p1", False))
        self.assertEqual(self.days("external_id:u1"), [1])

    def test_r2_two_people_stay_two(self):
        self.identify("u1", day=1)
        self.story.call("identify", 1, identities={"email": "a@x.com"})
        kept = self.story.call("identify", 2, userId="u1", identities={"email": "a@x.com"})
        self.assertEqual((kept["profile"], len(kept["warnings"])), ("p1", 1))
        self.assertEqual(self.ask("conflicts p1")[0]["identity"], "email")
        self.story.call("identify", 3, userId="u1", identities={"email": "a@x.com"},
                        authenticated=True)
        self.assertEqual(self.get("email:a@x.com")["profile"], "p1")

    def test_r2_limit(self):
        for number in range(6):
            last = self.story.call("identify", 1, userId="u1",
                                   identities={"email": f"{number}@x.com"})
        self.assertEqual(len(last["warnings"]), 1)
        self.assertEqual(self.story.code("get email:5@x.com"), "NOPROFILE")

    def test_r2_a_contact_links_nobody(self):
        self.story.call("identify", 1, identities={"email": "a@x.com", "whatsapp": "w"})
        self.identify("u2", day=1)
        other = self.story.call("identify", 2, userId="u2", identities={"whatsapp": "w"},
                                authenticated=True)
        self.assertEqual((other["profile"], len(other["warnings"])), ("p2", 1))
        self.assertEqual(self.get("whatsapp:w")["profile"], "p1")

    def test_r3_intervals(self):
        for day in (2, 4, 6, 8):
            self.track("a1", day=day)
        self.identify("u1", "a1", day=3)
        self.assertEqual(self.days("external_id:u1"), [2, 4, 6, 8])
        self.identify("u2", "a1", day=7)
        self.assertEqual(self.days("external_id:u1"), [2, 4, 6])
        self.assertEqual(self.days("external_id:u2"), [8])
        self.identify("u3", "a1", day=5)  # late
        self.assertEqual(self.days("external_id:u3"), [6])
        self.assertEqual(self.get("anonymous_id:a1")["profile"],
                         self.get("external_id:u2")["profile"])

    def test_r3_at_the_very_time(self):
        self.identify("u1", "a1", day=1)
        self.identify("u2", "a1", day=3)
        self.assertEqual(self.track("a1", day=3)["profile"], "p2")

    def test_r3_logout(self):
        self.identify("u1", "a1", day=1)
        self.track("a1", day=2)
        self.track("a1", day=6)
        self.story.call("logout", 4, anonymousId="a1")  # late: what came after it is nobody's
        self.assertEqual(self.days("external_id:u1"), [2])
        self.assertEqual(self.days("anonymous_id:a1"), [6])
        self.identify("u2", "a1", day=8)  # claims it, once
        self.assertEqual(self.days("external_id:u2"), [6])
        self.identify("u3", "a1", day=9)
        self.assertEqual(self.days("external_id:u2"), [6])
        self.assertEqual(self.days("external_id:u3"), [])

    def test_r3_only_identify_binds(self):
        self.track("a1", user="u1", day=1)
        self.assertEqual(self.story.code("get anonymous_id:a1"), "NOPROFILE")
        self.assertEqual(self.track("a1", day=2)["profile"], "p2")

    def test_r3_by_hand_is_kept(self):
        self.track("a1", day=1)
        self.identify("u1", day=1)
        self.story.merge("p2", "p1")
        self.identify("u2", "a1", day=3)
        self.track("a1", day=2)
        self.track("a1", day=4)
        self.assertEqual((self.days("p2"), self.days("external_id:u2")), ([1, 2], [4]))

    def test_r4_survivor(self):
        self.track("a1", day=1)
        self.identify("u1", day=2)
        self.assertEqual(self.identify("u1", "a1", day=3)["profile"], "p2")  # identified
        self.story.call("identify", 1, identities={"email": "a@x.com"})
        joined = self.story.call("identify", 4, userId="u1", identities={"email": "a@x.com"},
                                 authenticated=True)
        self.assertEqual(joined["profile"], "p2")  # both since day 1, by lower id
        self.story.call("identify", 5, identities={"whatsapp": "w"})
        self.identify("u2", day=6)
        self.assertEqual(self.story.call("identify", 7, userId="u2", identities={"whatsapp": "w"})
                         ["profile"], "p5")  # identified over the earlier
        self.story.call("identify", 9, identities={"email": "late@x.com"})
        self.story.call("identify", 8, identities={"phone": "+3161"})
        joined = self.story.call("identify", 10, authenticated=True,
                                 identities={"email": "late@x.com", "phone": "+3161"})
        self.assertEqual(joined["profile"], "p7")  # the earlier by the client's time

    def test_r5_policies(self):
        for policy, kind in (("earliest", "text"), ("max", "number"), ("min", "number"),
                             ("sum", "number"), ("union", "list"), ("nonempty", "text"),
                             ("primary", "text"), ("latest", "number")):
            self.ask(f"declare trait {policy} {kind} policy {policy}")
        self.identify("u1", day=2, traits={
            "earliest": "second", "max": 5, "min": 5, "sum": 5, "union": ["b"], "nonempty": "x",
            "primary": "person", "latest": 5})
        self.identify(None, "a1", day=1, traits={
            "earliest": "first", "max": 3, "min": 3, "sum": 3, "union": ["a", "b"],
            "nonempty": "old", "primary": "device", "latest": 3})
        self.identify("u1", "a1", day=3, traits={"nonempty": ""})
        self.identify(None, "a1", day=4, traits={"primary": "later, but by a device"})
        traits = self.get("external_id:u1")["traits"]
        self.assertEqual({name: entry["value"] for name, entry in traits.items()},
                         {"earliest": "first", "max": 5, "min": 3, "sum": 8, "union": ["a", "b"],
                          "nonempty": "x", "primary": "person", "latest": 5})

    def test_r5_clear_and_ties(self):
        self.ask("declare trait best number policy max")
        self.identify("u1", day=1, traits={"best": 9, "plan": "a"})
        self.identify("u1", day=2, traits={"best": None})
        self.identify("u1", day=3, traits={"best": 4})
        for value in ("b", "c", None, "b"):
            self.identify("u1", day=4, traits={"plan": value})
        traits = self.get("p1")["traits"]
        self.assertEqual((traits["best"]["value"], traits["plan"]["value"]), (4, "c"))
        self.identify("u1", day=20, traits={"plan": "of the future"})
        self.ask('set p1 {"traits":{"plan":"now"}}')
        self.assertEqual(self.get("p1")["traits"]["plan"]["value"], "of the future")

    def test_r5_an_email_is_the_trait_until_it_is_written(self):
        for day, mail in ((3, "b@x.com"), (2, "a@x.com")):
            self.story.call("identify", day, userId="u1", identities={"email": mail})
        self.assertEqual(self.get("p1")["traits"]["email"]["value"], "a@x.com")
        self.ask('set p1 {"traits":{"email":"c@x.com"}}')
        self.assertEqual(self.get("p1")["traits"]["email"]["value"], "c@x.com")

    def test_r6_of_equal_time_the_more_guarded(self):
        self.identify("u1", day=1)
        for decision in ("granted", "withdrawn", "granted"):
            self.ask('consent p1 {"channel":"email","decision":"%s","timestamp":"%s"}' %
                     (decision, DAY % 2))
        self.assertEqual(self.get("p1")["consent"], {"email": "withdrawn"})

    def test_r6_consent_never_widens(self):
        self.identify("u1", day=1)
        self.identify("u2", day=1)
        self.ask('consent external_id:u1 {"channel":"email","decision":"withdrawn"}')
        self.ask('consent external_id:u2 {"channel":"email","decision":"granted"}')
        for decision, day in (("withdrawn", 2), ("granted", 3)):
            self.ask('consent external_id:u%d {"channel":"whatsapp","decision":"%s","address":"w",'
                     '"timestamp":"%s"}' % (day - 1, decision, DAY % day))
        self.story.merge("p1", "p2")
        self.assertEqual(self.get("p1")["consent"], {"email": "withdrawn", "whatsapp": "granted"})
        self.ask('consent p1 {"channel":"email","decision":"granted"}')  # he says it anew
        self.assertEqual(self.get("p1")["consent"]["email"], "granted")

    def test_r7_what_moves(self):
        self.identify("u1", day=1)
        self.identify("u2", "a2", day=2)
        self.track("a2", day=3)
        self.ask("label p1 ADD x")
        self.ask("label p2 ADD y")
        self.ask("note p2 ADD words")
        self.story.merge("p1", "p2")
        union = self.get("p1")
        self.assertEqual((union["labels"], union["retired"]), (["x", "y"], ["external_id:u2"]))
        self.assertEqual(union["identities"], ["anonymous_id:a2", "external_id:u1"])
        self.assertEqual((len(union["notes"]), self.days("p1")), (1, [3]))
        self.assertEqual(self.get("external_id:u2")["profile"], "p1")
        self.assertEqual(self.ask("label p1 REMOVE x y")["labels"], [])

    def test_r7_sessions_are_not_cut_anew(self):
        for user, minute in (("u1", "00"), ("u2", "10")):
            self.ask('track {"userId":"%s","event":"view","timestamp":"2027-01-01T10:%s:00Z"}' %
                     (user, minute))
        self.story.merge("p1", "p2")
        self.assertEqual(self.get("p1")["sessions"], 2)

    def test_r7_sessions_of_silence(self):
        for minute in ("00", "29", "59"):
            self.ask('track {"userId":"u1","event":"view","timestamp":"2027-01-01T10:%s:00Z"}' %
                     minute)
        self.assertEqual([each["events"] for each in self.ask("sessions p1")["sessions"]], [1, 2])

    def test_r8_redirect(self):
        for user in ("u1", "u2", "u3"):
            self.identify(user, day=1)
        self.story.merge("p2", "p3")
        self.story.merge("p1", "p2")
        got = self.get("p3")
        self.assertEqual((got["profile"], got["redirected_from"]), ("p1", "p3"))
        self.assertEqual(self.ask("label p3 ADD x")["profile"], "p1")

    def test_r9_at_once(self):
        self.track("a1", day=1)
        self.identify("u1", day=1)
        self.assertEqual(self.identify("u1", "a1", day=2)["profile"], "p2")
        self.assertEqual(self.get("anonymous_id:a1")["profile"], "p2")
        self.assertEqual(self.get("p1")["redirected_from"], "p1")

    def test_r10_unmerge(self):
        self.identify("u1", day=1, traits={"plan": "one"})
        self.identify("u2", day=2, traits={"plan": "two"})
        self.story.merge("p1", "p2")
        self.assertEqual(self.get("p1")["traits"]["plan"]["value"], "two")
        self.track(user="u2", day=3)  # came by what was p2's
        self.assertEqual(self.ask("unmerge p2")["from"], "p1")
        self.assertEqual(self.get("p1")["traits"]["plan"]["value"], "one")
        self.assertEqual(self.days("p2"), [3])

    def test_r10_unmerge_of_a_visitor(self):
        self.track("a1", day=1)
        self.identify("u1", day=1)
        self.identify("u1", "a1", day=2)
        self.track("a1", day=3)
        self.ask("unmerge p1")
        self.assertEqual((self.days("p1"), self.days("p2")), ([1], [3]))
        self.assertEqual(self.get("anonymous_id:a1")["profile"], "p2")

    def test_r10_split(self):
        self.story.call("identify", 1, userId="u1", identities={"email": "a@x.com"})
        self.story.call("track", 2, identities={"email": "a@x.com"}, event="open")
        pid = self.ask("split p1 email:a@x.com")["profile"]
        self.assertEqual((self.days(pid), self.days("p1")), ([2], []))

    def test_r11_caps(self):
        self.story.model.caps["merges"] = 1
        for number in range(3):
            self.story.call("identify", 1, identities={"email": f"{number}@x.com"})
        mails = [{"email": f"{number}@x.com", "phone": "+3161"} for number in range(3)]
        said = [self.story.call("identify", 2, identities=each, authenticated=True)
                for each in mails]
        self.assertEqual([len(each["warnings"]) for each in said], [0, 0, 1])
        self.assertTrue(self.get("phone:+3161")["suspect"])

    def test_r12_order(self):
        lines = ['identify {"userId":"u1","anonymousId":"a1","timestamp":"%s","messageId":"1",'
                 '"traits":{"plan":"a"}}' % (DAY % 3),
                 'track {"anonymousId":"a1","event":"view","timestamp":"%s","messageId":"2"}'
                 % (DAY % 2),
                 'identify {"userId":"u1","timestamp":"%s","messageId":"3","traits":{"plan":"b"}}'
                 % (DAY % 1)]
        pictures = []
        for order in (lines, lines[::-1]):
            model = Model(NOW)
            for line in order:
                model.ask(line)
            pictures.append(model.canonical())
        self.assertEqual(*pictures)

    def test_r12_the_clock_of_the_sender(self):
        self.ask('track {"userId":"u1","event":"view","timestamp":"2020-01-01T00:00:00Z",'
                 '"sentAt":"2020-01-06T00:00:00Z"}')
        self.assertEqual(self.days("p1"), [10])

    def test_r12_the_future_waits(self):
        self.track(user="u1", day=14)
        self.track(user="u1", day=16)
        shown = self.get("p1")
        self.assertEqual((shown["event_counts"], shown["last_seen"]), ({"view": 1}, DAY % 14))
        self.story.model.now += 5 * 86_400_000
        self.assertEqual(self.days("p1"), [14, 16])

    def test_r13_orphan(self):
        self.assertEqual(self.story.code('create {"traits":{"plan":"a"}}'), "NOIDENTITY")
        self.ask('create {"traits":{"plan":"a"},"orphan":true}')
        self.ask("attach p1 external_id:u1")
        self.assertEqual(self.get("external_id:u1")["traits"]["plan"]["value"], "a")

    def test_r14_erase(self):
        self.identify("u1", "a1", day=1)
        self.track("a1", day=2)
        self.identify("u2", day=1)
        self.story.merge("p1", "p2")
        self.assertEqual(self.ask("erase external_id:u2"), {"erased": "p1"})
        for name in ("p1", "p2", "external_id:u1", "external_id:u2", "anonymous_id:a1"):
            self.assertEqual(self.story.code(f"get {name}"), "NOPROFILE")
        self.assertEqual(sum(self.story.model.num_records().values()), 0)
        self.assertEqual(self.story.model.devices, {})
        self.assertTrue(self.identify("u1", day=1)["created"])

    def test_r15_edits_of_identities(self):
        self.story.call("identify", 1, userId="u1", identities={"email": "old@x.com"})
        self.story.call("identify", 1, userId="u2", identities={"email": "his@x.com"})
        self.ask('set p1 {"identities":{"email":"new@x.com"}}')
        self.assertEqual(self.story.code("get email:old@x.com"), "NOPROFILE")
        self.assertEqual(self.story.code('set p1 {"identities":{"email":"his@x.com"}}'), "CONFLICT")
        self.assertEqual(self.story.code("attach p1 email:his@x.com"), "CONFLICT")
        self.ask("move email:his@x.com p1")
        self.assertEqual(self.get("email:his@x.com")["profile"], "p1")

    def test_r16_contacts(self):
        self.story.call("track", 1, identities={"whatsapp": "w"}, event="message")
        self.identify("u1", day=1)
        self.ask("attach p2 whatsapp:w")
        self.assertEqual(self.days("p2"), [1])
        new = self.ask("detach whatsapp:w KEEP")
        self.assertEqual((new["from"], self.days("p2"), self.days(new["profile"])), ("p2", [1], []))
        self.ask("attach p1 whatsapp:w")
        self.assertEqual(self.get("whatsapp:w")["profile"], "p1")

    def test_r17_merge_by_hand(self):
        self.identify("u1", day=1, traits={"plan": "one"})
        self.identify("u2", day=2, traits={"plan": "two"})
        plan = self.ask('merge PREVIEW p1 p2 {"traits":{"plan":"survivor"}}')
        self.assertEqual(plan["traits"],
                         {"plan": {"survivor": "one", "loser": "two", "keeps": "survivor"}})
        self.ask("label p2 ADD x")
        self.assertEqual(self.story.code(f"merge APPLY {plan['plan']}"), "STALE")
        self.story.merge("p1", "p2", '{"traits":{"plan":"survivor"}}')
        self.assertEqual(self.get("p1")["traits"]["plan"]["value"], "one")
        self.ask("unmerge p2")
        self.assertEqual(self.get("p2")["traits"]["plan"]["value"], "two")

    def test_r17_force(self):
        for user, letter in (("u1", "a"), ("u2", "b")):
            for number in range(3):
                self.story.call("identify", 1, userId=user,
                                identities={"email": f"{letter}{number}@x.com"})
        token = self.ask("merge PREVIEW p1 p2")["plan"]
        self.assertEqual(self.story.code(f"merge APPLY {token}"), "CONFLICT")
        self.ask(f"merge APPLY {token} FORCE")
        self.assertEqual(self.identify("u1", day=2)["warnings"], [])

    def test_r17_duplicates(self):
        for user, mail in (("u1", "jo@x.com"), ("u2", "jo@y.com"), ("u3", "al@y.com")):
            self.story.call("identify", 1, userId=user, identities={"email": mail})
        self.assertEqual(self.story.model.duplicates(), [((1, 2), ["email"])])
        self.assertEqual(len(self.story.model.visible()), 3)
