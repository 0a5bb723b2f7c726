# SPDX-License-Identifier: Apache-2.0
"""Commands on one profile: create, set, identities (R15, R16), labels, consent, notes, erase."""

from calls import identities_of, time_of
from facts import CLIENT, LAST, SENT, Device
from folds import active
from names import (CONTACT, NAMESPACES, Refused, flat, is_blocked, is_device, kind, limit,
                   normal, rank)
from resolving import Resolving

DECISIONS = ("granted", "withdrawn", "unknown")


def read_identity(text):
    namespace, colon, value = text.partition(":")
    if not colon:
        raise Refused("*", "no namespace:value")
    return namespace, normal(namespace, value)


class ByHand(Resolving):
    """Each method is a command; its arguments are words as they stand, or JSON read."""

    def edit(self, home, **more):
        """The reply of a write to one profile."""
        self.trace(home)
        pid = self.resolve(home)
        return {"profile": f"p{pid}", "version": self.version(pid)} | more

    def trace(self, home):
        self.edits.append((home, self.now, self.verb))

    def meant(self, text):
        """As `named`; what is done by hand to who has a device did not come by the device."""
        pid, home, identity = self.named(text)
        return pid, home, None if identity is None or is_device(identity) else identity

    def unchanged(self, pid):
        return {"profile": f"p{pid}", "version": self.version(pid)}

    def expect(self, pid, version):
        if version is not None and self.version(pid) != version:
            raise Refused("STALE")

    # Profiles

    def create(self, json):
        identities, _ = identities_of({"identities": json.get("identities", {})})
        traits = self.checked(flat(json.get("traits", {})))
        if not identities and not json.get("orphan"):
            raise Refused("NOIDENTITY")
        for identity in identities:
            if self.identity_home(identity) is not None:
                raise Refused("EXISTS")
        persons = [each for each in identities if not is_device(each)]
        devices = sorted((each for each in identities if is_device(each)), key=rank)
        if any(self.over(set(persons), each[0]) for each in persons):
            raise Refused("LIMIT")
        pid = self.new_profile(json.get("source", "manual"), True)
        for identity in persons:
            self.name(identity, pid, self.now)
        for identity in devices if persons else ():
            self.mark(identity, self.now, self.tie(), pid)
        if not persons and devices:  # an anonymous visitor, whom the next identify claims
            device = self.devices.setdefault(devices[0], Device())
            self.gap_of[pid] = devices[0], device.place(LAST)[1]
            device.gaps[self.gap_of[pid][1]] = pid
        self.write_traits(traits, self.now, self.num_facts + 1, pid, None)
        return self.edit(pid)

    def set(self, profile, json, expect=None):
        pid, home, origin = self.meant(profile)
        self.expect(pid, expect)
        traits = self.checked(flat(json.get("traits", {})))
        changes = self.read_changes(pid, json.get("identities", {}))
        for namespace, identity in changes:
            self.replace(pid, home, namespace, identity)
            if namespace in ("email", "phone"):  # T7
                traits.setdefault(namespace, identity and identity[1])
        self.write_traits(traits, self.now, self.num_facts + 1, pid if origin is None else home,
                          origin)
        return self.edit(home)

    def read_changes(self, pid, identities):
        """[(namespace, the new identity or None)], all of which can be done."""
        changes = []
        for namespace, value in identities.items():
            if namespace not in NAMESPACES:
                raise Refused("NOTRAIT")
            mine = [each for each in self.identities_of(pid) if each[0] == namespace]
            if is_device((namespace, "")):
                raise Refused("*", "a device is attached, detached or moved")
            identity = None
            if value is not None:
                identity = namespace, normal(namespace, value)
                if is_blocked(identity[1]):
                    raise Refused("NOIDENTITY")
                home = self.identity_home(identity)
                if home is not None and self.resolve(home) != pid:
                    raise Refused("CONFLICT")
            if namespace == "external_id" and mine and identity not in mine:
                raise Refused("CONFLICT", "external_id is immutable")
            changes.append((namespace, identity))
        return changes

    def replace(self, pid, home, namespace, identity):
        for old in [each for each in self.identities_of(pid) if each[0] == namespace]:
            if old != identity and not (limit(namespace) == 1):
                known = self.identities.pop(old)
                self.retired.append((old, known.home, self.now, known))
        if identity is not None:
            self.hold(pid)
            self.name(identity, home, self.now)

    def unset(self, profile, names, expect=None):
        pid, home, origin = self.meant(profile)
        self.expect(pid, expect)
        unknown = [name for name in names if name not in self.types]
        if unknown or not names:
            raise Refused("NOTRAIT" if unknown else "*")
        self.write_traits(dict.fromkeys(names), self.now, self.num_facts + 1,
                          pid if origin is None else home, origin)
        return self.edit(home)

    def status(self, profile, status, expect=None):
        pid, home, _ = self.named(profile)
        self.expect(pid, expect)
        self.profiles[pid].status = status
        return self.edit(home)

    # Identities

    def room(self, pid, identity):
        mine = active(self.identities_of(pid))
        if not is_device(identity) and self.over({*mine, identity}, identity[0]):
            raise Refused("LIMIT")

    def attach(self, profile, identity, keep=False, expect=None):
        pid, home, _ = self.named(profile)
        identity = read_identity(identity)
        if is_blocked(identity[1]):
            raise Refused("NOIDENTITY")
        self.expect(pid, expect)
        before = self.identity_home(identity)
        other = before and self.resolve(before)
        if other == pid:
            return self.unchanged(pid)
        if other and kind(identity) != CONTACT:
            raise Refused("CONFLICT")
        self.room(pid, identity)
        self.hold(pid)
        if is_device(identity):
            self.mark(identity, self.now, self.tie(), home)
        elif other:
            self.hand_over(identity, other, home, not keep)
            self.trace(other)
        else:
            self.name(identity, home, self.now)
        return self.edit(home)

    def hand_over(self, identity, owner, home, with_facts):
        """Gives an identity of a profile to another, with what came by it or without."""
        if is_device(identity):
            self.hold(owner)
            if with_facts:
                for mark in self.devices[identity].marks:
                    if mark.profile is not None and self.resolve(mark.profile) == owner:
                        mark.profile = home
            else:
                self.mark(identity, self.now, self.tie(), home)
        else:
            known = self.identities[identity]
            known.home, known.number = home, self.num_facts
        if with_facts:
            moved = [fact for facts in self.kinds.values() for fact in facts
                     if fact.origin == identity and fact.home is not None and
                     fact.by is self.identities.get(identity) and
                     self.resolve(fact.home) == owner]
            if owner != self.resolve(home):
                told = [fact for fact in moved if fact.kind in SENT]
                self.drop_doubles(self.resolve(home), told)
            for fact in moved:
                fact.home = home

    def owned(self, identity, pid=None):
        """The profile that has an identity."""
        home = self.identity_home(identity)
        if home is None or pid not in (None, self.resolve(home)):
            raise Refused("*", "nobody has this identity, or somebody else")
        return self.resolve(home)

    def detach(self, identity, keep=False, expect=None):
        identity = read_identity(identity)
        owner = self.owned(identity)
        self.expect(owner, expect)
        pid = self.new_profile("split", True)
        self.hand_over(identity, owner, pid, not keep)
        self.trace(owner)
        return self.edit(pid, **{"from": f"p{owner}"})

    def split(self, profile, identities, expect=None):
        owner, _, _ = self.named(profile)
        self.expect(owner, expect)
        identities = [read_identity(each) for each in identities]
        if not identities:
            raise Refused("*")
        for identity in identities:
            self.owned(identity, owner)
        persons = {each for each in identities if not is_device(each)}
        if any(self.over(persons, each[0]) for each in persons):
            raise Refused("LIMIT")
        pid = self.new_profile("split", True)
        for identity in dict.fromkeys(identities):
            self.hand_over(identity, owner, pid, True)
        self.trace(owner)
        return self.edit(pid)

    def move(self, identity, profile, expect=None):
        identity = read_identity(identity)
        owner = self.owned(identity)
        pid, home, _ = self.named(profile)
        self.expect(pid, expect)
        if owner == pid:
            return self.unchanged(pid)
        self.room(pid, identity)
        self.hold(pid)
        self.hand_over(identity, owner, home, False)
        self.trace(owner)
        return self.edit(home)

    def logout(self, json):
        identities, _ = identities_of(json)
        devices = [each for each in identities if is_device(each)]
        time, _ = time_of(json, self.now)
        if not devices:
            raise Refused("NOIDENTITY")
        owner = None
        for identity in devices:
            if identity not in self.devices:
                continue  # nobody has come by it: there is nothing that a logout could end
            home = self.device_home(identity, time)
            owner = owner or home and self.resolve(home)
            self.num_facts += 1
            self.mark(identity, time, self.tie(), None)
        return {"profile": f"p{owner}" if owner else None}

    # Labels, consent, notes. What takes back is written for every home that has it.

    def label(self, profile, action, labels, expect=None):
        labels = [label.strip() for label in labels]
        if action not in ("ADD", "REMOVE") or not labels or "" in labels:
            raise Refused("*")
        pid, home, _ = self.named(profile)
        self.expect(pid, expect)
        if action == "ADD":
            self.profiles[home].labels |= set(labels)
        else:
            for each in self.homes_of(pid):
                self.profiles[each].labels -= set(labels)
        return self.edit(home, labels=self.labels(pid))

    def labels(self, pid):
        return sorted(set().union(*(self.profiles[home].labels for home in self.homes_of(pid))))

    def consent(self, profile, json, expect=None):
        if json.get("decision") not in DECISIONS or not isinstance(json.get("channel"), str):
            raise Refused("*")
        pid, home, origin = self.meant(profile)
        self.expect(pid, expect)
        time, own_time = time_of(json, self.now)
        late = CLIENT if own_time else self.num_facts + 1
        said = {name: json.get(name)
                for name in ("channel", "decision", "address", "policy", "version", "source")}
        homes = {home}
        if not said["address"]:
            homes |= {fact.home for fact in self.facts_of(pid, "consent")
                      if fact.data["channel"] == said["channel"] and not fact.data["address"]}
        for each in homes:  # only what was said of the home itself goes where the identity goes
            self.add("consent", time, late, each, origin if each == home else None, **said)
        return self.edit(home)

    def note(self, profile, action, text, expect=None):
        pid, home, origin = self.meant(profile)
        self.expect(pid, expect)
        if action == "ADD":
            if not text:
                raise Refused("*")
            note = self.add("note", self.now, self.num_facts + 1, home, origin, text=text).number
            return self.edit(home, note=f"n{note}")
        mine = [fact for fact in self.facts_of(pid, "note") if f"n{fact.number}" == text]
        if action != "REMOVE" or not mine:
            raise Refused("*", "no such note")
        self.kinds["note"].remove(mine[0])
        return self.edit(home, note=text)

    # Erasing

    def erase(self, profile):
        """All that resolves to a profile. Its marks on devices stay as logouts, so that nobody
        gets what he did not have; a device of which nothing else is left goes too."""
        pid, _, _ = self.named(profile)
        homes = self.homes_of(pid)
        gone = {id(fact) for fact in self.facts_of(pid, *self.kinds)}
        for kind_of, facts in self.kinds.items():
            self.kinds[kind_of] = [fact for fact in facts if id(fact) not in gone]
        self.by_event = {key: left for key, facts in self.by_event.items()
                         if (left := [fact for fact in facts if id(fact) not in gone])}
        gone = [known for known in self.identities.values() if known.home in homes]
        gone += [known for _, home, _, known in self.retired if home in homes]
        self.identities = {each: known for each, known in self.identities.items()
                           if known.home not in homes}
        for fact in [fact for facts in self.kinds.values() for fact in facts]:
            if any(fact.by is known for known in gone):
                fact.origin = None  # what stays of others says no more by what it came
        self.retired = [each for each in self.retired if each[1] not in homes]
        self.edits = [each for each in self.edits if each[0] not in homes]
        for fact in self.kinds["conflict"]:
            fact.data["other"] = None if fact.data["other"] in homes else fact.data["other"]
        for device in self.devices.values():
            for mark in device.marks:
                if mark.profile in homes:
                    mark.profile = None
            device.gaps = {start: gap for start, gap in device.gaps.items() if gap not in homes}
        for home in homes:
            del self.profiles[home]
            self.redirect.pop(home, None)
            self.gap_of.pop(home, None)
        self.forget_devices()
        return {"erased": f"p{pid}"}

    def forget_devices(self):
        used = {fact.origin for facts in self.kinds.values() for fact in facts}
        for identity in list(self.devices):
            device = self.devices[identity]
            if identity not in used and not device.gaps and all(
                    mark.profile is None for mark in device.marks):
                del self.devices[identity]

