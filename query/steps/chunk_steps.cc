// SPDX-License-Identifier: Apache-2.0
#include "query/steps/chunk_steps.h"

#include <algorithm>
#include <tuple>
#include <utility>

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

// Calls f with a reader of times, one for each width that these mostly have.
template <typename F>
void WithTimes(const PackedInts& times, F&& f) {
  const auto raw = [&]<typename UintN>(const UintN* values) {
    f([values, base = static_cast<uint64_t>(times.base())](uint32_t i) {
      return values[i] + base;
    });
  };
  if (times.width() == 8) return raw(times.data<uint64_t>());
  if (times.width() == 4) return raw(times.data<uint32_t>());
  f([&times](uint32_t i) { return static_cast<uint64_t>(times.Get(i)); });
}

// So many pairs of events are compared; who has more is looked at otherwise.
constexpr uint64_t kMaxPairs = 64;

// Whether one of `b` comes within a length after one of `a`. All pairs are compared: they are few,
// and none of the comparisons is a jump that the machine has to guess.
template <typename TimeA, typename TimeB>
bool IsNear(const uint32_t* a, const TimeA& a_time, const uint32_t* b, const TimeB& b_time,
            uint64_t length_ms) {
  if (uint64_t{a[1] - a[0]} * (b[1] - b[0]) > kMaxPairs) return true;
  bool any = false;
  for (uint32_t i = a[0]; i < a[1]; ++i) {
    const uint64_t from_ms = a_time(i);
    for (uint32_t j = b[0]; j < b[1]; ++j) any |= b_time(j) - from_ms <= length_ms;
  }
  return any;
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

void ChunkSteps::DropApart(uint32_t step, int64_t length_ms) {
  if (sources_[step].size() != 1 || sources_[step + 1].size() != 1) return;
  const SealedEvents& a = *sources_[step][0].block->sealed;
  const SealedEvents& b = *sources_[step + 1][0].block->sealed;
  ChunkBits near = with_tail_;
  WithTimes(a.times, [&](const auto& a_time) {
    WithTimes(b.times, [&](const auto& b_time) {
      rows_.ForEach([&](uint32_t offset) {
        const bool is_near = IsNear(&a.run_begin[offset], a_time, &b.run_begin[offset], b_time,
                                    static_cast<uint64_t>(length_ms));
        if (is_near) near.Set(offset);
      });
    });
  });
  rows_.And(near);
}

void ChunkSteps::Prefetch(uint32_t offset) const {
  for (const std::vector<Source>& sources : sources_) {
    for (const Source& source : sources) {
      const SealedEvents& sealed = *source.block->sealed;
      const size_t end = sealed.run_begin[offset + 1];
      __builtin_prefetch(sealed.times.bytes().data() + end * sealed.times.width());
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
