#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random commands on people: the model and the real server must agree.

    differential.py --roster PROGRAM [--rounds N] [--first N] [--commands N] [--jobs N]
                    [--replay FILE]

A round sends a random sequence, pipelined, to a server on an empty directory, compares each reply,
and then the whole state: at the end and, every fourth round, after SIGTERM and a start, and after
a snapshot, kill -9 and a start. The sequence of every fifth is one whose order must not matter (R12): it is
sent in two orders to two servers, each is compared with the model, and what the two show with each
other (canonical.py). When they differ the sequence is made smaller while they still do, each try on
a directory of its own, and printed as a file that --replay takes. ROSTER_SEED repeats a run,
from its round --first on, ROSTER_SIZE is another default for --rounds, --jobs plays so many rounds side by side.
`--roster stub` runs against the model itself. `--survey` plays all rounds, makes nothing smaller,
and prints what each differs in.

For a server that has not all of it yet: `--without merge,unmerge,declare` leaves out kinds of
commands (kinds.py; `declare`: no policies, `permutable`: no such rounds), `--reads get,timeline`
compares only these of get, timeline, sessions, history, ids, conflicts."""

import json
import multiprocessing
import os
import random
import re
import sys
import time
from collections import Counter
from contextlib import closing

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", ".."))
sys.path.insert(0, HERE)
from canonical import first_difference, picture  # noqa: E402
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
MILLISECONDS = 0.002  # more than the clock's step
SHRINK_SECONDS = 300
MANY = 10_000  # the most that can be asked for; more than a profile has of anything


class Run:
    """One sequence against one server. Ids that the server gives are its own; `names` knows which
    is which."""

    reads = ("get", "timeline", "sessions", "history", "ids", "conflicts")

    def __init__(self, server, now, played=None):
        """`played`: a model that was told the steps already, and its replies."""
        self.server, self.names, self.played = server, Names(), played is not None
        self.model, self.ours = played or (Model(now), {})
        self.theirs = {}  # replies by step

    def send(self, client, steps):
        """Sends steps pipelined as far as they do not need a reply to one of them."""
        part = []
        for number, line in steps:
            needs = {int(step) for step in re.findall(r"\$\((\d+)\.", line)}
            # Its time is, or hangs on, that of the receipt: one of its own.
            received = '"timestamp"' not in line or '"sentAt"' in line
            if len(part) == AT_ONCE or received or needs & {step for step, _ in part}:
                self.exchange(client, part)
                part = []
            part.append((number, line))
            if received:
                self.exchange(client, part)
                part = []
                time.sleep(MILLISECONDS)
        self.exchange(client, part)

    def exchange(self, client, part):
        lines = [filled(line, self.theirs) for _, line in part]
        for (number, line), sent, reply in zip(part, lines, client.ask_all(lines, AT_ONCE)):
            self.theirs[number] = reply
            if not self.played:
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
        ours = [self.conflict_of(each) for each in self.model.list_conflicts()]
        same("conflicts", sorted(ours), sorted(self.conflict_of(each, True) for each in theirs))

    def conflict_of(self, entry, theirs=False):
        """What is to agree; the profiles by the model's ids, as far as a reply named them."""
        def profile(name):
            known = entry.get(name)
            if theirs:
                return self.names.ours.get(("profile", known)) or ""
            return known if ("profile", known) in self.names.theirs else ""
        return entry["identity"], entry["reason"], profile("profile"), profile("other")


READS = (("get", " EVENTS 20", lambda ours, theirs: compare_get(ours["get"], theirs)),
         ("timeline", f" LIMIT {MANY}",
          lambda ours, theirs: compare_timeline(ours["timeline"], theirs["events"])),
         ("sessions", f" LIMIT {MANY}",
          lambda ours, theirs: compare_sessions(ours["sessions"], theirs["sessions"])),
         ("history", "", lambda ours, theirs: compare_history(ours["history"], theirs["history"])))


def make_snapshot(server):
    """A snapshot, which reads back."""
    with closing(LineClient(server.port)) as client:
        reply = client.ask("snapshot")
        if not reply["ok"]:
            differ("snapshot", "made", reply["error"])


def play(make_server, steps, now, restarts=True, played=None, shown=None):
    """What differs, as text, or None. `make_server(folder)` is a context manager. `shown`, a list,
    gets the picture of what the server shows at the end."""
    with Folder() as folder:
        ended = ""
        try:
            with make_server(os.path.join(folder, "store")) as server:
                run = Run(server, now, played)
                with closing(LineClient(server.port)) as client:
                    run.send(client, steps)
                    run.compare(client)
                    if shown is not None:
                        shown.append(picture(client, now))
                for end in (server.stop, server.kill) if restarts else ():
                    if end == server.kill:  # the second start is from a snapshot
                        make_snapshot(server)
                    end()
                    server.start()
                    ended = f"after a restart by {end.__name__}: "
                    with closing(LineClient(server.port)) as client:
                        run.compare(client)
        except Difference as difference:
            return ended + str(difference)
        except (Closed, AssertionError, OSError) as error:
            return f"{ended}the server: {type(error).__name__} {error}"
    return None


def play_orders(make_server, steps, other, now, restarts=True):
    """The same for steps in two orders: each against the model, then each against the other."""
    shown = []
    for order in (steps, other):
        difference = play(make_server, order, now, restarts, None, shown)
        if difference:
            return difference
    difference = first_difference(*shown)
    return difference and f"two orders show: {difference}"


def kind_of(difference):
    """What differs, without the values: the smaller sequence is to differ in the same."""
    return re.sub(r"\d+", "", difference.rsplit("\n", 1)[-1].split(": the model has")[0])


