#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs text scripts (request, expected reply) against the real server over TCP.

    run.py --roster PROGRAM [--show] [FILE.script...]     all scripts beside this file unless named

Each script gets a server of its own on an empty data directory. Lines of a script:

    # words               a comment; blank lines are nothing
    > count where a = 1   a request of the line dialect. Requests that follow each other without a
                          reply between are sent together (pipelined); replies come in order
    < {"ok":true, ...}    its reply, a pattern (below)
    eventually> REQUEST   sends it again until the reply fits, for at most half a minute
    resp> GET "p 1" x     a command in RESP: words as in a shell, `""` is an empty one
    resp< "+PONG"         its reply, decoded: simple strings begin with `+`, errors with `-`, bulk
                          strings are plain, a map is an object, nil is null
    raw> \\x16\\x03\\r\\n     bytes as they are, with the escapes of Python
    raw< +PONG\\r\\n        these bytes come next, in answer to all that was sent
    closed                the server closes this connection, with nothing before that
    connection NAME       goes on with the connection of this name (at first `main`); `resp` lines
                          have one of their own, and each is opened when it is first used
    hang up               closes the connection from our side
    restart               SIGTERM, code 0, and a start on the same data; connections open anew
    kill                  the same with kill -9
    log TEXT              the server has printed this (a regular expression)
    log without TEXT      the server has not

In requests `$(name)` is what a pattern has bound, `{{x*100}}` is a hundred x, `{{now-30d+500ms}}` is
an instant (ISO 8601, UTC) counted from the start of the script; units are ms s m h d.

A pattern is JSON with these words outside strings:

    *  any value;  *name  any value but null, bound to the name: there again it must be the same
    ...  in an object: other members too; at the end of a list: further elements
    ~"expression"  text in which the regular expression is found
    %"text"  the string of this text, in requests' notation (`$(name)`)

