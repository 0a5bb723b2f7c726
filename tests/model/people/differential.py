#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random commands on people: the model and the real server must agree.

    differential.py --roster PROGRAM [--rounds N] [--commands N] [--replay FILE]

A round sends a random sequence (every fifth: one whose order must not matter), pipelined, to a
server on an empty directory, compares each reply, and then the whole state: at the end, after
SIGTERM and a start, after kill -9 and a start. When they differ the sequence is made smaller while
they still do, each try on a directory of its own, and printed as a file that --replay takes.
ROSTER_SEED repeats a run. `--roster stub` runs against the model itself.

For a server that has not all of it yet: `--without merge,unmerge,declare` leaves out kinds of
commands (kinds.py; `declare`: no policies, `permutable`: no such rounds), `--reads get,timeline`
compares only these of get, timeline, sessions, history, ids, conflicts."""

import json
import os
import random
import re
import sys
import time
from contextlib import closing

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", ".."))
sys.path.insert(0, HERE)
from compare import (Difference, Names, compare_get, compare_history,  # noqa: E402
                     compare_sessions, compare_timeline, differ, same)
from kinds import KINDS  # noqa: E402
from model import Model  # noqa: E402
from names import text_of  # noqa: E402
from permutable import Permutable  # noqa: E402
from roster_client import Closed, Folder, LineClient, Server, arguments, seed  # noqa: E402
from stub_server import StubServer  # noqa: E402
from world import World, filled  # noqa: E402

AT_ONCE = 32  # requests on their way
SHRINK_SECONDS = 300
MANY = 100_000  # more than a profile has of anything


class Run:
    """One sequence against one server. Ids that the server gives are its own; `names` knows which
    is which."""

    reads = ("get", "timeline", "sessions", "history", "ids", "conflicts")

    def __init__(self, server, now):
        self.server, self.model, self.names = server, Model(now), Names()
        self.ours, self.theirs = {}, {}  # replies by step

    def send(self, client, steps):
        """Sends steps pipelined as far as they do not need a reply to one of them."""
        part = []
        for number, line in steps:
            needs = {int(step) for step in re.findall(r"\$\((\d+)\.", line)}
            if len(part) == AT_ONCE or needs & {step for step, _ in part}:
                self.exchange(client, part)
                part = []
            part.append((number, line))
        self.exchange(client, part)

    def exchange(self, client, part):
        lines = [filled(line, self.theirs) for _, line in part]
        for (number, line), sent, reply in zip(part, lines, client.ask_all(lines, AT_ONCE)):
            self.theirs[number] = reply
            self.ours[number] = self.model.ask(filled(line, self.ours))
            try:
                self.names.reply(self.ours[number], reply)
            except (Difference, ValueError, TypeError) as error:
                said = [json.dumps(each, ensure_ascii=False)[:1500]
                        for each in (reply, self.ours[number])]
                raise Difference(f"step {number}: {sent}\n  server {said[0]}\n  model  {said[1]}\n"
                                 f"  {error}") from error

    # The whole state

    def compare(self, client):
        """Every profile that has a name, by it, and every id that a reply named."""
        picture, asked = self.model.picture(), []
        for pid in self.model.visible():
            name = self.name_of(pid)
            if name is not None:
                asked += [(f"{verb} {name}{rest}", pid, read) for verb, rest, read in READS
                          if verb in self.reads]
        replies = client.ask_all([line for line, _, _ in asked], AT_ONCE)
        for (line, pid, read), reply in zip(asked, replies, strict=True):
            self.compare_read(line, picture[f"p{pid}"], read, reply)
        if "ids" in self.reads:
            self.compare_ids(client)
        self.compare_totals(client)

    def name_of(self, pid):
        """An identity that can be written as a word, else the id that the server said."""
        for identity in self.model.all_identities(pid):
            if not re.search(r"\s", identity[1]):
                return text_of(identity)
        return self.names.theirs.get(("profile", f"p{pid}"))

    @staticmethod
    def compare_read(line, ours, read, reply):
        try:
            if not reply["ok"]:
                differ("reply", "a profile", reply)
            read(ours, reply["result"])
        except (Difference, KeyError, TypeError, AttributeError, ValueError) as error:
            raise Difference(f"{line}\n  server {json.dumps(reply, ensure_ascii=False)[:3000]}\n"
                             f"  {type(error).__name__}: {error}") from error

    def compare_ids(self, client):
        """Redirects: where each id that a reply named leads."""
        known = [(ours, theirs) for (kind, ours), theirs in self.names.theirs.items()
                 if kind == "profile"]
        replies = client.ask_all([f"get {theirs} EVENTS 0" for _, theirs in known], AT_ONCE)
        for (ours, theirs), reply in zip(known, replies):
            number = int(ours[1:])
            if number not in self.model.profiles:
                if reply["ok"] or reply["error"]["code"] != "NOPROFILE":
                    differ(f"get {theirs}", "NOPROFILE", reply)
                continue
            if not reply["ok"]:
                differ(f"get {theirs}", "a profile", reply)
            now = self.model.resolve(number)
            self.names.bind(f"get {theirs}", "profile", f"p{now}", reply["result"].get("profile"))
            same(f"get {theirs}.redirected_from", theirs if now != number else None,
                 reply["result"].get("redirected_from"))

    def compare_totals(self, client):
        reply = client.ask("count including archived")
        if reply["ok"]:
            same("count including archived", len(self.model.visible()), reply["result"]["count"])
        if "conflicts" not in self.reads:
            return
        reply = client.ask(f"conflicts LIMIT {MANY}")
        if not reply["ok"]:
            differ("conflicts", "a list", reply)
        theirs = reply["result"]
        theirs = theirs.get("conflicts", []) if isinstance(theirs, dict) else theirs
        same("conflicts", sorted(each["identity"] for each in self.model.list_conflicts()),
             sorted(each["identity"] for each in theirs))


READS = (("get", " EVENTS 20", lambda ours, theirs: compare_get(ours["get"], theirs)),
         ("timeline", f" LIMIT {MANY}",
          lambda ours, theirs: compare_timeline(ours["timeline"], theirs["events"])),
         ("sessions", f" LIMIT {MANY}",
          lambda ours, theirs: compare_sessions(ours["sessions"], theirs["sessions"])),
         ("history", "", lambda ours, theirs: compare_history(ours["history"], theirs["history"])))


def play(make_server, steps, now, restarts=True):
    """What differs, as text, or None. `make_server(folder)` is a context manager."""
    with Folder() as folder:
        try:
            with make_server(os.path.join(folder, "store")) as server:
                run, ended = Run(server, now), ""
                with closing(LineClient(server.port)) as client:
                    run.send(client, steps)
                    run.compare(client)
                for end in (server.stop, server.kill) if restarts else ():
                    end()
                    server.start()
                    ended = f"after a restart by {end.__name__}: "
                    with closing(LineClient(server.port)) as client:
                        run.compare(client)
        except Difference as difference:
            return ended + str(difference)
        except (Closed, AssertionError, OSError) as error:
            return f"the server: {type(error).__name__} {error}"
    return None


def shrink(make_server, steps, now, restarts=True):
    """The smallest sequence found that still differs, and the difference. Parts are left out,
    halves first, then smaller ones, until no single step can go or the time is over."""
    difference, until = play(make_server, steps, now, restarts), time.monotonic() + SHRINK_SECONDS
    size = max(1, len(steps) // 2)
    while time.monotonic() < until:
        before = len(steps)
        for first in range(len(steps) - size, -size, -size):  # from the end: less depends on it
            less = steps[:max(0, first)] + steps[max(0, first) + size + min(0, first):]
            found = less and len(less) < len(steps) and play(make_server, less, now, restarts)
            if found:
                steps, difference = less, found
            if time.monotonic() > until:
                break
        if size == 1 and len(steps) == before:
            break
        size = size if len(steps) < before else max(1, size // 2)
    return steps, difference


def report(make_server, steps, now, difference, name):
    print(f"{name}: the model and the server differ\n{difference}\n", flush=True)
    small, smaller = shrink(make_server, steps, now, "after a restart" in difference)
    path = f"people-{name.replace('/', '-')}.steps"
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(f"{number} {line}\n" for number, line in small)
    print(f"smallest sequence ({len(small)} of {len(steps)} commands, in {path}):")
    print("\n".join(f"{number:4} {line}" for number, line in small))
    print(f"\n{smaller}")


def make_steps(chance, now, count, permuted, without):
    if not permuted or "permutable" in without:
        return World(chance, now, without).steps(count)
    made = Permutable(chance, now, count, ties=False)
    chance.shuffle(made.commands)
    return list(enumerate(made.before + made.commands, 1))


def main():
    integer = {"type": int}
    options = arguments(__doc__, ("--rounds", integer | {"default": 20}),
                        ("--commands", integer | {"default": 200}), ("--replay", {}),
                        ("--without", {"default": ""}), ("--reads", {"default": ""}))

    def make_server(folder):
        if os.path.basename(options.roster) == "stub":
            return StubServer()
        return Server(options.roster, folder)
    without = set(filter(None, options.without.split(",")))
    unknown = without - set(KINDS) - {"declare", "permutable"}
    if unknown:
        sys.exit(f"no such kind: {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}")
    if options.reads:
        Run.reads = options.reads.split(",")
    now = int(time.time() * 1000)
    if options.replay:
        with open(options.replay, encoding="utf-8") as file:
            parts = [line.rstrip("\n").split(" ", 1) for line in file]
        difference = play(make_server, [(int(number), line) for number, line in parts], now)
        print(difference or "no difference")
        sys.exit(1 if difference else 0)
    first, commands = seed(), 0
    for index in range(options.rounds):
        chance = random.Random(f"{first}/{index}")
        steps = make_steps(chance, now, options.commands, index % 5 == 4, without)
        # Restarts take as long as a round; every fourth has them.
        difference = play(make_server, steps, now, index % 4 == 0)
        if difference:
            report(make_server, steps, now, difference, f"{first}/{index}")
            sys.exit(1)
        commands += len(steps)
    print(f"{commands} commands in {options.rounds} rounds agree")


if __name__ == "__main__":
    main()
