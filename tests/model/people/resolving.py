# SPDX-License-Identifier: Apache-2.0
"""Identify, track and the other calls: who is meant (R1-R4), and what is kept of it."""

from calls import read_call
from facts import CLIENT, Facts, Identity
from folds import active
from names import (PERSON, STANDARD, Refused, coerced, is_blocked, is_device, kind, limit, normal,
                   rank, type_of)

MAX_IDENTITIES, MAX_MERGES = 1000, 100


class Resolving(Facts):

    def __init__(self, now):
        super().__init__(now)
        self.types, self.policies = dict(STANDARD), {}
        self.verb = None  # of the command that is run
        self.caps = {"identities": MAX_IDENTITIES, "merges": MAX_MERGES}

    # What is known of a profile

    def identified(self, pid):
        return any(kind(identity) == PERSON for identity in self.identities_of(pid))

    def created_at(self, pid):
        """The earliest time at which it was seen, or was made by hand; when nothing says so (yet, or
        any more), the time of the call that made it."""
        seen = self.seen_times(pid)
        return min(seen or [self.profiles[home].made for home in self.homes_of(pid)])

    def seen_times(self, pid):
        times = [fact.time for fact in self.facts_of(pid, "event", "seen") if fact.time <= self.now]
        return times + [profile.made for home, profile in self.profiles.items()
                        if profile.by_hand and self.resolve(home) == pid]

    def by_age(self, pid):
        """R4: the order of who survives."""
        return not self.identified(pid), self.created_at(pid), pid

    def merged_into(self, pid):
        """The profiles that are merged into one, but for those that its devices brought."""
        return sorted(home for home in self.redirect
                      if home not in self.claimed and self.resolve(home) == pid)

    # Traits

    def checked(self, traits):
        """Values in the types of their traits; a new name gets the type of its first value, when
        the command goes in."""
        traits = dict(traits)
        traits.pop("id", None)
        return {name: value if value is None else
                coerced(name, self.types.get(name) or type_of(value), value)
                for name, value in traits.items()}

    def write_traits(self, traits, time, late, home, origin):
        for name, value in traits.items():
            if value is None and name not in self.types:
                continue  # nobody knows of what type a clear would be
            if value in ("", []) and self.policies.get(name) == "nonempty":
                continue  # it says nothing
            if isinstance(value, list) and self.policies.get(name) == "union":
                value = sorted(set(value))  # what it keeps is a set
            if value is not None:
                self.types.setdefault(name, type_of(value))
            self.add("trait", time, late, home, origin, name=name, value=value)

    # Calls

    def call(self, json, kind=None, sent_at=None):
        return self.take(read_call(json, kind, self.now, sent_at))

    def take(self, call):
        traits = self.checked(call.traits)
        persons = sorted((each for each in call.identities if not is_device(each)), key=rank)
        devices = sorted((each for each in call.identities if is_device(each)), key=rank)
        repeat = self.repeat(call, persons, devices)
        if repeat is not None:
            return self.answer(call, repeat, False, True)
        if persons:
            home, origin, created = self.by_person(call, persons, devices)
        else:
            origin = devices[0]
            home, created = self.gap_profile(origin, call.time, call.source)
        kept = home if persons else None  # the home of what is kept
        self.keep(call, kept, origin)
        self.write_traits(traits, call.time, self.late(call), kept, origin)
        if call.kind == "alias":
            self.alias(call, home, origin)
        return self.answer(call, home, created, False)

    def answer(self, call, home, created, duplicate):
        warnings = call.warnings + (["trait left out: id"] if "id" in call.traits else [])
        return {"profile": f"p{self.resolve(home)}", "created": created, "duplicate": duplicate,
                "warnings": warnings}

    def late(self, call):
        return CLIENT if call.own_time else self.num_facts + 1

    def repeat(self, call, persons, devices):
        """The home of a profile that has this message id already and to which an identity of the call
        leads, or nothing."""
        seen = call.message_id and self.by_event.get((self.event_name(call), call.message_id))
        if not seen:
            return None
        owners = {self.owner_of(fact) for fact in seen}
        for each in persons + devices:
            home = self.device_home(each, call.time) if is_device(each) else (
                self.identities[each].home if each in self.identities else None)
            if home is not None and self.resolve(home) in owners:
                return home
        return None

    @staticmethod
    def event_name(call):
        return call.event or f"${call.kind}"

    def tie(self, call=None):
        return f"m:{call.message_id}" if call and call.message_id else f"#{self.num_facts:09d}"

    def keep(self, call, home, origin):
        """The event, or that somebody was there; and the session."""
        session = call.session and call.session["id"]
        seen = "event" if call.event else "seen"
        number = self.num_facts + 1
        fact = self.add(seen, call.time, self.late(call), home, origin, type=call.event,
                        properties=call.properties, session=session, important=call.important,
                        channel=call.channel,
                        id=f"m:{call.message_id}" if call.message_id else f"#{number:09d}")
        if call.message_id:
            self.by_event.setdefault((self.event_name(call), call.message_id), []).append(fact)
        if session:
            fields = {name: value for name, value in call.session.items()
                      if name not in ("id", "properties") and value is not None}
            fields |= {f"properties.{name}": value
                       for name, value in call.session["properties"].items() if value is not None}
            self.add("session", call.time, self.late(call), home, origin, id=session,
                     fields=fields)

    # Persons and contacts

    def by_person(self, call, persons, devices):
        """The home of a call that names somebody, the identity it came by, and whether he is new.
        What the guard forbids is left out of `persons`, lowest rank first (R2)."""
        forbidden = []
        while reason := self.guard(persons, call.authenticated):
            other = (self.found(persons) or [None])[-1]
            dropped = persons.pop()
            forbidden.append((dropped, reason, other))
            call.warnings.append(f"identity left out: {dropped[0]}")
        found = self.found(persons)
        created, binds = False, call.kind in ("identify", "alias")
        if not found:
            home = self.visitor(devices + self.previous(call), call.time) if binds else None
            created = home is None
            home = self.new_profile(call.source, time=call.time) if created else home
        else:
            known = next(each for each in persons if each in self.identities)
            home = self.identities[known].home
            self.join(sorted(found, key=self.by_age) if len(found) > 1 else found)
        for identity in persons:
            self.name(identity, home, call.time)
        if binds:
            for device in devices:
                self.mark(device, call.time, self.tie(call), home)
        for dropped, reason, other in forbidden:
            same = other is not None and self.resolve(other) == self.resolve(home)
            other = None if same else other
            self.conflict(call.time, home, persons[0], other, dropped[0], reason)
        return home, persons[0], created

    def previous(self, call):
        """The device that an alias is about."""
        device = ("anonymous_id", normal("anonymous_id", call.previous or ""))
        return [device] if call.kind == "alias" and device in self.devices else []

    def found(self, identities):
        found = []
        for each in identities:
            known = self.identities.get(each)
            pid = known and self.resolve(known.home)
            if pid and pid not in found:
                found.append(pid)
        return found

    def guard(self, persons, authenticated):
        """Why these may not be one profile, or nothing (R2, R11)."""
        found = self.found(persons)
        all_of = [each for pid in found for each in active(self.identities_of(pid))]
        people = [pid for pid in found if self.identified(pid)]
        if len(people) > 1:
            linked = [self.resolve(self.identities[each].home) for each in persons
                      if kind(each) == PERSON and each in self.identities]
            if not (authenticated and all(pid in linked for pid in people)):
                return "two people"
        for new in set(persons) - set(self.identities):
            if self.over(set(all_of) | set(persons), new[0]):
                return "limit"
        if len(found) > 1:
            if any(self.over(set(all_of), each[0]) for each in all_of):
                return "limit"
            if self.at_cap(found, all_of):
                return "cap"
        return None

    @staticmethod
    def over(identities, namespace):
        return sum(each[0] == namespace for each in identities) > limit(namespace)

    def at_cap(self, pids, identities):
        merges = sum(len(self.merged_into(pid)) + 1 for pid in pids) - 1
        full = merges > self.caps["merges"] or len(set(identities)) > self.caps["identities"]
        for pid in pids if full else ():
            self.profiles[pid].suspect = True
        return full

    def visitor(self, devices, time):
        """The anonymous profile that becomes this person: that of the gap in which he identifies
        on his device. The others that he has are claimed by the marks to come."""
        waiting = []
        for identity in devices:
            device = self.devices.get(identity)
            profile, start = device.place(time) if device else (0, None)
            if profile is None and start in device.gaps:
                waiting.append((self.by_age(device.gaps[start]), device, start))
        if not waiting:
            return None
        _, device, start = min(waiting, key=lambda each: each[0])
        pid = device.gaps.pop(start)
        del self.gap_of[pid]
        return pid

    def conflict(self, time, home, origin, other, namespace, reason):
        self.add("conflict", time, 0, home, origin, other=other, namespace=namespace, reason=reason)

    def join(self, found):
        survivor, *losers = found
        for loser in losers:
            self.unite(survivor, loser)

    def name(self, identity, home, time):
        """Says an identity of a profile, at a time."""
        known = self.identities.get(identity)
        if known is None:
            self.identities[identity] = Identity(home, self.num_facts, time)
        else:
            known.said = min(known.said, time)

    def alias(self, call, home, origin):
        """What was known as `previousId` is this person's (R7: an external id stays, retired)."""
        value = normal("anonymous_id", call.previous)
        device, person = ("anonymous_id", value), ("external_id", value)
        known = self.identities.get(person)
        if is_blocked(value):
            call.warnings.append("blocked value is no identity: previousId")
        elif device in self.devices or known is None:
            self.mark(device, call.time, self.tie(call), home)
        elif self.resolve(known.home) != self.resolve(home):
            survivor, loser = self.resolve(home), self.resolve(known.home)
            # Two people always, for both have an external id.
            reason = None if call.authenticated else "two people"
            reason = reason or self.hand_guard(survivor, loser)
            if reason:
                call.warnings.append("identity left out: external_id")
                self.conflict(call.time, home, origin, known.home, "external_id", reason)
            else:
                self.join([survivor, loser])

    def hand_guard(self, survivor, loser):
        """Why a merge by hand is a conflict: two external ids are none, for one is retired."""
        both = [each for pid in (survivor, loser) for each in active(self.identities_of(pid))]
        if any(limit(each[0]) > 1 and self.over(set(both), each[0]) for each in both):
            return "limit"
        return "cap" if self.at_cap([survivor, loser], both) else None

    # Profiles as commands name them

    def named(self, text):
        """(the profile, the home that it was named by, the identity if by one)."""
        namespace, colon, value = text.partition(":")
        if not colon:
            if not (text[:1] in "pP" and text[1:].isdigit()):
                raise Refused("*", "a profile is named by p and its number or namespace:value")
            home, identity = int(text[1:]), None
            if home not in self.profiles:
                raise Refused("NOPROFILE")
        else:
            identity = namespace, normal(namespace, value)
            home = self.identity_home(identity)
            if home is None:
                raise Refused("NOPROFILE")
        return self.resolve(home), home, identity

    def all_identities(self, pid):
        return self.identities_of(pid) + self.devices_of(pid)

