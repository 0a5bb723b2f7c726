# SPDX-License-Identifier: Apache-2.0
"""What is read: GET, TIMELINE, SESSIONS, HISTORY of a profile, and the picture of it all."""

import hashlib
import json

from folds import active, consent, moment, sessions, trait_value
from merging import Merging
from names import DAY, is_receipt, order_key, rank, text_of, time_text

DISPLAY = ("name", "email", "phone")


class Picture(Merging):

    def __init__(self, now):
        super().__init__(now)
        self.retention = {}  # event type: milliseconds

    # Folds

    def folded_traits(self, *pids):
        """{name: (value, the fact that has it)} of profiles taken together."""
        writes = {}
        for fact in [fact for pid in pids for fact in self.facts_of(pid, "trait")]:
            writes.setdefault(fact.data["name"], []).append(fact)
        folded = {name: trait_value(self.policies.get(name, "latest"), facts)
                  for name, facts in writes.items()}
        for namespace in ("email", "phone"):  # an identity is the trait when nothing was said of it
            said = [(known.said, identity[1]) for identity, known in self.identities.items()
                    if identity[0] == namespace and self.resolve(known.home) in pids]
            if said and namespace not in writes:
                folded[namespace] = max(said, key=lambda each: (-each[0], each[1]))[1], None
        return folded

    def events_of(self, pid):
        """The events that have come, and are not too old to be kept."""
        return [fact for fact in self.facts_of(pid, "event") if fact.time <= self.now and
                fact.time > self.now - self.retention.get(fact.data["type"], 10**6 * DAY)]

    def seen_of(self, pid):
        return [fact for fact in self.facts_of(pid, "seen") if fact.time <= self.now]

    def version(self, pid):
        """Changes when something that is shown of traits or identities does, or when there was a
        merge or an edit by hand; never comes back to what it was (C9)."""
        homes = self.homes_of(pid)
        traits = sorted((name, json.dumps(value), moment(fact)) for name, (value, fact)
                        in self.folded_traits(pid).items() if fact is not None)
        persons = self.identities_of(pid)
        kept = active(persons)
        said = (traits, sorted((each, each in kept) for each in persons),
                sorted(each for each, home, _, _ in self.retired if home in homes), sorted(homes),
                [edit for edit in self.edits if edit[0] in homes])
        return hashlib.blake2b(repr(said).encode(), digest_size=8).hexdigest()

    # Sections

    def get(self, pid):
        events = self.events_of(pid)
        times = [fact.time for fact in events + self.seen_of(pid)]
        traits = {name: {"value": value, "time": fact and time_text(fact.time),
                         "origin": fact and text_of(fact.origin)}
                  for name, (value, fact) in self.folded_traits(pid).items() if value is not None}
        persons = self.identities_of(pid)
        kept = active(persons)
        profile = self.profiles[pid]
        channels, addresses = consent(self.facts_of(pid, "consent"))
        identified = self.identified_times(pid, persons)
        counts = {}
        for event in events:
            counts[event.data["type"]] = counts.get(event.data["type"], 0) + 1
        return {
            "version": self.version(pid), "display_name": self.display_name(traits, kept),
            "status": profile.status, "identified": bool(identified),
            "identified_at": time_text(min(identified, default=None)),
            "created_via": profile.via, "created_at": time_text(self.created_at(pid)),
            "first_seen": time_text(min(times, default=None)),
            "last_seen": time_text(max(times, default=None)),
            "identities": sorted(text_of(each) for each in kept + self.devices_of(pid)),
            "retired": sorted(text_of(each) for each in persons if each not in kept),
            "traits": traits, "labels": self.labels(pid),
            "consent": channels, "consent_by_address": addresses,
            "channels": self.channels(events + self.seen_of(pid)), "devices": self.ever_by(pid),
            "sessions": len(self.sessions_of(pid)),
            "campaigns": sorted({event.data["properties"]["campaign"] for event in events
                                 if "campaign" in event.data["properties"]}),
            "notes": sorted([fact.data["text"], f"n{fact.number}"]
                            for fact in self.facts_of(pid, "note")),
            "merged": self.merged_into(pid), "suspect": profile.suspect, "event_counts": counts}

    def identified_times(self, pid, persons):
        """When identities of kind person were said, as far as it is still known: by what came by
        them; of addresses also beside stronger ones; else when somebody was busy by hand (other
        than with an UNMERGE, which names nobody anew)."""
        persons = {each for each in persons if rank(each) <= 3}
        if not persons:
            return []
        times = [fact.time for fact in self.events_of(pid) + self.facts_of(pid, "seen")
                 if fact.origin in persons and fact.by is self.identities[fact.origin]]
        times += [self.identities[each].said for each in persons if each[0] != "external_id"]
        homes = self.homes_of(pid)
        return times or [min((time for home, time, verb in self.edits
                              if home in homes and verb != "unmerge"),
                             default=self.created_at(pid))]

    @staticmethod
    def display_name(traits, identities):
        for name in DISPLAY:
            if traits.get(name, {}).get("value"):
                return traits[name]["value"]
        return next((value for namespace, value in identities if namespace == "external_id"), None)

    @staticmethod
    def channels(facts):
        return sorted({fact.data["channel"] for fact in facts if fact.data["channel"]})

    def ever_by(self, pid):
        """The devices by which something of a profile came, or on which it identified."""
        devices = {fact.origin for fact in self.facts_of(pid, "event", "seen") if fact.home is None}
        devices |= {identity for identity, device in self.devices.items() for mark in device.marks
                    if mark.profile is not None and self.resolve(mark.profile) == pid}
        return sorted(text_of(identity) for identity in devices | set(self.devices_of(pid)))

    def timeline(self, pid):
        """Newest first."""
        return [{"id": event.data["id"], "type": event.data["type"], "time": time_text(event.time),
                 "properties": event.data["properties"], "session": event.data["session"],
                 "origin": text_of(event.origin), "important": event.data["important"]}
                for event in sorted(self.events_of(pid), reverse=True,
                                    key=lambda event: (event.time, event.data["id"]))]

    def sessions_of(self, pid):
        shown = list(sessions(self.events_of(pid), self.facts_of(pid, "session"), self.now))
        for session in shown:
            session["start"] = time_text(session["start"])
            session["end"] = time_text(session["end"])
        return sorted(shown, key=lambda session: (session["end"] or "", session["id"] or "",
                                                  session["members"]), reverse=True)

    def history(self, pid, trait=None, until=None):
        writes = [fact for fact in self.facts_of(pid, "trait")
                  if trait in (None, fact.data["name"])]
        writes.sort(key=lambda fact: (moment(fact), fact.data["name"],
                                      order_key(fact.data["value"])), reverse=True)
        # What is said again with all that it was said with is one.
        distinct = {(fact.time, fact.data["name"], json.dumps(fact.data["value"]), fact.origin,
                     fact.home if fact.origin is None else None): fact for fact in writes}
        writes = list(distinct.values())
        return [{"trait": fact.data["name"], "value": fact.data["value"],
                 "time": time_text(fact.time), "origin": text_of(fact.origin),
                 "profile": f"p{self.home_of(fact)}"} for fact in writes
                if until is None or fact.time <= until]

    # All

    def profile(self, pid):
        return {"get": self.get(pid), "timeline": self.timeline(pid),
                "sessions": self.sessions_of(pid), "history": self.history(pid)}

    def picture(self):
        """Every profile by its id."""
        self.sort_out()
        shown = {f"p{pid}": self.profile(pid) for pid in self.visible()}
        self.sorted_out = None
        return shown

    def canonical(self):
        """The picture without what depends on arrival: ids, versions, how it was created, and
        times of receipt. Profiles are told apart by what they are, so it names none."""
        profiles = [plain(shown) for shown in self.picture().values()]
        return sorted(json.dumps(each, sort_keys=True, ensure_ascii=False) for each in profiles)

    def num_records(self):
        """How many facts there are of each kind, for what may not lose or make one."""
        return {kind: len(facts) for kind, facts in self.kinds.items()}


LEFT_OUT = ("version", "created_via", "merged", "id", "profile", "members")


def plain(value):
    """A value of a picture as it stands in the canonical form: lists of entries as sets."""
    if isinstance(value, dict):
        kept = {key: plain(part) for key, part in value.items()
                if key not in LEFT_OUT or (key == "id" and not made_id(part))}
        if "notes" in kept:
            kept["notes"] = [text for text, _ in value["notes"]]
        return kept
    if isinstance(value, list):
        parts = [plain(part) for part in value]
        if parts and isinstance(parts[0], dict):
            parts.sort(key=lambda part: json.dumps(part, sort_keys=True))
        return parts
    return "received" if is_receipt(value) else value


def made_id(value):
    """Whether an event's id was made by arrival, not by the client."""
    return not isinstance(value, str) or value.startswith("#")
