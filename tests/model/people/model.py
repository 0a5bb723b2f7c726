# SPDX-License-Identifier: Apache-2.0
"""The model as a server: a line of text in, a reply out, as PROTOCOL's section People has them."""

import json
import pickle
import re
import shlex

from calls import KINDS
from names import DAY, POLICIES, RECEIPT, SECOND, Refused
from reads import Reads

UNITS = {"days": DAY, "day": DAY, "years": 365 * DAY, "hours": 3600 * SECOND}
DECLARE = re.compile(r'trait\s+(\S+)\s+(\w+)(?:\s+display\s+"[^"]*"|\s+searchable|\s+indexed|'
                     r'\s+policy\s+(\w+))*\s*$', re.I)


class Model(Reads):
    """`ask` changes nothing when it answers with an error. Its clock goes on by a second with each
    command, and stands at RECEIPT of a second, where no time of a client does."""

    def __init__(self, now):
        super().__init__(now // SECOND * SECOND + RECEIPT)
        self.requests = {}  # those with an id: (what was asked, the result)

    def ask(self, line):
        self.commands += 1
        self.now += SECOND
        try:
            return {"ok": True, "result": self.run(line)}
        except Refused as refused:
            return {"ok": False, "error": {"code": refused.code, "message": refused.message}}

    def run(self, line):
        if line.startswith("{"):
            return self.run_object(read_json(line))
        verb, _, rest = line.strip().partition(" ")
        verb, rest = verb.lower(), rest.strip()
        if verb in KINDS:
            return self.call(self.an_object(rest), verb)
        if verb == "batch":
            return self.batch(read_json(rest))
        expect = re.search(r"\s+EXPECT\s+(\S+)$", rest)
        if expect:
            rest = rest[:expect.start()]
        return self.command(verb, rest, expect and expect.group(1))

    def run_object(self, request):
        """The JSON form: of calls the members are the call, of others `query` is the statement."""
        verb = str(request.pop("cmd", "")).lower()
        request.pop("id", None)
        request.pop("timeout_ms", None)
        idem = request.pop("idem", None)
        if idem is None:
            return self.run_verb(verb, request)
        said, result = self.requests.get(idem, ((verb, request), None))
        if said != (verb, request):
            raise Refused("*", "the same request id with other content")
        if result is None:
            result = self.run_verb(verb, dict(request))
            self.requests[idem] = said, result
            return result
        return result | {"duplicate": True}

    def run_verb(self, verb, request):
        if verb in KINDS:
            return self.call(request, verb)
        if verb == "batch":
            return self.batch(request)
        return self.run(f"{verb} {request.get('query', '')}")

    @staticmethod
    def an_object(text):
        value = read_json(text)
        if not isinstance(value, dict):
            raise Refused("*", "not an object")
        return value

    def command(self, verb, rest, expect):
        self.verb = verb
        words = rest.split()
        if verb in ("create", "logout"):
            return getattr(self, verb)(self.an_object(rest))
        if verb in ("set", "consent"):
            profile, _, text = rest.partition(" ")
            return getattr(self, verb)(profile, self.an_object(text), expect)
        if not words and verb not in ("conflicts", "duplicates", "count", "snapshot"):
            raise Refused("ERR", "wrong number of arguments")
        if verb in ("archive", "activate"):
            return self.status(words[0], "archived" if verb == "archive" else "active", expect)
        if verb in ("erase", "delete"):
            return self.erase(words[0])
        if verb == "unmerge":
            return self.unmerge(words[0], expect)
        if verb == "unset":
            return self.unset(words[0], words[1:], expect)
        if verb == "split":
            return self.split(words[0], words[1:], expect)
        if verb == "label":
            return self.label(words[0], (words[1:2] or [""])[0].upper(), labels(rest), expect)
        if verb == "note":
            parts = rest.split(None, 2)
            action = (parts[1:2] or [""])[0].upper()
            return self.note(parts[0], action, (parts[2:] or [""])[0], expect)
        return self.identity_command(verb, words or [""], rest, expect)

    def identity_command(self, verb, words, rest, expect):
        keep = words[-1].upper() == "KEEP"
        words = words[:-1] if keep else words
        if verb == "detach" and len(words) == 1:
            return self.detach(words[0], keep, expect)
        if verb == "attach" and len(words) == 2:
            return self.attach(words[0], words[1], keep, expect)
        if verb == "move" and len(words) == 2:
            return self.move(words[0], words[1], expect)
        if verb == "merge" and words[0].upper() == "PREVIEW" and len(words) >= 3:
            text = rest.split(None, 3)[3:]
            return self.preview(words[1], words[2], self.an_object(text[0]) if text else {})
        if verb == "merge" and words[0].upper() == "APPLY" and len(words) in (2, 3):
            return self.apply(words[1], words[2:] == ["FORCE"])
        return self.statement(verb, words, rest)

    def statement(self, verb, words, rest):
        if verb == "declare":
            return self.declare(rest)
        if verb == "retain":
            number, unit = words[-2:]
            self.retention[json.loads(words[0])] = int(number) * UNITS[unit.lower()]
            return {}
        return self.read(verb, words, rest)

    def declare(self, text):
        match = DECLARE.match(text)
        if not match:
            raise Refused("PARSE")
        name, kind, policy = match.group(1).strip("`"), match.group(2), match.group(3) or "latest"
        if policy not in POLICIES or (policy == "sum" and kind not in ("integer", "number")) or (
                policy == "union" and kind != "list"):
            raise Refused("*", "no such policy")
        if self.types.get(name, kind) != kind:
            raise Refused("*", "of another type already")
        self.types[name], self.policies[name] = kind, policy
        return {}

    def batch(self, request):
        request = {"batch": request} if isinstance(request, list) else request
        if not isinstance(request, dict) or not isinstance(request.get("batch"), list):
            raise Refused("*", "no batch")
        kept = None
        if request.get("atomic"):  # only here a state is copied: what is refused goes away whole
            kept = pickle.dumps({name: value for name, value in vars(self).items()
                                 if not callable(value)})
        items = []
        for item in request["batch"]:
            self.now += SECOND
            try:
                items.append(self.call(item, None, request.get("sentAt")))
            except Refused as refused:
                if kept is not None:
                    vars(self).update(pickle.loads(kept))
                    raise
                items.append({"error": {"code": refused.code, "message": refused.message}})
        failed = sum("error" in item for item in items)
        return {"ok": len(items) - failed, "failed": failed, "items": items,
                "duplicates": sum(item.get("duplicate", False) for item in items)}


def read_json(text):
    try:
        return json.loads(text)
    except ValueError as error:
        raise Refused("PARSE", str(error)) from error


def labels(rest):
    """The words behind PROFILE ADD: those in double quotes may have blanks."""
    if '"' not in rest:
        return rest.split()[2:]
    try:
        return shlex.split(rest)[2:]
    except ValueError as error:
        raise Refused("PARSE") from error
