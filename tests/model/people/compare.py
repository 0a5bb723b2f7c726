# SPDX-License-Identifier: Apache-2.0
"""What a server says beside what the model says. Everything that knows a reply's shape beyond what
PROTOCOL fixes stands here, so that a shape that turns out otherwise is changed in one place."""

import json

from names import is_receipt, milliseconds

SLACK = 900_000  # milliseconds between a time of receipt of the model and the server's


class Difference(Exception):
    """Where, what the model has, what the server has."""


def differ(path, ours, theirs):
    raise Difference(f"{path}: the model has {shown(ours)}, the server {shown(theirs)}")


def shown(value):
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) < 600 else text[:600] + "…"


def same(path, ours, theirs):
    """Equal, but for times of receipt, which only have to be near; what is missing is null."""
    if is_receipt(ours):
        time = milliseconds(theirs) if isinstance(theirs, str) else None
        if time is None or abs(time - milliseconds(ours)) > SLACK:
            differ(path, ours, theirs)
    elif isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted(set(ours) | set(theirs)):
            same(f"{path}.{name}", ours.get(name), theirs.get(name))
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (mine, other) in enumerate(zip(ours, theirs)):
            same(f"{path}[{index}]", mine, other)
    elif isinstance(ours, bool) != isinstance(theirs, bool) or ours != theirs:
        differ(path, ours, theirs)


class Names:
    """Which profile, version, note of the server's is which of the model's: one to one."""

    def __init__(self):
        self.theirs, self.ours = {}, {}

    def bind(self, path, kind, ours, theirs):
        if ours is None and theirs is None:
            return
        if (self.theirs.setdefault((kind, ours), theirs) != theirs or
                self.ours.setdefault((kind, theirs), ours) != ours):
            raise Difference(f"{path}: the model has {ours}, which the server called "
                             f"{self.theirs.get((kind, ours))} before; now it says {theirs}, which "
                             f"the model calls {self.ours.get((kind, theirs))}")

    # Replies to writes

    def reply(self, ours, theirs):
        """Compares a reply; raises Difference."""
        if not ours["ok"]:
            code = ours["error"]["code"]
            if theirs["ok"] or code not in ("*", theirs["error"]["code"]):
                differ("reply", ours, theirs)
        elif not theirs["ok"]:
            differ("reply", ours, theirs)
        elif isinstance(ours["result"], dict):
            self.result("result", ours["result"], theirs["result"])

    def result(self, path, ours, theirs):
        if not isinstance(theirs, dict):
            differ(path, ours, theirs)
        for name, value in ours.items():
            here, other = f"{path}.{name}", theirs.get(name)
            if name in ("profile", "from", "erased", "survivor", "loser"):
                self.bind(here, "profile", value, other)
            elif name in ("note", "plan"):
                self.bind(here, name, value, other)
            elif name == "version":
                self.bind(here, f"version of {ours['profile']}", value, other)
            elif name == "versions":
                for side, mine, others in zip(("survivor", "loser"), value, other, strict=True):
                    self.bind(here, f"version of {ours[side]}", mine, others)
            elif name in ("warnings", "conflicts"):
                if bool(value) != bool(other):
                    differ(here, value, other)
            elif name == "items":
                self.items(here, value, other)
            elif name == "labels":
                same(here, value, labels(other))
            else:
                same(here, value, other)

    def items(self, path, ours, theirs):
        if len(ours) != len(theirs):
            differ(path, ours, theirs)
        for index, (mine, other) in enumerate(zip(ours, theirs)):
            if ("error" in mine) != ("error" in other):
                differ(f"{path}[{index}]", mine, other)
            if "error" not in mine:
                self.result(f"{path}[{index}]", mine, other)
            elif mine["error"]["code"] not in ("*", other["error"]["code"]):
                differ(f"{path}[{index}]", mine, other)


# Shapes of what is read. Each takes the server's and returns the model's.

def labels(given):
    return sorted(each["label"] if isinstance(each, dict) else each for each in given or [])


def decisions(given):
    return {channel: said["decision"] if isinstance(said, dict) else said
            for channel, said in (given or {}).items()}


def number(given):
    """A count, or the sum of counts by channel."""
    if isinstance(given, dict):
        return given["count"] if "count" in given else sum(given.values())
    return len(given) if isinstance(given, list) else given or 0


def names_of(given, *keys):
    """The names in a list of texts or of objects, or in an object by name."""
    def name(entry):
        if not isinstance(entry, dict):
            return entry
        if "namespace" in entry:
            return f"{entry['namespace']}:{entry['value']}"
        return next(entry[key] for key in keys if key in entry)
    return sorted(name(entry) for entry in given or [])


