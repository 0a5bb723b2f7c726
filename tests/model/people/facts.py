# SPDX-License-Identifier: Apache-2.0
"""What is kept: facts with the profile under which they came (`home`), redirects, marks of devices.
Who has a fact now is computed when it is asked: one that only a device vouches for belongs to the
device's owner at its time (R3), any other to its home; then redirects are followed."""

from bisect import bisect_right, insort
from dataclasses import dataclass, field
from operator import attrgetter

from names import is_device, rank

EVER, LAST = float("-inf"), float("inf")
CLIENT = 0  # Fact.late of a time that a client gave; without one it is the number of arrival


@dataclass(slots=True)
class Fact:
    """`late` orders what was written without a time of its own behind all before it."""
    kind: str  # trait event seen session consent note conflict
    time: int
    late: int
    home: int | None  # none: the owner of the device `origin` at `time`
    origin: tuple | None
    number: int  # of arrival
    data: dict
    by: object  # the identity of that name then: another one may have the name later
    rank: int = 0  # of the origin, also when that is gone; 0: by hand


@dataclass(slots=True)
class Mark:
    """An identify on a device, or (profile None) a logout. Ties are broken by the message id."""
    key: tuple  # (time, message id, 1 when it holds a whole gap for somebody)
    profile: int | None
    starts_gap = property(lambda self: self.profile is None)


@dataclass(slots=True)
class Device:
    """`gaps`: the profile of each gap that had a profile of its own, by the logout it begins with
    (its key; none for the gap before all marks)."""
    marks: list = field(default_factory=list)
    gaps: dict = field(default_factory=dict)

    def place(self, time):
        """Who vouches at a time: (profile, None) or (None, the key of the gap's beginning)."""
        return self.between(bisect_right(self.marks, (time, "\U0010ffff", 1),
                                         key=attrgetter("key")))

    def between(self, index):
        """The same between the marks before `index` and from it on."""
        if index > 0 and not self.marks[index - 1].starts_gap:
            return self.marks[index - 1].profile, None
        if index < len(self.marks) and not self.marks[index].starts_gap:
            return self.marks[index].profile, None
        return None, self.marks[index - 1].key if index > 0 else None

    def claimed_by(self, start):
        """The profile of the identify that ends a gap, or nothing."""
        index = 0 if start is None else self.index_of(start) + 1
        return self.marks[index].profile if index < len(self.marks) else None

    def index_of(self, key):
        return next(index for index, mark in enumerate(self.marks) if mark.key == key)


@dataclass(slots=True)
class Identity:
    """A person's or contact's identity: where it was said, and the earliest time of that."""
    home: int
    number: int
    said: int


@dataclass(slots=True)
class Profile:
    via: str
    made: int  # the time of the call that made it, or of receipt
    by_hand: bool = False  # then that is a time of its own
    status: str = "active"
    labels: set = field(default_factory=set)
    suspect: bool = False


SENT = ("event", "seen", "trait", "session")  # what may be told twice


