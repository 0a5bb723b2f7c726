# SPDX-License-Identifier: Apache-2.0
"""Words of the model: namespaces and their normal form (R0), types of traits, times as text."""

import datetime
import re
import unicodedata

PERSON, CONTACT, DEVICE, ANONYMOUS = "person", "contact", "device", "anonymous"

# name: (rank, kind, limit)
NAMESPACES = {"external_id": (1, PERSON, 1), "email": (2, PERSON, 5), "phone": (3, PERSON, 5),
              "whatsapp": (4, CONTACT, 10), "messenger": (4, CONTACT, 10),
              "device_id": (5, DEVICE, 50), "anonymous_id": (6, ANONYMOUS, 100)}
BLOCKED = {"", "-1", "null", "undefined", "none", "nan", "anonymous", "unknown"}
STANDARD = {"name": "text", "first_name": "text", "last_name": "text", "email": "text",
            "phone": "text", "company": "text", "title": "text", "location": "text",
            "country": "text", "city": "text", "language": "text", "timezone": "text",
            "avatar": "text", "birthday": "date", "gender": "text", "age": "integer"}
POLICIES = ("latest", "earliest", "primary", "nonempty", "max", "min", "sum", "union")

SECOND = 1000
DAY = 86_400 * SECOND
FUTURE_LIMIT = 366 * DAY
RECEIPT = 777  # the milliseconds of every time of receipt in the model


class Refused(Exception):
    """A command that is answered with an error. `code` is `*` where the papers name none."""

    def __init__(self, code, message=""):
        super().__init__(f"{code} {message}")
        self.code, self.message = code, message or code.lower()


def rank(identity):
    return NAMESPACES[identity[0]][0]


def kind(identity):
    return NAMESPACES[identity[0]][1]


def limit(namespace):
    return NAMESPACES[namespace][2]


def is_device(identity):
    return kind(identity) in (DEVICE, ANONYMOUS)


def text_of(identity):
    return None if identity is None else f"{identity[0]}:{identity[1]}"


def nfc(value):
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [nfc(element) for element in value]
    return value


def normal(namespace, value):
    """The normal form of an identity's value. Raises for an unknown namespace or no text."""
    if namespace not in NAMESPACES:
        raise Refused("NOTRAIT", f"unknown namespace: {namespace}")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise Refused("TYPE", f"{namespace} is to be text")
    value = nfc(value.strip())
    if namespace == "email":
        value = nfc(value.lower())
    if namespace == "phone" and value.startswith("+"):
        value = "+" + re.sub(r"[ ().-]", "", value[1:])
    return value


def is_blocked(value):
    return value.lower() in BLOCKED or re.fullmatch(r"[0-]*", value) is not None


# Values

def type_of(value):
    """The type that a trait gets by its first value."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return "list" if isinstance(value, list) else "text"


def coerced(name, kind_of, value):
    """The value in the type of its trait; refused when it is of another one."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    fits = {"text": isinstance(value, str), "boolean": isinstance(value, bool), "number": number,
            "integer": number and value == int(value), "list": isinstance(value, list),
            "date": isinstance(value, str) and is_date(value),
            "timestamp": isinstance(value, str) and milliseconds(value) is not None}[kind_of]
    if not fits:
        raise Refused("TYPE", f"wrong type for trait `{name}`: it is {kind_of}")
    return int(value) if kind_of == "integer" else nfc(value)


def is_date(text):
    try:
        return bool(datetime.date.fromisoformat(text)) and len(text) == 10
    except ValueError:
        return False


def order_key(value):
    """Values of one trait in order; none is less than all."""
    if value is None:
        return (0,)
    return 1, tuple(value) if isinstance(value, list) else value


def flat(values, into=None, prefix=""):
    """Nested objects with dotted names."""
    into = {} if into is None else into
    for name, value in values.items():
        if isinstance(value, dict):
            flat(value, into, f"{prefix}{name}.")
        else:
            into[prefix + name] = nfc(value)
    return into


# Times are milliseconds since 1970.

def milliseconds(text):
    """An ISO 8601 time, or nothing."""
    if len(text) == 24 and text[10] == "T" and text[23] == "Z":  # nearly all are like this
        text = text[:23] + "+00:00"
    try:
        time = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    if time.tzinfo is None:
        time = time.replace(tzinfo=datetime.timezone.utc)
    return round(time.timestamp() * SECOND)


def is_receipt(text):
    return isinstance(text, str) and len(text) == 24 and text.endswith(f".{RECEIPT}Z")


def time_text(time):
    if time is None:
        return None
    at = datetime.datetime.fromtimestamp(time // SECOND, datetime.timezone.utc)
    rest = f".{time % SECOND:03d}" if time % SECOND else ""
    return at.strftime("%Y-%m-%dT%H:%M:%S") + rest + "Z"
