#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the system calls of one acknowledged write are, and in which order.

    sync_order_test.py --roster PROGRAM [--show]

The log file is written, then synced, and only when the sync has returned does the reply go out: so
it says strace, from outside."""

import json
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from roster_client import Folder, LineClient, Server, arguments, skip  # noqa: E402

CALLS = "pwrite64,fdatasync,fsync,sendto,sendmsg,write,writev"


def steps_of(trace):
    """The calls in the order in which each took effect: (name, file), a call that was interrupted
    by another thread's where it came back. A send counts where it began."""
    steps, open_calls = [], {}
    for line in trace:
        start = re.match(r"(\d+) +(\w+)\(\d+<([^>]*)>", line)
        if start:
            thread, name, file = start.groups()
            if "<unfinished" in line and not name.startswith(("send", "write")):
                open_calls[thread] = (name, file)
            else:
                steps.append((name, file))
            continue
        resumed = re.match(r"(\d+) +<\.\.\. (\w+) resumed>", line)
        if resumed and resumed.group(1) in open_calls:
            steps.append(open_calls.pop(resumed.group(1)))
    return steps


def main():
    options = arguments(__doc__, ("--show", {"action": "store_true"}))
    if not shutil.which("strace"):
        skip("there is no strace")
    if subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], stderr=subprocess.DEVNULL,
                      check=False).returncode:
        skip("strace may not look into processes here")
    with Folder() as folder:
        data, trace = os.path.join(folder, "store"), os.path.join(folder, "trace")
        server = Server(options.roster, data,
                        under=("strace", "-f", "-y", "-e", f"trace={CALLS}", "-o", trace))
        client = LineClient(server.port)
        assert client.ask("ping")["ok"]
        size = os.path.getsize(trace)
        reply = client.ask("track " + json.dumps({"userId": "u1", "event": "order",
                                                  "messageId": "the-write-to-find"}))
        assert reply["ok"], reply
        subprocess.run(["pkill", "-TERM", "-P", str(server.process.pid)], check=True)
        server.wait()
        with open(trace, encoding="utf-8", errors="replace") as file:
            file.seek(size)
            lines = file.read().splitlines()
    steps = steps_of(lines)
    if options.show:
        print("\n".join(lines[:12]))
    is_log = lambda step: re.search(r"/wal-\d+\.log$", step[1])  # noqa: E731
    is_reply = lambda step: "TCP" in step[1] or "socket" in step[1]  # noqa: E731
    written = next((i for i, s in enumerate(steps) if s[0] == "pwrite64" and is_log(s)), None)
    synced = next((i for i, s in enumerate(steps) if s[0] == "fdatasync" and is_log(s)), None)
    replied = next((i for i, s in enumerate(steps) if is_reply(s)), None)
    print(f"write of the log at step {written}, its sync at {synced}, the reply at {replied}")
    if None in (written, synced, replied) or not written < synced < replied:
        print("\n".join(lines[:40]))
        sys.exit("the order is not: write, fdatasync, reply")


if __name__ == "__main__":
    main()
