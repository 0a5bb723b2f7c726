#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server made of the model: in this process, to try the differential's own code, or by itself, to
try scripts that no server can run yet:

    run.py --roster model/people/stub_server.py FILE.script...

It speaks the line dialect with other ids than the model's. `fault` spoils its answers."""

import json
import os
import re
import signal
import socketserver
import sys
import threading
import time

from model import Model

OTHER = 1000  # what its ids are off by


class Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        for line in self.rfile:
            with self.server.stub.lock:
                reply = self.server.stub.ask(line.decode().rstrip("\r\n"))
            self.wfile.write(json.dumps(reply, ensure_ascii=False).encode() + b"\n")


class Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


class StubServer:
    """The interface of roster_client.Server. `fault(line, reply)` may change a reply."""

    def __init__(self, fault=None):
        self.model = Model(int(time.time() * 1000) + 37_000)
        self.fault, self.lock = fault, threading.Lock()
        self.start()

    def start(self):
        self.listener = Listener(("127.0.0.1", 0), Handler)
        self.listener.stub = self
        self.port = self.listener.server_address[1]
        threading.Thread(target=self.listener.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self):
        self.listener.shutdown()
        self.listener.server_close()

    kill = stop

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # Ids

    def ask(self, line):
        inner = re.sub(r'(?<=[\s"])p(\d+)(?=\s|$)', lambda m: f"p{int(m[1]) - OTHER}", line)
        inner = re.sub(r"(?<=EXPECT )(\w+)x$", r"\1", inner)
        reply = self.outward(self.model.ask(inner))
        return self.fault(line, reply) or reply if self.fault else reply

    def outward(self, value, name=None):
        if isinstance(value, dict):
            return {key: self.outward(part, key) for key, part in value.items()}
        if isinstance(value, list):
            return [self.outward(part, name) for part in value]
        if name in ("profile", "from", "erased", "survivor", "loser", "redirected_from", "other",
                    "merged", "profiles", "rows") and isinstance(value, str):
            return re.sub(r"^p(\d+)$", lambda m: f"p{int(m[1]) + OTHER}", value)
        return f"{value}x" if name in ("version", "versions") else value


def serve(folder):
    """Keeps the lines that it was sent, and begins with those of an earlier time."""
    os.makedirs(folder, exist_ok=True)
    stub, path = StubServer(), os.path.join(folder, "lines")
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            for entry in file:
                stub.model.now, line = json.loads(entry)
                stub.model.ask(line)
    inner, log = stub.model.ask, open(path, "a", encoding="utf-8")

    def ask(line):
        print(json.dumps([stub.model.now, line]), file=log, flush=True)
        return inner(line)
    stub.model.ask = ask
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    print(f"ready on 127.0.0.1:{stub.port}", flush=True)
    signal.pause()


if __name__ == "__main__":
    serve(sys.argv[sys.argv.index("--data") + 1])
