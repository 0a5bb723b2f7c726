// SPDX-License-Identifier: Apache-2.0
//
// What does a kernel take for a chunk of 16,384 rows, and how many bytes does it read a second,
// with all rows as candidates, with one word in eight, and with none?
#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>
#include <vector>

#include "query/kernels/bits.h"
#include "query/kernels/chains.h"
#include "query/kernels/narrow.h"
#include "query/kernels/repeats.h"
#include "query/kernels/target.h"
#include "storage/memory/bitmap.h"

namespace roster::query::kernels {
namespace {

template <typename UintN>
std::vector<UintN> RandomCells() {
  std::mt19937_64 random(1);
  std::vector<UintN> cells(kChunkRows);
  for (UintN& cell : cells) cell = static_cast<UintN>(random());
  return cells;
}

// `one_in`: how many words there are for each that has candidates; 0: none has.
ChunkBits Candidates(size_t one_in) {
  ChunkBits rows;
  for (uint32_t w = 0; one_in != 0 && w < ChunkBits::kWords; w += one_in) {
    rows.words()[w] = ~uint64_t{0};
  }
  return rows;
}

template <typename UintN>
void Ranges(benchmark::State& state) {
  const std::vector<UintN> cells = RandomCells<UintN>();
  const ChunkBits candidates = Candidates(state.range(1));
  const std::vector<RawRange<UintN>> ranges(state.range(0), {30, 60});
  for (auto _ : state) {
    ChunkBits rows = candidates;
    NarrowByRanges(cells.data(), cells.size(), absl::MakeConstSpan(ranges), false, rows.words());
    benchmark::DoNotOptimize(rows);
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * cells.size() * sizeof(UintN)));
  state.SetLabel(TargetName());
}
void RangesAndCandidates(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"ranges", "one_in"})->ArgsProduct({{1, 2, 4}, {1, 8, 0}});
}
BENCHMARK_TEMPLATE(Ranges, uint8_t)->Apply(RangesAndCandidates);
BENCHMARK_TEMPLATE(Ranges, uint16_t)->Apply(RangesAndCandidates);
BENCHMARK_TEMPLATE(Ranges, uint32_t)->Apply(RangesAndCandidates);
BENCHMARK_TEMPLATE(Ranges, uint64_t)->Apply(RangesAndCandidates);

// Times of events in two arrays: bytes are those of the upper parts, which mostly decide.
void SplitRange(benchmark::State& state) {
  std::vector<uint32_t> highs = RandomCells<uint32_t>();
  for (uint32_t& high : highs) high >>= 6;  // 180 days of milliseconds
  const std::vector<uint8_t> lows = RandomCells<uint8_t>();
  const ChunkBits candidates = Candidates(1);
  const uint64_t from = uint64_t{50'000'000} << 8;
  for (auto _ : state) {
    ChunkBits rows = candidates;
    NarrowSplitByRange(highs.data(), lows.data(), highs.size(), {from, from}, false, rows.words());
    benchmark::DoNotOptimize(rows);
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * highs.size() * 4));
  state.SetLabel(TargetName());
}
BENCHMARK(SplitRange);

// Rows with three of 10,000 events of which one in `one_in` is selected.
void Repeated(benchmark::State& state) {
  std::mt19937_64 random(1);
  std::vector<uint16_t> row_of(10'000);
  for (uint16_t& row : row_of) row = static_cast<uint16_t>(random() % kChunkRows);
  std::sort(row_of.begin(), row_of.end());
  std::vector<uint64_t> selected((row_of.size() + 63) / 64);
  for (size_t i = 0; i < row_of.size(); ++i) {
    if (random() % static_cast<uint64_t>(state.range(0)) == 0) selected[i / 64] |= 1ull << (i % 64);
  }
  for (auto _ : state) {
    ChunkBits rows;
    AddRepeated(row_of.data(), row_of.size(), selected.data(), 2, rows.words());
    benchmark::DoNotOptimize(rows);
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * row_of.size() * 2));
  state.SetLabel(TargetName());
}
BENCHMARK(Repeated)->ArgName("one_in")->Arg(1)->Arg(6)->Arg(1000);

