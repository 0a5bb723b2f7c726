// SPDX-License-Identifier: Apache-2.0
//
// How many durable events a second does the C++ API take, in batches of one caller that waits for
// each? The goal is 300,000; durability.py has the same over TCP.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <utility>

#include "bench/on_disk.h"
#include "roster/database.h"

namespace roster {
namespace {

constexpr int64_t kPeople = 100'003;

// Events number `first` and on, of people who come again after kPeople events.
Batch Events(int64_t first, int64_t count) {
  Batch batch;
  batch.items.reserve(static_cast<size_t>(count));
  for (int64_t i = first; i < first + count; ++i) {
    batch.items.emplace_back(
        Track{.identities = {{"external_id", "u" + std::to_string(i % kPeople)}},
              .event = "order",
              .properties = {{"amount", 12.5}, {"channel", "web"}},
              .message_id = "m" + std::to_string(i)});
  }
  return batch;
}

void BM_DurableWrite(benchmark::State& state) {
  const BenchFolder folder;
  auto db = Database::Open(folder.path(), {});
  int64_t next = 0;
  for (auto _ : state) {
    state.PauseTiming();
    Batch batch = Events(next, state.range(0));
    next += state.range(0);
    state.ResumeTiming();
    if (!db.ok() || !(*db)->Write(std::move(batch)).ok()) {
      state.SkipWithError("the store does not take it");
      break;
    }
  }
  state.SetItemsProcessed(next);
  if (db.ok()) (*db)->Close().IgnoreError();
}
BENCHMARK(BM_DurableWrite)->Arg(1)->Arg(500)->UseRealTime()->MinTime(2);

}  // namespace
}  // namespace roster

int main(int argc, char** argv) { return roster::RunOnDisk(argc, argv); }
