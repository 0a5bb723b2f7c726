# SPDX-License-Identifier: Apache-2.0
"""What a server shows of all its people, without what hangs on the order in which it was told (R12):
two servers that were told the same in two orders must show the same text. Left out are the ids of
profiles, their versions, how they were created, what was merged into them, the audit trail, ids of
notes; times of receipt are the word `received`."""

import json

from compare import Difference
from names import milliseconds

READS = (("get", " EVENTS 10000"), ("timeline", " LIMIT 10000"), ("sessions", " LIMIT 10000"),
         ("history", ""))
LEFT_OUT = {"profile", "version", "redirected_from", "created_via", "merged", "edits", "lsn",
            "took_us", "cursor", "now"}
AT_ONCE = 32


def plain(value, begun):
    if isinstance(value, dict):
        kept = {key: plain(part, begun) for key, part in value.items() if key not in LEFT_OUT}
        for name in ("notes", "history"):  # of one moment of receipt or of time: a set
            if isinstance(kept.get(name), list):
                for entry in kept[name] if name == "notes" else ():
                    entry.pop("id", None)
                kept[name].sort(key=lambda entry: json.dumps(entry, sort_keys=True))
        return kept
    if isinstance(value, list):
        return [plain(part, begun) for part in value]
    time = milliseconds(value) if isinstance(value, str) and value[:2] == "20" else None
    return "received" if time is not None and time >= begun else value


def picture(client, begun):
    """A text for each profile, in their own order. `begun`: no client's time is at it or later."""
    rows = client.ask("find id including archived limit 10000")["result"]["rows"]
    asked = client.ask_all([f"{verb} {id}{rest}" for [id] in rows for verb, rest in READS], AT_ONCE)
    texts = []
    for first in range(0, len(asked), len(READS)):
        shown = {}
        for (verb, _), reply in zip(READS, asked[first:first + len(READS)]):
            if not reply["ok"]:
                raise Difference(f"{verb} of a profile that is there: {reply['error']}")
            shown[verb] = plain(reply["result"], begun)
        texts.append(json.dumps(shown, sort_keys=True, ensure_ascii=False))
    return sorted(texts)


def first_difference(one, other):
    """Of two pictures, as text, or None."""
    only = [[text for text in side if text not in set(against)]
            for side, against in ((one, other), (other, one))]
    if one == other:
        return None
    if not only[0] or not only[1]:
        return f"{len(one)} and {len(other)} profiles"
    left, right = (json.loads(side[0]) for side in only)
    for verb, _ in READS:
        for name in sorted(set(left[verb]) | set(right[verb])):
            if left[verb].get(name) != right[verb].get(name):
                return (f"{verb}.{name}:\n  {json.dumps(left[verb].get(name))[:1500]}\n  "
                        f"{json.dumps(right[verb].get(name))[:1500]}")
    return None
