#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does a long query leave the writes of others as they were?

    bench/run long_queries [--size S|M] [--seconds N] [--folder DIR]

Generates a store of the size, serves it, and writes events one after the other: alone, while one
connection asks long queries one after the other, while four do (more than there are workers), and
alone again, all in one run, so that the two times alone say how quiet the machine was. Prints p50,
p99 and the maximum of the writes and how long the queries took, and keeps them as JSON in
build/bench/long_queries.json."""

import os
import shutil
import tempfile
import threading
import time

import results  # first: from where the client comes
from roster_client import LineClient
from serving import SIZES, Writer, generate, start

# Sessions are put together anew for every profile: nothing takes longer. Then events and a column.
QUERIES = ["count where any session (duration > 400 days and events > 5)",
           'count where distinct(purchase.amount) > 3 or did "page_view" on at least 3 weeks',
           "count by country"]


class Asker(threading.Thread):
    """One connection that asks long queries one after the other until `stop`."""

    def __init__(self, port):
        super().__init__()
        self.client, self.took, self.stop, self.refused = LineClient(port), [], False, []

    def run(self):
        while not self.stop:
            begun = time.perf_counter()
            reply = self.client.ask(QUERIES[len(self.took) % len(QUERIES)])
            self.took.append(time.perf_counter() - begun)
            if not reply["ok"]:
                self.refused.append(reply["error"])


def main():
    parser = results.options(__doc__, 10, "of each part")
    parser.add_argument("--size", choices=sorted(SIZES), default="S")
    flags = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="roster-bench-", dir=flags.folder)
    rows = {"size": flags.size, "load": os.getloadavg()[0]}
    print(f"load of the machine before: {rows['load']:.2f}", flush=True)

    def part(name, writer, num_askers, port):
        askers = [Asker(port) for _ in range(num_askers)]
        for asker in askers:
            asker.start()
        end = time.monotonic() + flags.seconds
        took = writer.run(lambda: time.monotonic() > end)
        for asker in askers:
            asker.stop = True
        for asker in askers:
            asker.join()
            if asker.refused:
                raise AssertionError(asker.refused[0])
        p50, p99 = took[len(took) // 2], took[len(took) * 99 // 100]
        asked = sorted(one for asker in askers for one in asker.took)
        rows[name] = {"writes": len(took), "p50_ms": p50, "p99_ms": p99, "max_ms": took[-1],
                      "queries": len(asked), "longest_query_s": asked[-1] if asked else 0}
        queries = f"; {len(asked)} queries, up to {asked[-1]:.2f} s" if asked else ""
        print(f"{name:30} p50 {p50:.2f} ms   p99 {p99:.2f} ms   max {took[-1]:.1f} ms   "
              f"({len(took)} writes{queries})", flush=True)

    try:
        data = os.path.join(folder, "data")
        generate(flags.roster, data, flags.size)
        server, _ = start(flags.roster, data)
        try:
            writer = Writer(server.port, SIZES[flags.size][0])
            part("writes, alone", writer, 0, server.port)
            part("while one asks", writer, 1, server.port)
            part("while four ask", writer, 4, server.port)
            part("alone again", writer, 0, server.port)
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    results.keep("long_queries", rows)


if __name__ == "__main__":
    main()
