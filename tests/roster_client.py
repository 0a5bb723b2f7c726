# SPDX-License-Identifier: Apache-2.0
"""What the tests of the whole program share: `roster serve` as a child process, and a client for
each dialect of the wire. The standard library only; nothing of the product's code."""

import argparse
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

TIMEOUT = 60  # seconds without a byte before a test gives up; no test asserts times


def arguments(description, *options):
    """Parses --roster PATH and the given (flags, settings) options."""
    parser = argparse.ArgumentParser(description=description.split("\n")[0])
    parser.add_argument("--roster", required=True, help="the program to test")
    for flag, settings in options:
        parser.add_argument(flag, **settings)
    parsed = parser.parse_args()
    parsed.roster = os.path.abspath(parsed.roster)
    return parsed


def seed():
    """The seed of this run: ROSTER_SEED or a fresh one, printed so that it can be repeated."""
    value = int(os.environ.get("ROSTER_SEED") or random.SystemRandom().randrange(2**32))
    print(f"ROSTER_SEED={value}", flush=True)
    return value


def skip(reason):
    print(f"skipped: {reason}", flush=True)
    sys.exit(77)


class Folder:
    """A folder for the data of a test, removed at the end; as a context manager its path."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="roster-test-")
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


class Server:
    """`roster serve` on a data directory and a free port. `log` is what it printed so far."""

    def __init__(self, roster, data, *options, under=()):
        self.roster, self.data, self.options = roster, data, options
        self.process, self.port = None, None
        self.log = ""
        self.start(under)

    def start(self, under=()):
        """`under`: a command that runs it, as strace."""
        command = [*under, self.roster, "serve", "--data", self.data, "--port", "0", *self.options]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        encoding="utf-8", errors="replace")
        for line in self.process.stdout:
            self.log += line
            ready = re.match(r"ready on 127\.0\.0\.1:(\d+)$", line.strip())
            if ready:
                self.port = int(ready.group(1))
                return
        raise AssertionError(f"no `ready on` but code {self.process.wait()}:\n{self.log}")

    def stop(self):
        """Asks it to end (SIGTERM) and expects that it ends well."""
        code = self._end(signal.SIGTERM)
        if code != 0:
            raise AssertionError(f"the server ended with code {code}:\n{self.log[-4000:]}")

    def kill(self):
        """kill -9."""
        self._end(signal.SIGKILL)

    def wait(self):
        """Until it has ended by itself."""
        self._end(None)

    def _end(self, how):
        process, self.process = self.process, None
        if how is not None:
            process.send_signal(how)
        self.log += process.stdout.read()
        process.stdout.close()
        return process.wait(TIMEOUT)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process is None:
            return
        if not self.alive():
            self.log += self.process.stdout.read()
            raise AssertionError(f"the server died, code {self.process.wait()}:\n{self.log[-8000:]}")
        self.stop() if kind is None else self.kill()


class Closed(Exception):
    """The other side has closed the connection."""


class Connection:
    """Bytes to and from the server."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.bytes = self.socket.makefile("rb", buffering=1 << 18)

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Closed() from error

    def read_line(self):
        """One line without its end."""
        try:
            line = self.bytes.readline()
        except ConnectionResetError as error:
            raise Closed() from error
        if not line.endswith(b"\n"):
            raise Closed()
        return line[:-1]

    def close(self):
        self.bytes.close()
        self.socket.close()


class LineClient(Connection):
    """The line dialect: a request a line, a JSON line for each."""

    def reply(self):
        return json.loads(self.read_line())

    def ask(self, line):
        self.send(line.encode() + b"\n")
        return self.reply()

    def ask_all(self, lines, at_once=64):
        """Sends many, pipelined, and returns their replies in order."""
        replies = []
        for first in range(0, len(lines), at_once):
            part = lines[first:first + at_once]
            self.send("".join(line + "\n" for line in part).encode())
            replies += [self.reply() for _ in part]
        return replies

    def count(self, where=""):
        """What `count where …` says."""
        reply = self.ask(f"count where {where}" if where else "count")
        if not reply["ok"]:
            raise AssertionError(f"count where {where}: {reply['error']}")
        return reply["result"]["count"]


class RespClient(Connection):
    """RESP 2 and 3. Replies are decoded to what JSON can show: simple strings begin with `+` and
    errors with `-` as on the wire, bulk strings are plain, a map is an object."""

    def send_command(self, words):
        words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self.send(b"*%d\r\n" % len(words) +
                  b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))

    def ask(self, *words):
        self.send_command(words)
        return self.reply()

    def reply(self):
        line = self.read_line()
        if not line.endswith(b"\r"):
            raise AssertionError(f"not a line of RESP: {line!r}")
        kind, rest = line[:1], line[1:-1]
        if kind in b"+-":
            return (kind + rest).decode()
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return self._bulk(int(rest))
        if kind == b"*":
            return None if rest == b"-1" else [self.reply() for _ in range(int(rest))]
        if kind == b"%":
            return {self.reply(): self.reply() for _ in range(int(rest))}
        if kind == b"_":
            return None
        if kind == b"#":
            return rest == b"t"
        if kind == b",":
            return float(rest)
        # Streams, attributes, blob errors and the rest: clients die of them or hang.
        raise AssertionError(f"a RESP type that clients cannot take: {line!r}")

    def _bulk(self, length):
        if length < 0:
            return None
        data = self.bytes.read(length + 2)
        if len(data) != length + 2 or not data.endswith(b"\r\n"):
            raise Closed()
        return data[:-2].decode("utf-8", "surrogateescape")