SIMPLE = ("display_name", "status", "identified", "identified_at", "created_at", "first_seen",
          "last_seen")


def compare_get(ours, theirs):
    for name in SIMPLE:
        if name == "identified_at" and is_receipt(ours[name]):
            continue  # by hand: the server keeps no time for each identity
        same(f"get.{name}", ours[name] or None, theirs.get(name) or None)
    # For one that a late logout made, and for several that became one, no paper has a word.
    if ours["created_via"] != "logout" and not theirs.get("merged"):
        same("get.created_via", ours["created_via"], theirs.get("created_via"))
    identities = names_of(theirs.get("identities"))
    same("get.identities", sorted(ours["identities"] + ours["retired"]), identities)
    retired = [each for each in theirs.get("identities", []) if each.get("retired")]
    same("get.identities (retired)", ours["retired"], names_of(retired))
    mine, traits = dict(ours["traits"]), theirs.get("traits", {})
    for name, entry in mine.items():
        if entry["time"] is None:  # an identity that stands for a trait
            mine[name] = traits.get(name, {}) | {"value": entry["value"]}
    same("get.traits", *({name: pick(entry, "value", "time", "origin")
                          for name, entry in side.items()} for side in (mine, traits)))
    same("get.labels", ours["labels"], labels(theirs.get("labels")))
    same("get.consent", ours["consent"], decisions(theirs.get("consent")))
    for name, key in (("channels", "channel"), ("devices", "device"), ("campaigns", "campaign")):
        same(f"get.{name}", ours[name], names_of(theirs.get(name), key, "name"))
    same("get.notes", sorted(text for text, _ in ours["notes"]),
         names_of(theirs.get("notes"), "text"))
    same("get.sessions", ours["sessions"], number(theirs.get("sessions")))
    same("get.event_counts", ours["event_counts"], theirs.get("event_counts") or {})
    same("get.suspect", ours["suspect"], bool(theirs.get("suspect")))


def pick(entry, *names):
    return {name: entry.get(name) for name in names}


def compare_timeline(ours, theirs):
    theirs = [entry | {"properties": {name: value for name, value in entry["properties"].items()
                                      if name != "blocked_identities"}} for entry in theirs]
    times = [milliseconds(entry["time"]) for entry in theirs]
    if times != sorted(times, reverse=True):
        differ("timeline", "newest first", times)
    sides = []
    for entries in (ours, theirs):
        plain = [pick(entry, "type", "properties", "origin", "time") |
                 {"important": bool(entry.get("important"))} for entry in entries]
        # By content, for the order of one moment is by ids.
        sides.append(sorted(plain, key=lambda entry: json.dumps(
            [entry[name] for name in ("type", "properties", "origin", "time")], sort_keys=True)))
    same("timeline", *sides)
    said = {entry["session"] for entry in ours} - {None}
    given = [sorted(entry["session"] for entry in entries if entry.get("session") in said)
             for entries in (ours, theirs)]
    same("timeline (sessions)", *given)


def compare_sessions(ours, theirs):
    given = {entry["id"] for entry in ours} - {None}
    sides = []
    for entries in (ours, theirs):
        plain = [pick(entry, "kind", "name", "platform", "start", "end", "events") |
                 {"agent_takeover": bool(entry.get("agent_takeover")),
                  "properties": entry.get("properties") or {},
                  "id": entry["id"] if entry["id"] in given else None} for entry in entries]
        sides.append(sorted(plain, key=lambda entry: (
            entry["id"] or "", entry["start"] or "", entry["end"] or "", entry["events"])))
    same("sessions", *sides)
    channels = {entry["id"]: entry.get("channel") for entry in theirs if entry["id"] in given}
    for entry in ours:
        if entry["id"] and channels[entry["id"]] not in (entry["channels"] or [None]):
            differ(f"sessions.{entry['id']}.channel", entry["channels"], channels[entry["id"]])
    derived = [sorted(str(entry.get("channel")) for entry in entries if entry["id"] not in given)
               for entries in (ours, theirs)]
    if all(len(entry["channels"]) < 2 for entry in ours):
        same("sessions (channels of derived ones)", *derived)


def compare_history(ours, theirs):
    sides = [sorted((pick(entry, "trait", "value", "origin", "time") for entry in entries),
                    key=lambda entry: json.dumps([entry["trait"], entry["value"], entry["origin"],
                                                  entry["time"]])) for entries in (ours, theirs)]
    same("history", *sides)
