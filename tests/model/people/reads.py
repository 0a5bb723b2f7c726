# SPDX-License-Identifier: Apache-2.0
"""The reading commands, in the shapes of PROTOCOL as far as it fixes them."""

from names import Refused, milliseconds, rank, time_text
from picture import Picture


def options(words, flags, values):
    """{option: its words} of what stands behind a profile; all up to the next option are its."""
    found, name = {}, None
    for word in words:
        if word.upper() in flags + values:
            name = word.upper()
            found[name] = []
        elif name is None or name in flags:
            raise Refused("*", f"not expected: {word}")
        else:
            found[name].append(word)
    return found


def first(found, name, default=None):
    return found[name][0] if found.get(name) else default


def objects(texts, **more):
    """Identities as objects, by rank."""
    parts = sorted((text.partition(":") for text in texts), key=lambda part: (rank(part), part[2]))
    return [{"namespace": namespace, "value": value} | more for namespace, _, value in parts]


class Reads(Picture):
    def read(self, verb, words, _):
        if verb == "count":
            return {"count": self.count(" ".join(words).lower())}
        if verb == "snapshot":
            return {}
        if verb == "find" and words[:3] == ["id", "including", "archived"]:
            return {"columns": ["id"], "rows": [[f"p{pid}"] for pid in self.visible()]}
        if verb == "conflicts":
            words = words[:-2] if len(words) > 1 and words[-2].upper() == "LIMIT" else words
            pid = self.named(words[0])[0] if words and words[0] else None
            return self.list_conflicts(pid)
        if verb == "duplicates":
            pid = self.named(words[0])[0] if words[0] else None
            return [{"profiles": [f"p{each}" for each in pair], "reasons": reasons, "score": 1}
                    for pair, reasons in self.duplicates(pid)]
        if verb not in ("get", "timeline", "sessions", "history"):
            raise Refused("ERR", f"unknown command '{verb}'")
        pid, home, identity = self.named(words[0])
        return getattr(self, f"read_{verb}")(pid, words[1:],
                                             home if identity is None and home != pid else None)

    def count(self, scope):
        status = {"": ("active",), "only archived": ("archived",),
                  "including archived": ("active", "archived")}
        if scope not in status:
            raise Refused("PARSE", "the model counts all, or by status")
        return sum(self.profiles[pid].status in status[scope] for pid in self.visible())

    def read_get(self, pid, words, merged):
        found = options(words, (), ("SECTIONS", "EVENTS"))
        shown = self.get(pid)
        shown["identities"] = objects(shown["identities"]) + objects(shown.pop("retired"),
                                                                     retired=True)
        shown["notes"] = [{"id": id, "text": text} for text, id in shown["notes"]]
        shown["merged"] = [f"p{each}" for each in shown["merged"]]
        shown["consent"] = {channel: {"decision": decision}
                            for channel, decision in shown["consent"].items()}
        del shown["consent_by_address"]
        number = int(first(found, "EVENTS", 20))
        shown["events"] = self.with_sessions(pid, self.timeline(pid)[:number])
        if "SECTIONS" in found:
            shown = {name: shown[name] for name in found["SECTIONS"]}
        shown = {name: value for name, value in shown.items() if value not in (None, [], {}, 0)}
        if merged is not None:
            shown["redirected_from"] = f"p{merged}"
        return {"profile": f"p{pid}"} | shown

    def session_ids(self, pid):
        """The session's id of each event; a derived one has that of its first."""
        return {event: session["id"] or session["members"][0] for session in self.sessions_of(pid)
                for event in session["members"]}

    def with_sessions(self, pid, entries):
        ids = self.session_ids(pid)
        return [entry | {"session": ids.get(entry["id"])} for entry in entries]

    def read_timeline(self, pid, words, _):
        found = options(words, ("OLDEST",),
                        ("TYPE", "CHANNEL", "FROM", "TO", "LIMIT", "AFTER"))
        shown = self.with_sessions(pid, self.timeline(pid))
        begin, end = (milliseconds(first(found, name, default)) for name, default in (
            ("FROM", "1900-01-01"), ("TO", "2200-01-01")))
        types, channel = found.get("TYPE"), first(found, "CHANNEL")
        shown = [entry for entry in shown if begin <= milliseconds(entry["time"]) < end and
                 (not types or entry["type"] in types) and
                 channel in (None, entry["properties"].get("channel"))]
        if "OLDEST" in found:
            shown.reverse()
        start = int(first(found, "AFTER", "c0")[1:])
        stop = start + int(first(found, "LIMIT", 100))
        return {"events": shown[start:stop], "cursor": f"c{stop}" if stop < len(shown) else None}

    def read_sessions(self, pid, words, _):
        found = options(words, ("OLDEST",), ("CHANNEL", "KIND", "NAME", "LIMIT", "EVENTS"))
        if "EVENTS" in found:
            ids = self.session_ids(pid)
            return {"events": [entry for entry in self.with_sessions(pid, self.timeline(pid))
                               if ids[entry["id"]] == found["EVENTS"][0]]}
        name = " ".join(found.get("NAME", [])).casefold()
        shown = [session for session in self.sessions_of(pid)
                 if first(found, "CHANNEL") in (None, session["channel"]) and
                 first(found, "KIND") in (None, session["kind"]) and
                 name in (session["name"] or "").casefold()]
        if "OLDEST" in found:
            shown.reverse()
        return {"sessions": [self.one_session(session)
                             for session in shown[:int(first(found, "LIMIT", 100))]]}

    @staticmethod
    def one_session(session):
        shown = session | {"id": session["id"] or session["members"][0], "goals": []}
        del shown["members"], shown["channels"]
        return shown

    def read_history(self, pid, words, _):
        until = None
        if len(words) > 2 and words[-3].upper() == "AS" and words[-2].upper() == "OF":
            until, words = milliseconds(words[-1]), words[:-3]
        trait = words[0] if words else None
        if trait is not None and trait not in self.types:
            raise Refused("NOTRAIT")
        shown = {"history": self.history(pid, trait, until)}
        if trait is None:
            texts = [f"{namespace}:{value}" for (namespace, value), home, _, _ in self.retired
                     if self.resolve(home) == pid]
            shown["identities"] = objects(texts)
            shown["edits"] = [{"when": time_text(time), "who": None, "what": verb}
                              for home, time, verb in reversed(self.edits)
                              if self.resolve(home) == pid]
        return shown
