// SPDX-License-Identifier: Apache-2.0
//
// What does a kernel take for a chunk of 16,384 rows, and how many bytes does it read a second,
// with all rows as candidates, with one word in eight, and with none?
#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>
#include <vector>

#include "query/kernels/bits.h"
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
