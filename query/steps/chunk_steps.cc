// SPDX-License-Identifier: Apache-2.0
#include "query/steps/chunk_steps.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "query/exact_number.h"
#include "query/kernels/cell_reader.h"
#include "query/kernels/chains.h"
#include "query/kernels/runs.h"

namespace roster::query {
namespace {

uint64_t NumEvents(const EventSet& events, const ReadView& view, uint32_t chunk) {
  uint64_t num = 0;
  for (const EventFilter& filter : events.filters()) {
    const EventBlock* const block = filter.BlockOf(view, chunk);
    if (block != nullptr) num += block->sealed->size() + block->tail.size();
  }
  return num;
}

// Milliseconds are cut off to units of so many bits of them, of which the times that count are less
// than 2^31 apart: others are not told from such that lie the other way.
class Unit {
 public:
  static constexpr int kBitsOfSplit = 8;

  explicit Unit(const IntBounds& bounds) {
    constexpr uint64_t kTooFar = (uint64_t{1} << 31) - 8;
    const uint64_t span_ms = static_cast<uint64_t>(bounds.high) - static_cast<uint64_t>(bounds.low);
    while (span_ms >> bits_ >= kTooFar) ++bits_;
  }
  int bits() const { return bits_; }

 private:
  int bits_ = kBitsOfSplit;
};

// The sealed times of rows for kernels::FindChains: the upper part of times that are split, where
// that is the unit, else they are made.
class RoughTimes {
 public:
  RoughTimes(const SealedEvents& sealed, Unit unit, const ChunkBits& rows) {
    if (sealed.times.is_split() && unit.bits() == Unit::kBitsOfSplit) {
      base_ms_ = sealed.times.base();
      times_ = sealed.times.highs();
      begins_ = sealed.run_begin.data();
    } else {
      Make(sealed, unit, rows);
    }
  }
  RoughTimes(RoughTimes&&) = default;
  RoughTimes(const RoughTimes&) = delete;

  const uint32_t* times() const { return times_; }
  const uint32_t* begins() const { return begins_; }  // of the rows, and behind each
  int64_t base_ms() const { return base_ms_; }

 private:
  void Make(const SealedEvents& sealed, Unit unit, const ChunkBits& rows) {
    base_ms_ = sealed.time_bounds.low;
    made_begins_.resize(kChunkRows + 1);
    kernels::WithReader(sealed.times, [&](const auto& time_of) {
      rows.ForEach([&](uint32_t row) {
        made_begins_[row] = static_cast<uint32_t>(made_.size());
        for (uint32_t i = sealed.run_begin[row]; i < sealed.run_begin[row + 1]; ++i) {
          const uint64_t since_ms =
              static_cast<uint64_t>(time_of(i)) - static_cast<uint64_t>(base_ms_);
          made_.push_back(static_cast<uint32_t>(since_ms >> unit.bits()));
        }
        made_begins_[row + 1] = static_cast<uint32_t>(made_.size());
      });
    });
    times_ = made_.data();
    begins_ = made_begins_.data();
  }

