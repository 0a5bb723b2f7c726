#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random people and random filters: the naive model and the real server must agree.

    differential.py --roster PROGRAM [--rounds N] [--filters N] [--people N]

A round writes a random world in batches, asks random filters as `count`, as `count` of the opposite
and as `find`, restarts (once by SIGTERM, once by kill -9, with more writes between), and asks
again. ROSTER_SEED repeats a run. A filter on which they differ is made smaller while it still
differs; the smallest is printed with a profile that one side has and the other has not."""

import json
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from filters import Presence, Printer  # noqa: E402
from roster_client import Folder, LineClient, Server, arguments, seed  # noqa: E402
from world import OPTIONAL, World, batch_line  # noqa: E402

BATCH = 50
MANY = 100_000  # more rows than there are profiles
SORTABLE = ("age", "score", "country", "birthday", "vip")


class Difference(Exception):
    pass


def write(client, calls):
    """Sends calls as batches, pipelined, and holds each reply against the model's."""
    parts = [calls[first:first + BATCH] for first in range(0, len(calls), BATCH)]
    replies = client.ask_all([batch_line(part) for part in parts], at_once=8)
    for part, reply in zip(parts, replies):
        if not reply["ok"]:
            raise Difference(f"a batch was refused: {reply['error']}\n{batch_line(part)[:2000]}")
        for (call, check), item in zip(part, reply["result"]["items"], strict=True):
            wrong = check(item)
            if wrong:
                raise Difference(f"sent {json.dumps(call, ensure_ascii=False)}\ngot  {item}\nbut  {wrong}")


class Question:
    """One filter and the requests that ask about it."""

    def __init__(self, node, world, printer, order=None):
        self.node, self.world, self.order = node, world, order
        self.filter, self.params = node.text(printer), printer.params
        self.holding = [profile for profile in world.model.profiles if node.holds(profile, world.now)]

    def lines(self):
        found = f"id where {self.filter} limit {MANY}"
        if self.order is not None:
            trait, direction, limit = self.order
            found = (f"id where ({self.filter}) and {trait} is set order by {trait} {direction} "
                     f"limit {limit}")
        for command, query in (("count", f"where {self.filter}"),
                               ("count", f"where not ({self.filter})"), ("find", found)):
            if self.params:
                yield json.dumps({"cmd": command, "query": query, "params": self.params},
                                 ensure_ascii=False)
            else:
                yield f"{command} {query}"

    def wrong(self, replies):
        """What the server's three replies have wrong, or None."""
        for reply in replies:
            if not reply["ok"]:
                return f"refused: {reply['error']}"
        count, opposite, found = (reply["result"] for reply in replies)
        all_profiles = len(self.world.model.profiles)
        if count["count"] != len(self.holding):
            return f"the server counts {count['count']}, the model {len(self.holding)}"
        if opposite["count"] != all_profiles - len(self.holding):
            return f"of {all_profiles} profiles {count['count']} and not {opposite['count']}"
        rows = [row[0] for row in found["rows"]]
        expected = self.expected_rows()
        if (rows if self.order else sorted(rows)) != expected:
            return f"the server finds {rows[:10]}…, the model {expected[:10]}…"
        return None

    def expected_rows(self):
        if self.order is None:
            return sorted(profile.pid for profile in self.holding)
        trait, direction, limit = self.order
        having = [profile for profile in self.holding if profile.get(trait) is not None]
        having.sort(key=lambda profile: int(profile.pid[1:]))  # ties by profile id
        having.sort(key=lambda profile: profile.get(trait), reverse=direction == "desc")
        return [profile.pid for profile in having[:limit]]

    def report(self, client, replies):
        """The filter and a profile on which the sides differ."""
        said = [f"filter   {self.filter}", f"params   {json.dumps(self.params)}"]
        if replies[2]["ok"] and self.order is None:
            rows = {row[0] for row in replies[2]["result"]["rows"]}
            for profile in self.world.model.profiles:
                if (profile.pid in rows) != (profile in self.holding):
                    side = "server" if profile.pid in rows else "model"
                    said.append(f"only the {side} has {profile.show()}")
                    said.append(f"GET: {client.read(f'get {profile.pid}')}")
                    break
        return "\n".join(said)


