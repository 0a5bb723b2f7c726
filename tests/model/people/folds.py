# SPDX-License-Identifier: Apache-2.0
"""What a profile shows, each a fold over its facts: traits by their policy (R5), consent (R6),
sessions, times. A fold looks at times and ids only, never at arrival, but where the receipt is the
time."""

from names import SECOND, limit, order_key, time_text

SILENCE = 30 * 60 * SECOND
GUARDED = {"withdrawn": 2, "unknown": 1, "granted": 0}  # the greater stays


def moment(fact):
    return fact.time, fact.late


def trait_value(policy, writes):
    """The fact whose value a trait shows, or (of sum and union) the value itself: (value, fact).
    A clear takes away what is not later than it; so does the choice of a merge."""
    kept = []
    for fact in sorted(writes, key=lambda fact: (moment(fact), order_key(fact.data["value"]),
                                                 -fact.rank, fact.origin or ())):
        if fact.data["value"] is None or fact.data.get("chosen"):
            kept = []
        if fact.data["value"] is not None:
            kept.append(fact)
    if policy == "nonempty":
        kept = [fact for fact in kept if fact.data["value"] not in ("", [])]
    if policy == "primary":
        best = min((fact.rank for fact in kept), default=0)
        kept = [fact for fact in kept if fact.rank == best]
    if not kept:
        return None, max(writes, key=moment)
    if policy == "earliest":
        first = [fact for fact in kept if moment(fact) == moment(kept[0])][-1]
    elif policy in ("max", "min"):
        pick = max if policy == "max" else min
        best = pick(order_key(fact.data["value"]) for fact in kept)
        first = [fact for fact in kept if order_key(fact.data["value"]) == best][-1]
    elif policy == "sum":
        once = {(fact.time, fact.late, fact.origin, fact.data["value"]) for fact in kept}
        return sum(value for _, _, _, value in once), kept[-1]
    elif policy == "union":
        return sorted({each for fact in kept for each in fact.data["value"]}), kept[-1]
    else:
        first = kept[-1]
    return first.data["value"], first


def consent(facts):
    """(of each channel, [of each address]): the latest decision of an address; of a profile the
    most guarded over its addresses. A decision without an address is one of its home."""
    latest = {}
    for fact in sorted(facts, key=lambda fact: (moment(fact), GUARDED[fact.data["decision"]])):
        latest[fact.data["channel"], fact.data["address"] or fact.home] = fact
    channels, addresses = {}, []
    for (channel, address), fact in latest.items():
        decision = fact.data["decision"]
        if GUARDED[decision] >= GUARDED[channels.get(channel, "granted")]:
            channels[channel] = decision
        if fact.data["address"]:
            addresses.append([channel, address, decision, time_text(fact.time)])
    return channels, sorted(addresses)


def said_of_sessions(facts):
    """The members that clients gave, by session id; of two values the one said later."""
    said = {}
    for fact in sorted(facts, key=moment):
        fields = said.setdefault(fact.data["id"], {})
        for name, value in fact.data["fields"].items():
            old = fields.get(name)
            if old is None or moment(old[1]) < moment(fact) or order_key(old[0]) < order_key(value):
                fields[name] = value, fact
    return {id: {name: value for name, (value, _) in fields.items()}
            for id, fields in said.items()}


def derived_sessions(events):
    """Events without a session, cut where the identity that they came by was silent."""
    streams = {}
    for event in sorted(events, key=lambda event: (event.time, event.data["id"])):
        # An identity that was replaced and another one of its name are two.
        streams.setdefault((event.origin, id(event.by)), []).append(event)
    for stream in streams.values():
        first = 0
        for index in range(1, len(stream) + 1):
            if index == len(stream) or stream[index].time - stream[index - 1].time >= SILENCE:
                yield stream[first:index]
                first = index


def sessions(events, mentions, now):
    """All sessions of a profile. A mention is a fact `session`; events of the future wait."""
    given = {id: (fields, [fact for fact in mentions if fact.data["id"] == id])
             for id, fields in said_of_sessions(mentions).items()}
    events = [event for event in events if event.time <= now]
    for id, (fields, told) in given.items():
        inside = [event for event in events if event.data["session"] == id]
        yield shown_session(id, fields, inside, [fact.time for fact in told if fact.time <= now])
    for run in derived_sessions([event for event in events if event.data["session"] is None]):
        yield shown_session(None, {"kind": "visit"}, run, [])


def shown_session(id, fields, events, told):
    """`id` None: a derived one, named by its first event. Times of mentions count without events
    only. `channels`: which may be said, for of one moment it hangs on the events' ids."""
    times = [event.time for event in events] or told
    start = fields.get("start", min(times, default=None))
    end = fields.get("end", max(times, default=None))
    told = sorted((event.time, event.data["id"], event.data["properties"]["channel"])
                  for event in events if "channel" in event.data["properties"])
    whole = start is not None and end is not None
    properties = {name[11:]: value for name, value in fields.items()
                  if name.startswith("properties.")}
    return {"id": id, "kind": fields.get("kind", "visit"),
            "channel": fields.get("channel") or (told[0][2] if told else None),
            "channels": sorted({channel for time, _, channel in told if time == told[0][0]}),
            "name": fields.get("name"), "platform": fields.get("platform"),
            "start": start, "end": end, "duration_ms": max(0, end - start) if whole else None,
            "events": len(events), "agent_takeover": fields.get("agent_takeover", False),
            "properties": properties, "members": [event.data["id"] for event in events]}


def active(identities):
    """The identities that are not retired: of a namespace's limit the first to be there."""
    count, kept = {}, []
    for identity in identities:
        count[identity[0]] = count.get(identity[0], 0) + 1
        if limit(identity[0]) > 1 or count[identity[0]] == 1:
            kept.append(identity)
    return kept