`lsn` and `took_us` of a reply need not be said; when they are, they must fit. Booleans, numbers
and text differ; 2 and 2.0 do not."""

import datetime
import glob
import json
import os
import re
import shlex
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from roster_client import Closed, Folder, LineClient, RespClient, Server, arguments  # noqa: E402

PATIENCE = 30  # seconds of `eventually`
UNSAID = ("lsn", "took_us")
MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
TOKEN = re.compile(r'[~%]?"(?:[^"\\]|\\.)*"|\*\w*|\.\.\.|[\[\]{}]|[^"*.~%\[\]{}]+|[.~%]')


class Failure(Exception):
    """What a script shows to be wrong."""


class Any:
    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return "*" + self.name


class Found:
    def __init__(self, expression):
        self.expression = expression

    def __repr__(self):
        return f'~"{self.expression}"'


class Said:
    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return f'%"{self.text}"'


MORE = "$more"


def parse_pattern(text):
    """A pattern as JSON values with Any, Found, Said and MORE in them."""
    inside, out = [], []
    for token in TOKEN.findall(text):
        if token in "[{":
            inside.append(token)
        elif token in "]}" and inside:
            inside.pop()
        if token == "...":
            token = f'"{MORE}":0' if inside and inside[-1] == "{" else f'"{MORE}"'
        elif token[0] == "*":
            token = json.dumps({"$any": token[1:]})
        elif token[:2] in ('~"', '%"'):
            token = '{"$%s":%s}' % ("found" if token[0] == "~" else "said", token[1:])
        out.append(token)

    def revive(members):
        for mark, made in (("$any", Any), ("$found", Found), ("$said", Said)):
            if list(members) == [mark]:
                return made(members[mark])
        return members
    try:
        return json.loads("".join(out), object_hook=revive)
    except ValueError as error:
        raise Failure(f"this pattern is none: {error}") from error


def mismatch(pattern, value, bound, expand, path="reply"):
    """Why a value does not fit a pattern, or None."""
    if isinstance(pattern, Any):
        if not pattern.name:
            return None
        if value is None:
            return f"{path} is null"
        known = bound.setdefault(pattern.name, value)
        return None if same(known, value) else f"{path} is {value!r}, but {pattern!r} is {known!r}"
    if isinstance(pattern, Found):
        fits = isinstance(value, str) and re.search(pattern.expression, value)
        return None if fits else f"{path} is {value!r}, not {pattern!r}"
    if isinstance(pattern, Said):
        said = expand(pattern.text)
        return None if value == said else f"{path} is {value!r}, not {said!r}"
    if isinstance(pattern, dict) and isinstance(value, dict):
        return object_mismatch(pattern, value, bound, expand, path)
    if isinstance(pattern, list) and isinstance(value, list):
        return list_mismatch(pattern, value, bound, expand, path)
    return None if same(pattern, value) else f"{path} is {value!r}, not {pattern!r}"


def object_mismatch(pattern, value, bound, expand, path):
    for key, part in pattern.items():
        if key == MORE:
            continue
        if key not in value:
            return f"{path} has no `{key}`"
        wrong = mismatch(part, value[key], bound, expand, f"{path}.{key}")
        if wrong:
            return wrong
    allowed = UNSAID if path == "reply" else ()
    further = [key for key in value if key not in pattern and key not in allowed]
    return f"{path} also has {further}" if further and MORE not in pattern else None


def list_mismatch(pattern, value, bound, expand, path):
    more = bool(pattern) and pattern[-1] == MORE
    parts = pattern[:-1] if more else pattern
    if len(value) < len(parts) or (len(value) > len(parts) and not more):
        return f"{path} has {len(value)} elements, not {len(parts)}"
    for index, part in enumerate(parts):
        wrong = mismatch(part, value[index], bound, expand, f"{path}[{index}]")
        if wrong:
            return wrong
    return None


def same(left, right):
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return left == right


class Script:
    """One file against one server."""

    def __init__(self, path, roster, data, show):
        self.path, self.show = path, show
        self.server = Server(roster, data)
        self.started = datetime.datetime.now(datetime.timezone.utc)
        self.bound, self.clients = {}, {}
        self.current, self.kind = "main", LineClient  # of the latest step
        self.unsent, self.unread = b"", []  # requests not yet sent; those without a reply yet
        self.repeated = None

    # Words in requests

    def expand(self, text):
        def bound(match):
            if match.group(1) not in self.bound:
                raise Failure(f"nothing is bound to {match.group(1)}")
            return str(self.bound[match.group(1)])
        text = re.sub(r"\$\((\w+)\)", bound, text)
        text = re.sub(r"\{\{([^{}]+?)\*(\d+)\}\}", lambda m: m.group(1) * int(m.group(2)), text)
        return re.sub(r"\{\{now((?:[+-]\d+(?:ms|s|m|h|d))*)\}\}", self.instant, text)

    def instant(self, match):
        steps = re.findall(r"([+-]\d+)(ms|s|m|h|d)", match.group(1))
        moved = sum(int(number) * MILLISECONDS[unit] for number, unit in steps)
        at = self.started + datetime.timedelta(milliseconds=moved)
        return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"

    # Connections

    def client(self, kind):
        """The connection of the name that the script is at, one for each dialect."""
        self.kind = kind
        key = self.current, kind
        if key not in self.clients:
            self.clients[key] = kind(self.server.port)
        return self.clients[key]

    def ask(self, data, kind, text):
        if self.repeated is not None:
            raise Failure("a request between `eventually>` and its reply")
        self.client(kind)
        self.unsent += data
        self.unread.append(text)

    def reply(self, kind):
        client = self.client(kind)
        client.send(self.unsent)
        self.unsent = b""
        return client.reply()

    def expect(self, text, kind):
        pattern = parse_pattern(text)
        if self.repeated is not None:
            return self.expect_in_time(pattern)
        if not self.unread:
            raise Failure("no request before this reply")
        request = self.unread.pop(0)
        try:
            value = self.reply(kind)
        except Closed as error:
            raise Failure(f"sent     {request[:300]}\n  and the server closed") from error
        except ValueError as error:
            raise Failure(f"sent     {request[:300]}\n  not JSON: {error}") from error
        self.check(pattern, value, request)

    def expect_in_time(self, pattern):
        request, self.repeated = self.repeated, None
        until = time.monotonic() + PATIENCE
        while True:
            value = self.client(LineClient).ask(request)
            if not mismatch(pattern, value, dict(self.bound), self.expand):
                return
            if time.monotonic() > until:
                self.check(pattern, value, request)
                return
            time.sleep(0.05)

    def check(self, pattern, value, request):
        shown = json.dumps(value, ensure_ascii=False)
        if self.show:
            print(f"  {request[:200]}\n    {shown[:2000]}")
        wrong = mismatch(pattern, value, self.bound, self.expand)
        if wrong:
            raise Failure(f"sent     {request[:300]}\n  got      {shown[:1500]}\n  but      {wrong}")

    def settled(self):
        if self.unread or self.unsent or self.repeated is not None:
            raise Failure("a request without its reply before this")

    # Lines

    def step(self, line):
        word, _, rest = line.partition(" ")
        steps = {">": self.line_request, "<": lambda text: self.expect(text, LineClient),
                 "eventually>": self.eventually, "resp>": self.resp_request,
                 "resp<": lambda text: self.expect(text, RespClient),
                 "raw>": self.raw_request, "raw<": self.raw_reply, "closed": self.closed,
                 "connection": self.connection, "hang": self.hang_up, "restart": self.restart,
                 "kill": self.kill, "log": self.log}
        if word not in steps:
            raise Failure(f"no such step: {word}")
        steps[word](rest)

    def line_request(self, text):
        text = self.expand(text)
        self.ask(text.encode() + b"\n", LineClient, text)

    def eventually(self, text):
        self.settled()
        self.repeated = self.expand(text)

    def resp_request(self, text):
        words = [self.expand(word).encode() for word in shlex.split(text)]
        self.ask(b"*%d\r\n" % len(words) +
                 b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words), RespClient, text)

    def raw_request(self, text):
        data = unescaped(self.expand(text))
        self.client(LineClient).send(data)
        self.unread += [text] * data.count(b"\n")

    def raw_reply(self, text):
        request, expected = " ".join(self.unread), unescaped(self.expand(text))
        self.unread = []
        try:
            got = self.client(LineClient).bytes.read(len(expected))
        except ConnectionResetError:
            got = b""
        if got != expected:
            raise Failure(f"sent     {request}\n  got      {got!r}\n  expected {expected!r}")

    def closed(self, _):
        client = self.client(self.kind)
        try:
            client.send(self.unsent)
            left = client.bytes.read()
        except (Closed, ConnectionResetError):
            left = b""
        if left:
            raise Failure(f"before it closed the server sent {left[:500]!r}")
        self.unsent, self.unread = b"", []
        self.clients.pop((self.current, self.kind)).close()

    def connection(self, name):
        self.settled()
        self.current = name

    def hang_up(self, _):
        client = self.clients.pop((self.current, self.kind))
        client.send(self.unsent)
        client.close()
        self.unsent, self.unread = b"", []

    def restart(self, _):
        self.settled()
        self.drop_clients()
        self.server.stop()
        self.server.start()

    def kill(self, _):
        self.drop_clients()
        self.server.kill()
        self.server.start()

    def log(self, text):
        without, _, rest = text.partition(" ")
        self.drop_clients()
        self.server.stop()  # all that it has to say has been read then
        found = re.search(rest if without == "without" else text, self.server.log)
        self.server.start()
        if bool(found) == (without == "without"):
            raise Failure(f"the server printed\n{self.server.log[-3000:]}")

    def drop_clients(self):
        for client in self.clients.values():
            client.close()
        self.clients, self.unsent, self.unread = {}, b"", []

    def run(self):
        """Returns what is wrong as text, or None."""
        number = 0
        try:
            with self.server, open(self.path, encoding="utf-8") as file:
                for number, line in enumerate(file, 1):
                    line = line.rstrip("\n")
                    if line.strip() and not line.startswith("#"):
                        self.step(line)
                self.settled()
                self.drop_clients()
        except (Failure, AssertionError, Closed, OSError, ValueError) as error:
            said = str(error) or type(error).__name__
            return f"{os.path.basename(self.path)}:{number}: failed\n  {said}"
        return None


def unescaped(text):
    return text.encode("latin-1", "backslashreplace").decode("unicode_escape").encode("latin-1")


def main():
    options = arguments(__doc__, ("files", {"nargs": "*"}), ("--show", {"action": "store_true"}))
    here = os.path.dirname(os.path.abspath(__file__))
    paths = options.files or sorted(glob.glob(os.path.join(here, "*.script")))
    failed = 0
    for path in paths:
        if options.show:
            print(os.path.basename(path))
        with Folder() as data:
            wrong = Script(path, options.roster, os.path.join(data, "store"), options.show).run()
        if wrong:
            failed += 1
            print(wrong, flush=True)
    print(f"{len(paths) - failed} of {len(paths)} scripts as expected")
    sys.exit(1 if failed or not paths else 0)


if __name__ == "__main__":
    main()