class Facts:
    """All of it, and who has what. `now` is the clock."""

    def __init__(self, now):
        self.now, self.commands = now, 0
        self.profiles = {}  # all that ever were and were not erased
        self.redirect = {}  # a merged profile: the one it was merged into
        self.identities = {}  # of persons and contacts
        self.devices = {}
        self.gap_of = {}  # a profile that is nothing but a gap of a device: (device, start)
        self.claimed = {}  # visitors who were claimed: their device, and where their gap began
        self.kinds = {kind: [] for kind in (
            "trait", "event", "seen", "session", "consent", "note", "conflict")}
        self.retired = []  # (identity, home, time, Identity): those that answer no more
        self.edits = []  # (home, time, command)
        self.by_event = {}  # (type, message id): facts
        self.num_profiles = self.num_facts = 0
        self.sorted_out = None  # facts by kind and owner, while a picture is made

    def new_profile(self, via, by_hand=False, time=None):
        self.num_profiles += 1
        made = self.now if time is None else min(time, self.now)
        self.profiles[self.num_profiles] = Profile(via, made, by_hand)
        return self.num_profiles

    def add(self, kind, time, late, home, origin, **data):
        self.num_facts += 1
        fact = Fact(kind, time, late, home, origin, self.num_facts, data,
                    self.identities.get(origin), 0 if origin is None else rank(origin))
        self.kinds[kind].append(fact)
        return fact

    # Who

    def resolve(self, pid):
        """The profile that a profile is now."""
        while True:
            if pid not in self.redirect:
                return pid
            pid = self.redirect[pid]

    def home_of(self, fact):
        """The profile under which a fact came, before redirects."""
        return fact.home if fact.home is not None else self.device_home(fact.origin, fact.time)

    def owner_of(self, fact):
        return self.resolve(self.home_of(fact))

    def device_home(self, identity, time):
        """The profile of a device at a time, before redirects; none when nobody came by it yet."""
        device = self.devices.get(identity)
        if device is None:
            return None
        profile, start = device.place(time)
        return profile if profile is not None else device.gaps.get(start)

    def identity_home(self, identity):
        """The profile that an identity names, before redirects; of a device its last owner."""
        if is_device(identity):
            return self.device_home(identity, LAST)
        known = self.identities.get(identity)
        return None if known is None else known.home

    def exists(self, pid):
        return pid in self.profiles and self.resolve(pid) == pid

    def visible(self):
        return [pid for pid in self.profiles if self.resolve(pid) == pid]

    def facts_of(self, pid, *kinds):
        if self.sorted_out is not None:
            return [fact for kind in kinds for fact in self.sorted_out.get((kind, pid), ())]
        return [fact for kind in kinds for fact in self.kinds[kind] if self.owner_of(fact) == pid]

    def unite(self, survivor, loser):
        """One profile from now on."""
        self.drop_doubles(survivor, self.facts_of(loser, *SENT))
        self.redirect[loser] = survivor

    def drop_doubles(self, pid, facts):
        """Of what is to become a profile's, what it has had sent too (C4) is gone for good: what
        came by one message, and what one identity said of a trait or session at one time (it was moved
        with KEEP, and then said the same of another)."""
        def key(fact):
            if fact.kind in ("event", "seen"):
                return fact.data["type"], fact.data["id"]
            return fact.origin and (repr(fact.data), fact.origin, fact.time)
        ours = {key(fact) for fact in self.facts_of(pid, *SENT)} - {None}
        double = {id(fact) for fact in facts if key(fact) in ours}
        for kind in SENT:
            self.kinds[kind] = [fact for fact in self.kinds[kind] if id(fact) not in double]

    def sort_out(self):
        self.sorted_out = {}
        for kind, facts in self.kinds.items():
            for fact in facts:
                self.sorted_out.setdefault((kind, self.owner_of(fact)), []).append(fact)

    def homes_of(self, pid):
        return {home for home in self.profiles if self.resolve(home) == pid}

    # Devices

    def gap_profile(self, identity, time, via):
        """The profile of a device at a time, made when the gap has none. (home, created)."""
        device = self.devices.setdefault(identity, Device())
        profile, start = device.place(time)
        if profile is not None:
            return profile, False
        if start in device.gaps:
            return device.gaps[start], False
        device.gaps[start] = self.new_profile(via, time=None if via == "logout" else time)
        self.gap_of[device.gaps[start]] = identity, start
        return device.gaps[start], True

    def mark(self, identity, time, tie, profile, whole_gap=0):
        """Puts a mark on a device, and settles whose the gaps are now."""
        device = self.devices.setdefault(identity, Device())
        key = time, tie, whole_gap
        came = [fact for kind in ("event", "seen", "trait", "session") for fact in self.kinds[kind]
                if fact.home is None and fact.origin == identity]
        insort(device.marks, Mark(key, profile), key=attrgetter("key"))
        if profile is None:
            places = [device.place(fact.time) for fact in came]
            self.cut(identity, device, key, [start for owner, start in places if owner is None])
        for fact in came:
            self.gap_profile(identity, fact.time, "logout")
        self.claim(identity, device)

    def claim(self, identity, device):
        """The profile of a gap that an identify ends becomes the person, once and for all: what
        came by the device follows later marks, its id does not."""
        for start, pid in list(device.gaps.items()):
            owner = device.claimed_by(start)
            if owner is not None:
                del device.gaps[start], self.gap_of[pid]
                self.redirect[pid] = owner
                self.claimed[pid] = identity, start

    def cut(self, identity, device, key, filled):
        """A logout has cut a gap in two. The profile of the gap stays with what is before it,
        unless nothing is: then it stays with what is behind."""
        before = device.marks[device.index_of(key) - 1] if device.marks[0].key != key else None
        start = before.key if before is not None else None
        if (before is None or before.starts_gap) and start in device.gaps and start not in filled:
            device.gaps[key] = device.gaps.pop(start)
            self.gap_of[device.gaps[key]] = identity, key

    def hold(self, pid):
        """Makes a profile that is nothing but a gap of a device one that the device's later marks
        do not touch: the gap is marked as its own from its beginning."""
        if pid in self.gap_of:
            identity, start = self.gap_of.pop(pid)
            del self.devices[identity].gaps[start]
            time, tie = (EVER, "") if start is None else start[:2]
            self.mark(identity, time, tie, pid, 1)

    def devices_of(self, pid):
        """The devices that are a profile's now."""
        return [identity for identity in self.devices
                if (home := self.device_home(identity, LAST)) and self.resolve(home) == pid]

    # Identities

    def identities_of(self, pid):
        """Those of persons and contacts, by rank of joining: a profile's own, then those of each
        that was merged into it, one after the other."""
        by_home, merged = {}, {}
        for identity, known in sorted(self.identities.items(), key=lambda each: each[1].number):
            by_home.setdefault(known.home, []).append(identity)
        for loser, survivor in self.redirect.items():
            merged.setdefault(survivor, []).append(loser)
        homes, ordered = [pid], []
        while homes:
            home = homes.pop()
            ordered += by_home.get(home, [])
            homes += reversed(merged.get(home, []))
        return ordered
