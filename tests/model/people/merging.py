# SPDX-License-Identifier: Apache-2.0
"""Merges by hand and their undoing (R8, R10, R17). A merge moves nothing: a redirect says where
what came under a profile is now, so that taking the redirect away restores both sides."""

import hashlib

from by_hand import ByHand
from facts import EVER
from folds import sessions
from names import NAMESPACES, Refused, time_text


class Merging(ByHand):

    def __init__(self, now):
        super().__init__(now)
        self.plans = {}

    def preview(self, survivor, loser, json):
        survivor, loser = self.named(survivor)[0], self.named(loser)[0]
        if survivor == loser:
            raise Refused("*", "a profile is not merged into itself")
        chosen = json.get("traits", {})
        if any(side not in ("survivor", "loser") for side in chosen.values()):
            raise Refused("*")
        if any(name not in self.types for name in chosen):
            raise Refused("NOTRAIT")
        versions = [self.version(pid) for pid in (survivor, loser)]
        plan = survivor, loser, versions, chosen
        token = f"t{hashlib.blake2b(repr(plan).encode(), digest_size=8).hexdigest()}"
        self.plans[token] = plan
        reason = self.hand_guard(survivor, loser)
        return {"plan": token, "survivor": f"p{survivor}", "loser": f"p{loser}",
                "versions": versions, "traits": self.differing(survivor, loser, chosen),
                "moves": self.moves(loser), "conflicts": [reason] if reason else []}

    def differing(self, survivor, loser, chosen):
        """The traits of which both have a value, and not the same."""
        ours, theirs = self.values(survivor), self.values(loser)
        together = self.values(survivor, loser)
        shown = {}
        for name in sorted(set(ours) & set(theirs)):
            if ours[name] != theirs[name]:
                keeps = "survivor" if together[name] == ours[name] else "loser"
                shown[name] = {"survivor": ours[name], "loser": theirs[name],
                               "keeps": chosen.get(name, keeps)}
        return shown

    def values(self, *pids):
        """The values of the traits of profiles, as if they were one."""
        return {name: value for name, (value, _) in self.folded_traits(*pids).items()
                if value is not None}

    def moves(self, pid):
        events = self.facts_of(pid, "event")
        told = self.facts_of(pid, "session")
        return {"identities": len(self.all_identities(pid)), "events": len(events),
                "sessions": len(list(sessions(events, told, self.now))),
                "labels": len(self.labels(pid)), "notes": len(self.facts_of(pid, "note"))}

    def apply(self, token, force=False):
        if token not in self.plans:
            raise Refused("*", "no such plan")
        survivor, loser, versions, chosen = self.plans[token]
        now = [self.version(pid) if self.exists(pid) else None
               for pid in (survivor, loser)]
        if now != versions:
            raise Refused("STALE")
        if not force and self.hand_guard(survivor, loser):
            raise Refused("CONFLICT")
        del self.plans[token]
        self.merge(survivor, loser, chosen)
        return self.edit(survivor)

    def merge(self, survivor, loser, chosen):
        values = {"survivor": self.values(survivor), "loser": self.values(loser)}
        self.hold(survivor)
        self.hold(loser)
        self.unite(survivor, loser)
        for name, side in chosen.items():
            self.add("trait", self.now, self.num_facts + 1, survivor, None, name=name,
                     value=values[side].get(name), chosen=True, merge=loser)

    def unmerge(self, profile, expect=None):
        if not (profile[:1] in "pP" and profile[1:].isdigit()):
            raise Refused("*")
        pid = int(profile[1:])
        if pid not in self.profiles:
            raise Refused("NOPROFILE")
        owner = self.resolve(pid)
        if owner == pid:
            raise Refused("*", "not merged")
        self.expect(owner, expect)
        del self.redirect[pid]
        self.kinds["trait"] = [fact for fact in self.kinds["trait"]
                               if fact.data.get("merge") != pid]
        if pid in self.claimed:  # an anonymous visitor whom an identify claimed: that was not he
            identity, start = self.claimed.pop(pid)
            time, tie = (EVER, "") if start is None else start[:2]
            self.mark(identity, time, tie, pid, 1)
        self.trace(owner)
        return self.edit(pid, **{"from": f"p{owner}"})

    def list_conflicts(self, pid=None):
        return [{"time": time_text(fact.time), "profile": f"p{self.resolve(fact.home)}",
                 "other": (other := fact.data["other"]) and f"p{self.resolve(other)}",
                 "identity": fact.data["namespace"], "reason": fact.data["reason"]}
                for fact in reversed(self.kinds["conflict"])
                if pid in (None, self.resolve(fact.home)) and not self.is_settled(fact)]

    def is_settled(self, conflict):
        other = conflict.data["other"]
        return other is not None and self.resolve(other) == self.resolve(conflict.home)

    # Pairs that may be one

    def duplicates(self, pid=None):
        """[(two profiles, the reasons)]: same local part of an email, same digits of a phone, same
        name and birthday."""
        clues = {}
        for each in self.visible():
            values = self.values(each)
            for namespace, value in self.identities_of(each):
                if NAMESPACES[namespace][0] in (2, 3):
                    local = value.partition("@")[0] if namespace == "email" else value.lstrip("+")
                    clues.setdefault((namespace, local), set()).add(each)
            if values.get("name") and values.get("birthday"):
                same = values["name"].casefold(), values["birthday"]
                clues.setdefault(("name and birthday", same), set()).add(each)
        pairs = {}
        for (reason, _), pids in clues.items():
            for first in pids:
                for second in pids:
                    if first < second and pid in (None, first, second):
                        pairs.setdefault((first, second), set()).add(reason)
        return sorted((pair, sorted(reasons)) for pair, reasons in pairs.items())
