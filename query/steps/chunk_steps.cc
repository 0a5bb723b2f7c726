// SPDX-License-Identifier: Apache-2.0
#include "query/steps/chunk_steps.h"

#include <algorithm>
#include <array>
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

// Who has more events of a step is looked at otherwise.
constexpr size_t kMaxCompared = 32;

struct Moments {
  std::array<int64_t, kMaxCompared> ms;
  size_t size = 0;
};

void FindAll(const PackedInts& times, uint32_t begin, uint32_t end, Moments* all) {
  all->size = end - begin;
  for (uint32_t i = begin; i < end; ++i) all->ms[i - begin] = times.Get(i);
}

// Those after which one of `next` comes within a length. All pairs are compared: they are few, and
// none of the comparisons is a jump that the machine has to guess. `tied`: set where two are equal.
void FindFollowed(const PackedInts& times, uint32_t begin, uint32_t end, const Moments& next,
                  uint64_t length_ms, Moments* followed, bool* tied) {
  followed->size = 0;
  for (uint32_t i = begin; i < end; ++i) {
    const int64_t time_ms = times.Get(i);
    bool is_followed = false;
    for (size_t n = 0; n < next.size; ++n) {
      const uint64_t gap_ms = static_cast<uint64_t>(next.ms[n]) - static_cast<uint64_t>(time_ms);
      is_followed |= (next.ms[n] > time_ms) & (gap_ms <= length_ms);
      *tied |= gap_ms == 0;
    }
    followed->ms[followed->size] = time_ms;
    followed->size += is_followed ? 1 : 0;
  }
}

// Whether there are any, of as many as there may be: the last one before each of `next` is looked
// for.
bool AnyFollowed(const PackedInts& times, uint32_t begin, uint32_t end, const Moments& next,
                 uint64_t length_ms, bool* tied) {
  if (begin == end) return false;
  bool any = false;
  for (size_t n = 0; n < next.size; ++n) {
    // How many come before it, but for one: the first one is looked at behind the loop.
    uint32_t first = begin;
    for (uint32_t left = end - begin; left > 1;) {
      const uint32_t half = left / 2;
      first += times.Get(first + half) < next.ms[n] ? half : 0;
      left -= half;
    }
    const int64_t time_ms = times.Get(first);
    const uint64_t gap_ms = static_cast<uint64_t>(next.ms[n]) - static_cast<uint64_t>(time_ms);
    any |= (next.ms[n] > time_ms) & (gap_ms <= length_ms);
    const uint32_t behind = first + (next.ms[n] > time_ms ? 1 : 0);
    *tied |= behind < end && times.Get(behind) == next.ms[n];
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

void ChunkSteps::TakeChains(absl::Span<const uint64_t> lengths_ms, ChunkBits* found) {
  for (size_t step = 0; step < lengths_ms.size(); ++step) {
    if (sources_[step].size() != 1) return;
    if (!sources_[step][0].all) found = nullptr;  // an event of the chain may not count
  }
  ChunkBits left = with_tail_;
  ForEachOffset([&](uint32_t offset) {
    const std::optional<bool> has = HasChain(offset, lengths_ms);
    if (has.value_or(true)) left.Set(offset);
    if (found != nullptr && has.value_or(false) && !with_tail_.Test(offset)) {
      found->Set(offset);
      left.Clear(offset);
    }
  });
  rows_.And(left);
}

// From the last step to the first: which of its events the rest of a chain begins with.
std::optional<bool> ChunkSteps::HasChain(uint32_t offset,
                                         absl::Span<const uint64_t> lengths_ms) const {
  std::array<Moments, 2> moments;  // of the step behind, and of this one
  bool tied = false;               // only their ids say which of two comes first
  for (size_t step = lengths_ms.size(); step-- > 0;) {
    const SealedEvents& sealed = *sources_[step][0].block->sealed;
    const uint32_t begin = sealed.run_begin[offset];
    const uint32_t end = sealed.run_begin[offset + 1];
    const Moments& next = moments[step % 2];
    Moments* const found = &moments[(step + 1) % 2];
    if (step == 0) {
      const bool any = AnyFollowed(sealed.times, begin, end, next, lengths_ms[1], &tied);
      return !any && tied ? std::nullopt : std::optional(any);
    }
    if (end - begin > kMaxCompared) return std::nullopt;
    if (step + 1 == lengths_ms.size()) {
      FindAll(sealed.times, begin, end, found);
    } else {
      FindFollowed(sealed.times, begin, end, next, lengths_ms[step + 1], found, &tied);
    }
    if (found->size == 0) return tied ? std::nullopt : std::optional(false);
  }
  return std::nullopt;
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
