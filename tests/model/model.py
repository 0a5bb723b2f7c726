# SPDX-License-Identifier: Apache-2.0
"""The naive model: profiles as plain dictionaries, merged as IDENTITY.md says, for the cases that
the differential makes: a person has one external id, emails of its own, and anonymous ids that no
other person identifies on."""

import unicodedata

PERSON_SPACES = ("external_id", "email")


def nfc(value):
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [nfc(element) for element in value]
    return value


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


# What JSON values a type takes; another one is refused (a trait) or not queried (a property).
TAKES = {
    "text": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": is_number,
    "boolean": lambda value: isinstance(value, bool),
    "date": lambda value: isinstance(value, str) and len(value) == 10 and value[4] == value[7] == "-",
    "list": lambda value: isinstance(value, list),
}


class Profile:
    """One person. `pid` is the id that the server gave; dates are kept as ISO text, whose order is
    the dates'."""

    def __init__(self, number):
        self.number, self.pid = number, None  # number: the order of creation
        self.identities = set()
        self.traits = {}  # name: (time, value or None)
        self.events = {}  # type: {event id: (time, properties)}

    def identified(self):
        return any(space in PERSON_SPACES for space, _ in self.identities)

    def get(self, name):
        if name in ("external_id", "anonymous_id"):
            return next((value for space, value in self.identities if space == name), None)
        return self.traits.get(name, (0, None))[1]

    def happened(self, event, now):
        """The events of a type whose time has come, as (time, properties)."""
        return [entry for entry in self.events.get(event, {}).values() if entry[0] <= now]

    def show(self):
        traits = {name: value for name, (_, value) in self.traits.items() if value is not None}
        return f"{self.pid} {sorted(self.identities)}\n  {traits}\n  {self.events}"


class Model:
    """All profiles. `traits` and `properties` (by event) map names to types."""

    def __init__(self, traits, properties):
        self.traits, self.properties = traits, properties
        self.profiles, self.owner, self.num_created = [], {}, 0

    def resolve(self, identities):
        """The profile that the identities name, made or merged as needed, and whether it is new."""
        found = []
        for identity in identities:
            profile = self.owner.get(identity)
            if profile is not None and profile not in found:
                found.append(profile)
        created = not found
        if created:
            found = [Profile(self.num_created)]
            self.num_created += 1
            self.profiles += found
        found.sort(key=lambda profile: (not profile.identified(), profile.number))
        survivor = found[0]
        for loser in found[1:]:
            self.merge(survivor, loser)
        for identity in identities:
            self.owner[identity] = survivor
            survivor.identities.add(identity)
        return survivor, created

    def merge(self, survivor, loser):
        assert not (survivor.identified() and loser.identified()), "not a case of this model"
        for name, entry in loser.traits.items():
            self.set_trait(survivor, name, *entry)
        for event, entries in loser.events.items():
            survivor.events.setdefault(event, {}).update(entries)
        for identity in loser.identities:
            self.owner[identity] = survivor
        survivor.identities |= loser.identities
        self.profiles.remove(loser)

    @staticmethod
    def set_trait(profile, name, time, value):
        """The latest by event time stays, whichever came first."""
        if name not in profile.traits or profile.traits[name][0] < time:
            profile.traits[name] = time, value

    def identify(self, identities, time, traits):
        """Returns the profile and whether it is new, or nothing: a trait of the wrong type refuses
        the whole call."""
        if any(value is not None and not TAKES[self.traits[name]](value)
               for name, value in traits.items()):
            return None, False
        profile, created = self.resolve(identities)
        for name, value in traits.items():
            self.set_trait(profile, name, time, nfc(value))
        return profile, created

    def track(self, identities, event, event_id, time, properties):
        """Returns the profile, whether it is new, and whether the event is a repeat."""
        profile, created = self.resolve(identities)
        entries = profile.events.setdefault(event, {})
        if event_id in entries:
            return profile, created, True
        types = self.properties[event]
        entries[event_id] = time, {name: nfc(value) for name, value in properties.items()
                                   if value is not None and TAKES[types[name]](value)}
        return profile, created, False
