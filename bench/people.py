#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What do people cost over TCP, and through the C++ API beside it?

    bench/run people [--seconds N] [--folder DIR]

`bench/run people` runs people_bench first (people_bench.cc says what is measured there); this puts
its figures and those over TCP, each by one connection to a server that syncs, into one table with
their goals, and keeps it as JSON in build/bench/people.json."""

import json
import os
import shutil
import tempfile
import time

import results  # first: from where the client comes
from roster_client import LineClient, Server

BATCH = 500
EVENTS = 20  # of each side of a merge
START = "2026-01-01T00:"

# Name in people_bench, what it is, what is shown of it, the goal.
API = (("BM_Identify/", "identify, batches of 500", "rate", "300,000/s"),
       ("BM_Track/", "track, batches of 500", "rate", "300,000/s"),
       ("BM_MergeVisitor/", "merge by identify: visitor, 2 x 20 events", "rate", "50,000/s"),
       ("BM_MergeVouched/", "merge by identify, vouched, 2 x 20 events", "rate", "50,000/s"),
       ("BM_MergePreview/", "merge by hand: previews", "rate", ""),
       ("BM_MergeApply/", "merge by hand: applies, 500 in flight", "rate", "50,000/s"),
       ("BM_Unmerge/", "unmerge, 500 in flight", "rate", ""),
       ("BM_Get/1000", "get, 1,000 events (newest 20 shown)", "time", "1 ms"),
       ("BM_Get/10000", "get, 10,000 events", "time", ""),
       ("BM_GetNoEvents/1000", "get, traits only, 1,000 events", "time", ""),
       ("BM_Timeline/1000/50", "timeline, 50 of 1,000", "time", ""),
       ("BM_Timeline/1000/1000", "timeline, 1,000 of 1,000", "time", ""),
       ("BM_IdentifyKnown/1/0/", "identify one of 1 email", "rate", ""),
       ("BM_IdentifyKnown/100/0/", "identify one of 100 emails", "rate", ""),
       ("BM_IdentifyFewMarks/1/1/", "identify on a device, its first 500", "rate", ""),
       ("BM_IdentifyKnown/1/1/", "identify on a device, its first 10,000", "rate", ""),
       ("BM_IdentifyKnown/100/1/", "identify on one of 100 devices", "rate", ""),
       ("BM_GetIdentities/1/0", "get, 1 email", "time", ""),
       ("BM_GetIdentities/100/0", "get, 100 emails", "time", ""),
       ("BM_GetIdentities/100/1", "get, 100 devices", "time", ""),
       ("BM_LateIdentify/2/", "late identify, 2 events on the device", "time", ""),
       ("BM_LateIdentify/1000/", "late identify, 1,000 events on it", "time", ""))


def api_rows(path):
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as file:
        found = {each["name"]: each for each in json.load(file)["benchmarks"]}
    to_us = {"ns": 1e-3, "us": 1, "ms": 1e3, "s": 1e6}
    for name, text, what, goal in API:
        entry = next((each for key, each in found.items() if key.startswith(name)), None)
        if entry is None or entry.get("error_occurred"):
            yield text, "API", None, entry and entry.get("error_message") or "not measured", goal
        elif what == "rate":
            rate = entry["items_per_second"]
            yield text, "API", rate, f"{rate:,.0f}/s", goal
        else:
            took = entry["real_time"] * to_us[entry["time_unit"]]
            yield text, "API", took, f"{took:,.1f} us", goal


def line(batch):
    return ("batch " + json.dumps(batch, separators=(",", ":")) + "\n").encode()


def event(who, number, message):
    return who | {"type": "track", "event": "order", "messageId": message,
                  "timestamp": f"{START}{number % 60:02}:00Z",
                  "properties": {"amount": 12.5, "channel": "web"}}


def rate(client, prepared, seconds):
    """Units: items a second, in batches, two in flight on one connection."""
    count, begun = 0, time.perf_counter()
    client.send(prepared[0])
    for number in range(1, len(prepared) + 1):
        if number < len(prepared):
            client.send(prepared[number])
        reply = client.reply()
        if not reply["ok"] or reply["result"]["failed"]:
            raise AssertionError(str(reply)[:500])
        count += reply["result"]["ok"]
        if seconds and time.perf_counter() - begun > seconds and number < len(prepared):
            client.reply()
            break
    return count / (time.perf_counter() - begun)


def latency(client, request, times):
    """Units: microseconds, the median, one request after the other."""
    took, data = [], request.encode() + b"\n"
    for _ in range(times):
        begun = time.perf_counter()
        client.send(data)
        reply = client.read_line()
        took.append((time.perf_counter() - begun) * 1e6)
    if b'"ok":true' not in reply:
        raise AssertionError(reply[:500])
    return sorted(took)[len(took) // 2]


def writing(client, seconds):
    """Identify and track in batches, and merges of visitors."""
    people = range(int(600 * seconds * BATCH))
    traits = {"country": "NL", "plan": "pro", "age": 31}
    identify = [{"type": "identify", "userId": f"u{i % 100003}", "traits": traits,
                 "timestamp": f"{START}00:00Z"} for i in people]
    track = [event({"userId": f"u{i % 100003}"}, i, f"m{i}") for i in people]
    for text, calls, goal in (("identify, batches of 500", identify, "300,000/s"),
                              ("track, batches of 500", track, "300,000/s")):
        lines = [line(calls[first:first + BATCH]) for first in range(0, len(calls), BATCH)]
        found = rate(client, lines, seconds)
        yield text, "TCP", found, f"{found:,.0f}/s", goal
    sides, merges, pairs = [], [], 20 * BATCH
    for i in range(pairs):
        person, visitor = {"userId": f"p{i}"}, {"anonymousId": f"a{i}"}
        sides += [event(who, n, f"{next(iter(who.values()))}-{n}") for who in (person, visitor)
                  for n in range(EVENTS)]
        merges.append(person | visitor | {"type": "identify", "timestamp": f"{START}59:00Z"})
    rate(client, [line(sides[first:first + 2000]) for first in range(0, len(sides), 2000)], 0)
    found = rate(client, [line(merges[first:first + BATCH])
                          for first in range(0, pairs, BATCH)], 0)
    yield "merge by identify: visitor, 2 x 20 events", "TCP", found, f"{found:,.0f}/s", "50,000/s"


def reading(client):
    """Somebody with a thousand events, and somebody with a hundred devices."""
    rate(client, [line([event({"userId": "many"}, n, f"many{n}") for n in range(1000)])], 0)
    rate(client, [line([{"type": "identify", "userId": "rich", "anonymousId": f"rich{n}",
                         "timestamp": f"{START}{n % 60:02}:00Z"} for n in range(100)])], 0)
    for text, request, goal in (
            ("get, 1,000 events (newest 20 shown)", "get external_id:many", "1 ms"),
            ("get, traits only, 1,000 events", "get external_id:many SECTIONS traits", ""),
            ("timeline, 50 of 1,000", "timeline external_id:many LIMIT 50", ""),
            ("timeline, 1,000 of 1,000", "timeline external_id:many LIMIT 1000", ""),
            ("get, 100 devices", "get external_id:rich", "")):
        found = latency(client, request, 300)
        yield text, "TCP", found, f"{found:,.1f} us", goal


def main():
    parser = results.options(__doc__, 3, "of each rate over TCP")
    flags, _ = parser.parse_known_args()
    rows = []
    print(f"{'':44} {'by':4} {'measured':>16}   goal")
    folder = tempfile.mkdtemp(prefix="roster-bench-", dir=flags.folder)

    def show(each):
        rows.append(dict(zip(("what", "by", "value", "text", "goal"), each)))
        print(f"{each[0]:44} {each[1]:4} {each[3]:>16}   {each[4]}", flush=True)
    try:
        for each in api_rows(results.path_of("people_bench")):
            show(each)
        with Server(flags.roster, os.path.join(folder, "data")) as server:
            client = LineClient(server.port)
            for each in writing(client, flags.seconds):
                show(each)
            for each in reading(client):
                show(each)
            client.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    results.keep("people", rows)


if __name__ == "__main__":
    main()