def shrink(differs, steps):
    """The smallest sequence found that still differs, and the difference. Parts are left out,
    halves first, then smaller ones, until no single step can go or the time is over."""
    difference, until = differs(steps), time.monotonic() + SHRINK_SECONDS
    kind = difference and kind_of(difference)
    size = max(1, len(steps) // 2)
    while time.monotonic() < until:
        before = len(steps)
        for first in range(len(steps) - size, -size, -size):  # from the end: less depends on it
            less = steps[:max(0, first)] + steps[max(0, first) + size + min(0, first):]
            found = less and len(less) < len(steps) and differs(less)
            if found and kind_of(found) == kind:
                steps, difference = less, found
            if time.monotonic() > until:
                break
        if size == 1 and len(steps) == before:
            break
        size = size if len(steps) < before else max(1, size // 2)
    return steps, difference


class Round:
    """The steps of a round, from its seed and number."""

    def __init__(self, first, index, flags):
        self.name, self.restarts = f"{first}/{index}", index % 4 == 0
        self.now = int(time.time() * 1000)
        chance, without = random.Random(self.name), flags.without
        self.other, self.played = None, None
        if index % 5 == 4 and "permutable" not in without:
            made = Permutable(chance, self.now, flags.commands, ties=False)
            before = list(enumerate(made.before, 1))
            steps = list(enumerate(made.commands, len(before) + 1))
            self.steps = before + chance.sample(steps, len(steps))
            self.other = before + chance.sample(steps, len(steps))
            self.kinds = Counter(line.split()[0] for line in made.commands)
        else:
            world = World(chance, self.now, without)
            self.steps = world.steps(flags.commands)
            self.played, self.kinds = (world.model, world.replies), world.made

    def play(self, make_server):
        if self.other:
            return play_orders(make_server, self.steps, self.other, self.now, self.restarts)
        return play(make_server, self.steps, self.now, self.restarts, self.played)

    def shrink(self, make_server, difference):
        restarts = "after a restart" in difference
        if "two orders show" not in difference:
            order = self.steps
            if self.other and not play(make_server, order, self.now, restarts):
                order = self.other
            return shrink(lambda steps: play(make_server, steps, self.now, restarts), order)

        def differs(steps):
            kept = set(steps)
            other = [step for step in self.other if step in kept]
            return play_orders(make_server, steps, other, self.now, restarts)
        return shrink(differs, self.steps)


def report(make_server, played, difference):
    print(f"{played.name}: the model and the server differ\n{difference}\n", flush=True)
    small, smaller = played.shrink(make_server, difference)
    path = f"people-{played.name.replace('/', '-')}.steps"
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(f"{number} {line}\n" for number, line in small)
    print(f"smallest sequence ({len(small)} of {len(played.steps)} commands, in {path}):")
    print("\n".join(f"{number:4} {line}" for number, line in small))
    print(f"\n{smaller}")


class Rounds:
    """Plays rounds; as a function of their number for processes side by side."""

    def __init__(self, flags):
        self.flags = flags

    def server(self, folder):
        if os.path.basename(self.flags.roster) == "stub":
            return StubServer()
        return Server(self.flags.roster, folder)

    def __call__(self, index):
        played = Round(self.flags.seed, index, self.flags)
        return index, played.play(self.server), len(played.steps), played.kinds

    def run(self):
        """Stops at the first difference, unless it is a survey. Returns how many there are."""
        flags, begun, commands, kinds, differ = self.flags, time.monotonic(), 0, Counter(), 0
        with multiprocessing.Pool(flags.jobs) as pool:
            for index, difference, count, made in pool.imap_unordered(
                    self, range(flags.first, flags.first + flags.rounds)):
                commands, kinds = commands + count, kinds + made
                if difference and flags.survey:
                    differ += 1
                    print(f"{flags.seed}/{index}: {difference.splitlines()[-1].strip()[:300]}",
                          flush=True)
                elif difference:
                    pool.terminate()
                    report(self.server, Round(flags.seed, index, flags), difference)
                    return 1
        seconds = time.monotonic() - begun
        print(f"{commands} commands of {len(kinds)} kinds in {flags.rounds - differ} of "
              f"{flags.rounds} rounds agree, in {seconds:.0f} s")
        return differ


def replay(flags, path):
    with open(path, encoding="utf-8") as file:
        parts = [line.rstrip("\n").split(" ", 1) for line in file]
    difference = play(Rounds(flags).server, [(int(number), line) for number, line in parts],
                      int(time.time() * 1000))
    print(difference or "no difference")
    return difference is not None


def main():
    integer, rounds = {"type": int}, int(os.environ.get("ROSTER_SIZE") or 20)
    flags = arguments(__doc__, ("--rounds", integer | {"default": rounds}),
                      ("--first", integer | {"default": 0}),
                      ("--commands", integer | {"default": 200}),
                      ("--jobs", integer | {"default": 1}), ("--replay", {}),
                      ("--survey", {"action": "store_true"}),
                      ("--without", {"default": ""}), ("--reads", {"default": ""}))
    flags.without = set(filter(None, flags.without.split(",")))
    unknown = flags.without - set(KINDS) - {"declare", "permutable"}
    if unknown:
        sys.exit(f"no such kind: {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}")
    if flags.reads:
        Run.reads = flags.reads.split(",")
    if flags.replay:
        sys.exit(replay(flags, flags.replay))
    flags.seed = seed()
    sys.exit(1 if Rounds(flags).run() else 0)


if __name__ == "__main__":
    main()