class Asker(LineClient):
    """A client that remembers how many questions agreed."""

    asked = 0

    def read(self, line):
        self.send(line.encode() + b"\n")
        return self.read_line().decode()[:3000]

    def answers(self, question):
        return self.ask_all(list(question.lines()))

    def ask_about(self, questions):
        lines = [line for question in questions for line in question.lines()]
        replies = self.ask_all(lines, at_once=96)
        for index, question in enumerate(questions):
            if question.wrong(replies[3 * index:3 * index + 3]):
                self.shrink(question)
        self.asked += len(questions)

    def shrink(self, question):
        """Drops what can be dropped while the sides differ, and raises with what is left."""
        tried, smaller = 0, True
        while smaller and tried < 2000:
            smaller = False
            for node in question.node.smaller():
                tried += 1
                candidate = Question(node, question.world, Printer(), question.order)
                if candidate.wrong(self.answers(candidate)):
                    question, smaller = candidate, True
                    break
        if question.order is not None:
            plain = Question(question.node, question.world, Printer())
            if plain.wrong(self.answers(plain)):
                question = plain
        replies = self.answers(question)
        raise Difference(f"{question.wrong(replies) or 'they differ at times only'}\n"
                         f"{list(question.lines())[2]}\n{question.report(self, replies)}")


def questions(world, number):
    for _ in range(number):
        coin = (lambda: world.random.random() < 0.4) if world.random.random() < 0.2 else None
        order = None
        if world.random.random() < 0.15:
            order = (world.random.choice(SORTABLE), world.random.choice(["asc", "desc"]),
                     world.random.randrange(1, 40))
        form = world.random.choice(["NFC", "NFC", "NFD"])
        yield Question(world.filter(), world, Printer(coin, form), order)


def everyone(world):
    """`is set` of every trait: the smallest questions about the whole state."""
    return [Question(Presence(name, "set"), world, Printer()) for name in sorted(world.model.traits)]


def learn_forms(client, world):
    """Leaves out of the filters what the language does not have yet."""
    for form in sorted(OPTIONAL):
        reply = client.ask(f"count where {OPTIONAL[form]}")
        if not reply["ok"] and reply["error"]["code"] == "PARSE":
            world.forms.remove(form)


def run_round(chance, options, people, filters):
    now = int(time.time() * 1000)
    world = World(chance, now, people)
    calls = list(world.first_calls()) + [world.call() for _ in range(people * 12)]
    with Folder() as data, Server(options.roster, os.path.join(data, "store")) as server:
        client = Asker(server.port)
        write(client, calls)
        learn_forms(client, world)
        client.ask_about(everyone(world) + list(questions(world, filters)))
        kept = list(questions(world, filters // 8))
        client.ask_about(kept)
        for end in (server.stop, server.kill):
            asked = client.asked
            client.close()
            end()
            server.start()
            client = Asker(server.port)
            client.asked = asked
            client.ask_about(kept)
            write(client, [world.call() for _ in range(people)])
            kept = list(questions(world, filters // 8))
            client.ask_about(everyone(world) + kept)
        client.close()
        return client.asked, len(world.model.profiles), sorted(set(OPTIONAL) - world.forms)


def main():
    number = {"type": int}
    options = arguments(__doc__, ("--rounds", number | {"default": 4}),
                        ("--filters", number | {"default": 1000}),
                        ("--people", number | {"default": 60}))
    first, asked, absent = seed(), 0, []
    for index in range(options.rounds):
        # Every fourth round is about many people; their filters take as much longer.
        people, filters = options.people, options.filters
        if index % 4 == 3:
            people, filters = people * 8, filters // 8
        try:
            count, profiles, absent = run_round(random.Random(f"{first}/{index}"), options, people, filters)
        except Difference as difference:
            print(f"round {index} of ROSTER_SEED={first}: the model and the server differ\n{difference}")
            sys.exit(1)
        asked += count
        print(f"round {index}: {count} filters over {profiles} profiles agree", flush=True)
    if absent:
        print(f"not in the language yet, so not asked: {', '.join(absent)}")
    print(f"{asked} filters agree")


if __name__ == "__main__":
    main()
