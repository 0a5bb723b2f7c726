# SPDX-License-Identifier: Apache-2.0
"""Calls of the Segment specification, as PROTOCOL's table says, into one plain form."""

from dataclasses import dataclass, field

from names import FUTURE_LIMIT, Refused, flat, is_blocked, milliseconds, normal

KINDS = ("identify", "track", "page", "screen", "group", "alias")
# Names that are taken for misspellings of members.
MISSPELT = {"userid", "user_id", "anonymousid", "anonymous_id", "messageid", "message_id",
            "properties_", "trait", "identity", "groupid", "group_id", "previousid"}


@dataclass
class Call:
    """`own_time`: the time is the client's, not that of receipt."""
    kind: str
    identities: list
    time: int
    own_time: bool
    message_id: str | None = None
    traits: dict = field(default_factory=dict)
    event: str | None = None
    properties: dict = field(default_factory=dict)
    channel: str | None = None
    session: dict | None = None
    important: bool = False
    source: str = ""
    authenticated: bool = False
    previous: str | None = None
    warnings: list = field(default_factory=list)


def member(call, name, kinds, default=None):
    value = call.get(name)
    if value is None:
        return default
    if not isinstance(value, kinds) or isinstance(value, bool) != (kinds is bool):
        raise Refused("TYPE", f"`{name}` is of another type")
    return value


def identities_of(call, traits=None):
    """The usable identities in the order given, and warnings of those that are blocked."""
    given = []
    for name, namespace in (("userId", "external_id"), ("anonymousId", "anonymous_id")):
        if call.get(name) is not None:
            given.append((namespace, member(call, name, (str, int))))
    for namespace, value in member(call, "identities", dict, {}).items():
        if value is not None:
            given.append((namespace, value))
    device = member(member(call, "context", dict, {}), "device", dict, {}).get("id")
    if device is not None:
        given.append(("device_id", device))
    for name in ("email", "phone"):
        if isinstance((traits or {}).get(name), str):
            given.append((name, traits[name]))
    found, warnings = [], []
    for namespace, value in given:
        value = normal(namespace, value)
        if is_blocked(value):
            warnings.append(f"blocked value is no identity: {namespace}")
        elif (namespace, value) not in found:
            found.append((namespace, value))
    return found, warnings


def time_of(call, now, sent_at=None):
    """(time, whether it is the client's own)."""
    text = member(call, "timestamp", str)
    sent = member(call, "sentAt", str, sent_at)
    time, sent = (None if each is None else milliseconds(each) for each in (text, sent))
    if text is not None and time is None:
        raise Refused("*", "timestamp is no time")
    if time is None:
        return now, False
    if sent is not None:
        time = now - (sent - time)
    if time > now + FUTURE_LIMIT:
        raise Refused("LIMIT", "timestamp")
    return time, True


def session_of(call):
    session = member(call, "session", (str, dict))
    if session is None:
        return None
    if isinstance(session, str):
        session = {"id": session}
    session = dict(session)
    if not isinstance(session.get("id"), str) or not session["id"]:
        raise Refused("TYPE", "session.id")
    for name in ("start", "end"):
        if name in session:
            session[name] = milliseconds(session[name])
            if session[name] is None:
                raise Refused("*", f"session.{name} is no time")
    session["properties"] = flat(session.get("properties", {}))
    return session


def read_call(call, kind, now, sent_at=None):
    """One call. Raises Refused for what can be refused without looking at profiles."""
    if not isinstance(call, dict):
        raise Refused("*", "not a call")
    wrong = [name for name in call if name.lower() in MISSPELT and
             name not in ("userId", "anonymousId", "messageId", "groupId", "previousId")]
    if wrong:
        raise Refused("PARSE", f"unknown member `{wrong[0]}`")
    kind = kind or member(call, "type", str)
    if kind not in KINDS:
        raise Refused("PARSE", "`type`")
    traits = flat(member(call, "traits", dict, {}))
    properties = flat(member(call, "properties", dict, {}))
    identities, warnings = identities_of(call, traits if kind == "identify" else None)
    time, own_time = time_of(call, now, sent_at)
    context = member(call, "context", dict, {})
    made = Call(kind, identities, time, own_time, member(call, "messageId", str),
                channel=member(call, "channel", str), session=session_of(call),
                source=context.get("integration", {}).get("name") or call.get("source") or kind,
                authenticated=member(call, "authenticated", bool, False) and
                kind in ("identify", "alias"), warnings=warnings)
    if kind == "identify":
        made.traits = traits
    elif kind == "track":
        made.event, made.properties = member(call, "event", str), properties
        made.important = member(call, "important", bool, False)
        if not made.event:
            raise Refused("*", "no event")
    elif kind in ("page", "screen"):
        made.event = {"page": "page_view", "screen": "screen_view"}[kind]
        said = {name: member(call, name, str) for name in ("name", "category")}
        made.properties = properties | {name: value for name, value in said.items() if value}
    elif kind == "group":
        made.event, group = "group", member(call, "groupId", (str, int))
        if group is None:
            raise Refused("*", "no groupId")
        made.properties = traits | {"group_id": str(group)}
        made.traits = {f"group.{name}": value for name, value in traits.items()}
        made.traits["group.id"] = str(group)
    else:
        made.previous = member(call, "previousId", str)
        if not made.previous or not call.get("userId"):
            raise Refused("*", "no previousId or userId")
        made.identities = [each for each in identities if each[0] == "external_id"]
    if made.event:
        campaign = context.get("campaign", {}).get("name")
        if campaign and kind != "group":
            made.properties["campaign"] = campaign
        if made.channel:
            made.properties["channel"] = made.channel
        made.properties = {name: value for name, value in made.properties.items()
                           if value is not None}
    if not made.identities:
        raise Refused("NOIDENTITY", "no usable identity")
    return made
