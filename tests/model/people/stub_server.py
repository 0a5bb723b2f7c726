# SPDX-License-Identifier: Apache-2.0
"""A server made of the model, in this process, to try the differential's own code: it speaks the
line dialect with other ids than the model's, in PROTOCOL's shapes. `fault` spoils its answers."""

import json
import re
import socketserver
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
        if line == "count including archived":
            return {"ok": True, "result": {"count": len(self.model.visible())}}
        inner = re.sub(r"(?<=\s)p(\d+)(?=\s|$)", lambda m: f"p{int(m[1]) - OTHER}", line)
        inner = re.sub(r"(?<=EXPECT )(\d+)$", lambda m: str(int(m[1]) - OTHER), inner)
        reply = self.model.ask(re.sub(r" (LIMIT|EVENTS) \d+", "", inner))
        reply = self.outward(reply)
        if reply["ok"] and line.startswith("get "):
            reply["result"] = self.shaped(reply["result"])
        return self.fault(line, reply) or reply if self.fault else reply

    def outward(self, value, name=None):
        if isinstance(value, dict):
            return {key: self.outward(part, key) for key, part in value.items()}
        if isinstance(value, list):
            return [self.outward(part, name) for part in value]
        if name in ("profile", "from", "erased", "survivor", "loser", "redirected_from", "other"):
            return re.sub(r"^p(\d+)$", lambda m: f"p{int(m[1]) + OTHER}", value) if value else None
        return value + OTHER if name in ("version", "versions") else value

    @staticmethod
    def shaped(shown):
        """GET as PROTOCOL has it."""
        def identity(text, **more):
            namespace, _, value = text.partition(":")
            return {"namespace": namespace, "value": value} | more
        shown["identities"] = [identity(each) for each in shown["identities"]] + [
            identity(each, retired=True) for each in shown.pop("retired")]
        shown["notes"] = [{"id": id, "text": text} for text, id in shown["notes"]]
        shown["consent"] = {channel: {"decision": decision}
                            for channel, decision in shown["consent"].items()}
        return {name: value for name, value in shown.items() if value not in (None, [], {})}