  const uint32_t* times_;
  const uint32_t* begins_;
  int64_t base_ms_;
  std::vector<uint32_t> made_;
  std::vector<uint32_t> made_begins_;
};

// What is sure, and what may be, of the rough times of two events of which the second comes later
// by `length_ms` at most. The times of the first count from `offset` units before those of the
// other. Where k units of u ms are between them by that count, it is more than u k - u ms, for what
// was cut off, and less than u k + 2 u, for `offset` is cut off too.
struct Gap {
  kernels::RawRange<uint32_t> sure;
  kernels::RawRange<uint32_t> maybe;
};
Gap GapOf(uint64_t length_ms, Unit unit, int64_t offset) {
  constexpr uint64_t kFarthest = (uint64_t{1} << 31) - 4;
  const uint64_t length = length_ms >> unit.bits();
  const auto from = static_cast<uint32_t>(-offset);
  const auto most = static_cast<uint32_t>(std::min(length + 1, kFarthest));
  // So far apart are no two.
  kernels::RawRange<uint32_t> sure{from + static_cast<uint32_t>(kFarthest), 0};
  if (length >= 3) sure = {from + 1, static_cast<uint32_t>(std::min(length - 2, kFarthest)) - 1};
  return {sure, {from - 1, most + 1}};
}

}  // namespace

// The rarest step first: the others are looked at only where it happened at all.
ChunkSteps::ChunkSteps(absl::Span<const EventSet* const> steps, uint32_t num_required,
                       const ReadView& view, uint32_t chunk, const ChunkBits& rows)
    : rows_(rows), sources_(steps.size()), runs_(steps.size()), lists_(steps.size()) {
  std::vector<std::tuple<bool, uint64_t, uint32_t>> order;
  for (uint32_t step = 0; step < steps.size(); ++step) {
    order.emplace_back(step >= num_required, NumEvents(*steps[step], view, chunk), step);
  }
  std::sort(order.begin(), order.end());
  for (const auto& [is_free, num_events, step] : order) {
    if (!rows_.Any()) return;
    Select(view, chunk, step, *steps[step]);
    if (!is_free) rows_.And(RowsOf(step));
  }
  std::stable_sort(tail_.begin(), tail_.end(), [](const TailHit& a, const TailHit& b) {
    return std::tie(a.offset, a.step) < std::tie(b.offset, b.step);
  });
}

void ChunkSteps::Select(const ReadView& view, uint32_t chunk, uint32_t step,
                        const EventSet& events) {
  for (uint32_t f = 0; f < events.filters().size(); ++f) {
    const EventFilter& filter = events.filters()[f];
    const EventBlock* const block = filter.BlockOf(view, chunk);
    if (block == nullptr) continue;
    EventBits passed = filter.SelectSealed(view, chunk, *block, rows_);
    const bool all = passed.Count() == block->sealed->size();
    sources_[step].push_back({filter.event(), f, block, std::move(passed), all});
    filter.ForEachInTail(view, chunk, *block, [&](uint32_t t) {
      const uint32_t offset = block->tail[t].row_offset;
      if (!rows_.Test(offset)) return;
      with_tail_.Set(offset);
      const EventRef event{true, t};
      tail_.push_back({offset, step, {PlaceOf(filter.event(), *block, event), f, block, event}});
    });
  }
}

ChunkBits ChunkSteps::RowsOf(uint32_t step) const {
  ChunkBits rows;
  for (const Source& source : sources_[step]) {
    const SealedEvents& sealed = *source.block->sealed;
    if (source.all) {
      kernels::AddNonEmpty(sealed.run_begin.data(), ChunkBits::kWords, rows_.words(), rows.words());
    } else {
      source.passed.ForEach([&](size_t i) { rows.Set(sealed.rows[i]); });
    }
  }
  for (const TailHit& hit : tail_) {
    if (hit.step == step) rows.Set(hit.offset);
  }
  return rows;
}

void ChunkSteps::TakeChains(absl::Span<const uint64_t> lengths_ms, ChunkBits* found) {
  IntBounds bounds = IntBounds::None();
  for (size_t step = 0; step < lengths_ms.size(); ++step) {
    if (sources_[step].size() != 1) return;
    const SealedEvents& sealed = *sources_[step][0].block->sealed;
    if (sealed.size() == 0) return;
    bounds.Widen(sealed.time_bounds.low);
    bounds.Widen(sealed.time_bounds.high);
    if (!sources_[step][0].all) found = nullptr;  // an event of the chain may not count
  }
  ChunkBits yes;
  ChunkBits left;
  FindChains(lengths_ms, bounds, &yes, &left);
  left.Or(with_tail_);
  if (found != nullptr) {
    yes.AndNot(with_tail_);
    found->Or(yes);
  } else {
    left.Or(yes);
  }
  rows_.And(left);
}

void ChunkSteps::FindChains(absl::Span<const uint64_t> lengths_ms, const IntBounds& bounds,
                            ChunkBits* yes, ChunkBits* maybe) const {
  const Unit unit(bounds);
  std::vector<RoughTimes> times;
  std::vector<kernels::ChainStep> steps;
  for (size_t step = 0; step < lengths_ms.size(); ++step) {
    times.emplace_back(*sources_[step][0].block->sealed, unit, rows_);
    Gap gap{};
    if (step > 0) {
      const Int128 offset_ms = Int128{times[step].base_ms()} - times[step - 1].base_ms();
      gap = GapOf(lengths_ms[step], unit, static_cast<int64_t>(offset_ms >> unit.bits()));
    }
    steps.push_back({times[step].times(), times[step].begins(), gap.sure, gap.maybe});
  }
  kernels::FindChains(steps, ChunkBits::kWords, rows_.words(), yes->words(), maybe->words());
}

void ChunkSteps::Prefetch(uint32_t offset) const {
  for (const std::vector<Source>& sources : sources_) {
    for (const Source& source : sources) {
      const SealedEvents& sealed = *source.block->sealed;
      sealed.times.Prefetch(sealed.run_begin[offset + 1]);
    }
  }
}

absl::Span<const StepRun> ChunkSteps::RunsOf(uint32_t offset) {
  while (next_tail_ < tail_.size() && tail_[next_tail_].offset < offset) ++next_tail_;
  for (uint32_t step = 0; step < runs_.size(); ++step) {
    const size_t begin = next_tail_;
    while (next_tail_ < tail_.size() && tail_[next_tail_].offset == offset &&
           tail_[next_tail_].step == step) {
      ++next_tail_;
    }
    runs_[step] = RunOf(offset, step, {tail_.data() + begin, next_tail_ - begin});
  }
  return runs_;
}

StepRun ChunkSteps::RunOf(uint32_t offset, uint32_t step, absl::Span<const TailHit> tail) {
  const std::vector<Source>& sources = sources_[step];
  if (sources.size() == 1 && sources[0].all && tail.empty()) {
    const std::vector<uint32_t>& runs = sources[0].block->sealed->run_begin;
    return {sources[0].type, *sources[0].block, runs[offset], runs[offset + 1]};
  }
  std::vector<StepHit>& list = lists_[step];
  list.clear();
  for (const Source& source : sources) {
    const std::vector<uint32_t>& runs = source.block->sealed->run_begin;
    for (uint32_t i = runs[offset]; i < runs[offset + 1]; ++i) {
      if (!source.all && !source.passed.Test(i)) continue;
      const EventRef event{false, i};
      list.push_back(
          {PlaceOf(source.type, *source.block, event), source.filter, source.block, event});
    }
  }
  for (const TailHit& hit : tail) list.push_back(hit.hit);
  if (sources.size() > 1 || !tail.empty()) SortByPlace(&list);
  return StepRun(list);
}

BoundEventSet AllOf(const BoundEventSet& events) {
  BoundEventSet all;
  for (const BoundEvents& one : events) all.push_back({one.event, {}, {}, {}});
  return all;
}

std::vector<StepHit> HitsOf(const EventSet& events, const ReadView& view, RowId row) {
  std::vector<StepHit> hits;
  for (uint32_t f = 0; f < events.filters().size(); ++f) {
    const EventFilter& filter = events.filters()[f];
    filter.ForEachOf(view, row, [&](const EventBlock& block, EventRef event) {
      hits.push_back({PlaceOf(filter.event(), block, event), f, &block, event});
    });
  }
  SortByPlace(&hits);
  return hits;
}

}  // namespace roster::query