// Rows with 1 to 2 `each` events of each of three steps, a chain of which is looked for that takes
// up to a 25th of the time from step to step.
struct Events {
  Events(size_t each, uint64_t seed) {
    std::mt19937_64 random(seed);
    begins.push_back(0);
    for (size_t row = 0; row < kChunkRows; ++row) {
      const size_t first = times.size();
      for (size_t i = random() % (2 * each); i < 2 * each; ++i) {
        times.push_back(static_cast<uint32_t>(random() % kSpan));
      }
      std::sort(times.begin() + static_cast<std::ptrdiff_t>(first), times.end());
      begins.push_back(static_cast<uint32_t>(times.size()));
    }
  }
  static constexpr uint32_t kSpan = 100'000;
  static constexpr uint32_t kLength = kSpan / 25;
  std::vector<uint32_t> times;
  std::vector<uint32_t> begins;
};

void Chains(benchmark::State& state) {
  std::vector<Events> events;
  std::vector<ChainStep> steps;
  for (uint64_t step = 0; step < 3; ++step) {
    events.emplace_back(static_cast<size_t>(state.range(0)), step);
    steps.push_back({events[step].times.data(),
                     events[step].begins.data(),
                     {1, Events::kLength - 1},
                     {0, Events::kLength + 1}});
  }
  const ChunkBits candidates = Candidates(1);
  for (auto _ : state) {
    ChunkBits yes;
    ChunkBits maybe;
    FindChains(steps, ChunkBits::kWords, candidates.words(), yes.words(), maybe.words());
    benchmark::DoNotOptimize(yes);
  }
  state.SetItemsProcessed(state.iterations() * int64_t{kChunkRows});
  state.SetLabel(TargetName());
}
BENCHMARK(Chains)->ArgName("each")->Arg(1)->Arg(4)->Arg(16)->Arg(64);

// Beside it: a walk over the three runs, for each first event what may follow it, until the first
// chain.
bool HasChain(const std::vector<Events>& events, size_t row) {
  const Events& second = events[1];
  const Events& third = events[2];
  uint32_t b = second.begins[row];
  uint32_t c = third.begins[row];
  uint32_t followed = b;  // the first of the second step from here on that may be
  for (uint32_t a = events[0].begins[row]; a < events[0].begins[row + 1]; ++a) {
    const uint32_t time = events[0].times[a];
    for (b = followed; b < second.begins[row + 1] && second.times[b] <= time; ++b) {
    }
    followed = b;
    for (; b < second.begins[row + 1] && second.times[b] - time <= Events::kLength; ++b) {
      while (c < third.begins[row + 1] && third.times[c] <= second.times[b]) ++c;
      if (c == third.begins[row + 1]) return false;
      if (third.times[c] - second.times[b] <= Events::kLength) return true;
    }
    c = third.begins[row];
  }
  return false;
}
void ChainsByWalk(benchmark::State& state) {
  std::vector<Events> events;
  for (uint64_t step = 0; step < 3; ++step) {
    events.emplace_back(static_cast<size_t>(state.range(0)), step);
  }
  for (auto _ : state) {
    ChunkBits yes;
    for (uint32_t row = 0; row < kChunkRows; ++row) {
      if (HasChain(events, row)) yes.Set(row);
    }
    benchmark::DoNotOptimize(yes);
  }
  state.SetItemsProcessed(state.iterations() * int64_t{kChunkRows});
}
BENCHMARK(ChainsByWalk)->ArgName("each")->Arg(1)->Arg(4)->Arg(16)->Arg(64);

void Bytes(benchmark::State& state) {
  const std::vector<uint8_t> cells = RandomCells<uint8_t>();
  const ChunkBits candidates = Candidates(1);
  for (auto _ : state) {
    ChunkBits rows = candidates;
    NarrowByBytes(cells.data(), cells.size(), {1, 2, 3, 4}, false, rows.words());
    benchmark::DoNotOptimize(rows);
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * cells.size()));
}
BENCHMARK(Bytes);

// Beside it: what ChunkBits does itself.
void Counting(benchmark::State& state) {
  const ChunkBits rows = Candidates(2);
  for (auto _ : state) {
    benchmark::DoNotOptimize(state.range(0) == 1 ? CountBits(rows.words(), ChunkBits::kWords)
                                                 : rows.Count());
  }
}
BENCHMARK(Counting)->ArgName("kernel")->Arg(1)->Arg(0);

}  // namespace
}  // namespace roster::query::kernels

BENCHMARK_MAIN();
