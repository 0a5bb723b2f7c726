// SPDX-License-Identifier: Apache-2.0
//
// Which events of a type are meant: those in a window, whose time has come, that pass a condition
// on their properties. What behaviour and aggregates have in common. Thread rule: immutable.
#ifndef ROSTER_QUERY_OPERATORS_EVENT_FILTER_H_
#define ROSTER_QUERY_OPERATORS_EVENT_FILTER_H_

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "query/bound.h"
#include "query/kernels/bits.h"
#include "query/operators/limits.h"
#include "query/operators/operator.h"
#include "storage/memory/events/block.h"
#include "storage/memory/read_view.h"

namespace roster::query {

// A bit for each sealed event of a block.
class EventBits {
 public:
  static EventBits None(size_t size) { return EventBits((size + 63) / 64, 0); }
  static EventBits All(size_t size) {
    EventBits bits((size + 63) / 64, ~uint64_t{0});
    if (size % 64 != 0) bits.words_.back() = (uint64_t{1} << (size % 64)) - 1;
    return bits;
  }

  bool Test(size_t i) const { return ((words_[i / 64] >> (i % 64)) & 1) != 0; }
  // Sets those of [begin, end).
  void SetRange(size_t begin, size_t end) {
    for (size_t w = begin / 64; w * 64 < end; ++w) words_[w] |= WordWithin(w, begin, end);
  }
  void Clear(size_t i) { words_[i / 64] &= ~(uint64_t{1} << (i % 64)); }
  void ClearAll() { words_.assign(words_.size(), 0); }
  void And(const uint64_t* words) {
    for (size_t w = 0; w < words_.size(); ++w) words_[w] &= words[w];
  }
  void AndNot(const EventBits& other) {
    for (size_t w = 0; w < words_.size(); ++w) words_[w] &= ~other.words_[w];
  }
  void Or(const EventBits& other) {
    for (size_t w = 0; w < words_.size(); ++w) words_[w] |= other.words_[w];
  }
  bool Any() const {
    uint64_t any = 0;
    for (const uint64_t word : words_) any |= word;
    return any != 0;
  }
  size_t Count() const {
    return static_cast<size_t>(kernels::CountBits(words_.data(), words_.size()));
  }
  // Calls f(i) for each bit that is set, ascending.
  template <typename F>
  void ForEach(F&& f) const {
    for (size_t w = 0; w < words_.size(); ++w) {
      for (uint64_t word = words_[w]; word != 0; word &= word - 1) {
        f(w * 64 + static_cast<size_t>(std::countr_zero(word)));
      }
    }
  }
  // Calls f(i) for those in [begin, end), as long as it says so.
  template <typename F>
  void ForEachWhile(size_t begin, size_t end, F&& f) const {
    for (size_t w = begin / 64; w * 64 < end; ++w) {
      for (uint64_t word = words_[w] & WordWithin(w, begin, end); word != 0; word &= word - 1) {
        if (!f(w * 64 + static_cast<size_t>(std::countr_zero(word)))) return;
      }
    }
  }
  // Where the bits of [begin, end) begin and end; an empty range without any.
  std::pair<size_t, size_t> EndsIn(size_t begin, size_t end) const {
    size_t first = end;
    size_t last = begin;  // one behind
    for (size_t w = begin / 64; w * 64 < end; ++w) {
      const uint64_t word = words_[w] & WordWithin(w, begin, end);
      if (word == 0) continue;
      first = std::min(first, w * 64 + static_cast<size_t>(std::countr_zero(word)));
      last = w * 64 + 64 - static_cast<size_t>(std::countl_zero(word));
    }
    return {first, std::max(first, last)};
  }
  size_t CountIn(size_t begin, size_t end) const {
    size_t count = 0;
    for (size_t w = begin / 64; w * 64 < end; ++w) {
      count += static_cast<size_t>(std::popcount(words_[w] & WordWithin(w, begin, end)));
    }
    return count;
  }
  uint64_t* words() { return words_.data(); }
  const uint64_t* words() const { return words_.data(); }

 private:
  EventBits(size_t num_words, uint64_t word) : words_(num_words, word) {}

  // The bits of a word that lie in [begin, end), which ends in or behind it.
  static uint64_t WordWithin(size_t w, size_t begin, size_t end) {
    uint64_t word = ~uint64_t{0};
    if (begin > w * 64) word <<= begin - w * 64;
    if (end < (w + 1) * 64) word &= (uint64_t{1} << (end - w * 64)) - 1;
    return word;
  }
  std::vector<uint64_t> words_;
};

// The same for one event after the other, by cells and texts: for any view. Lifetime: what it was
// made of outlives it.
class EventTest {
 public:
  EventTest(const BoundEvents& bound, const ReadView& view);

  bool Holds(RowId row, const EventBlock& block, EventRef event) const;

  // Calls f(block, event) for the events of one row that are meant, those that are sealed first.
  // Cost: O(events of the row + tail of its block).
  template <typename F>
  void ForEachOf(RowId row, F&& f) const {
    ForEachAnyOf(row, [&](const EventBlock& block, EventRef event) {
      if (Holds(row, block, event)) f(block, event);
    });
  }
  // The first moment after now at which `Holds` may change for an event of the row.
  std::optional<Timestamp> NextChange(RowId row) const;

 private:
  // For all events of the row.
  template <typename F>
  void ForEachAnyOf(RowId row, F&& f) const {
    if (ChunkOf(row) >= partition_.num_blocks()) return;
    const EventBlock* const block = &partition_.block(ChunkOf(row));
    const uint32_t offset = OffsetOf(row);
    const std::vector<uint32_t>& runs = block->sealed->run_begin;
    for (uint32_t i = runs[offset]; i < runs[offset + 1]; ++i) f(*block, EventRef{false, i});
    block->ForEachInTail(block->LastInTail(offset), [&](uint32_t t) {
      f(*block, EventRef{true, t});
    });
  }
  bool Holds(const BoundFilter& filter, const EventBlock& block, EventRef event) const;
  std::optional<Timestamp> NextChange(const BoundFilter& filter, const EventBlock& block,
                                      EventRef event) const;

  const BoundEvents& bound_;
  const ReadView& view_;
  const EventPartition& partition_;
  const TimeRange range_;
};

class EventCondition;

class EventFilter {
 public:
  EventFilter(BoundEvents bound, const ReadView& view, Preparation* preparation);
  ~EventFilter();
  EventFilter(EventFilter&&) noexcept;

  EventTypeId event() const { return bound_.event; }
  const BoundEvents& bound() const { return bound_; }
  // The events of a chunk, or null when there are none.
  const EventBlock* BlockOf(const ReadView& view, uint32_t chunk) const {
    const EventPartition& partition = view->partition(bound_.event);
    return chunk < partition.num_blocks() ? &partition.block(chunk) : nullptr;
  }

  // Whether their times alone say which events pass: then a row's sealed ones stand side by side.
  bool IsOfTimeOnly() const { return condition_ == nullptr && !bound_.after_first_seen; }
  // The times of events that pass, at the clock of the planning.
  const TimeRange& range() const { return range_; }
  // The sealed events of the rows that pass, and maybe some of others: one pass over the arrays, or
  // over the runs of the rows where they are few. Requires: the view of the planning; the block is
  // the chunk's.
  EventBits SelectSealed(const ReadView& view, uint32_t chunk, const EventBlock& block,
                         const ChunkBits& rows) const;
  // Calls f(index in the tail) for the events of the tail that pass. Requires: as above.
  template <typename F>
  void ForEachInTail(const ReadView& view, uint32_t chunk, const EventBlock& block, F&& f) const {
    if (block.tail.empty()) return;
    const EventTest test(bound_, view);
    for (uint32_t t = 0; t < block.tail.size(); ++t) {
      if (test.Holds(RowAt(chunk, block.tail[t].row_offset), block, {true, t})) f(t);
    }
  }
  // Calls f(row offset, block, event) for the events of a chunk's rows that pass, and maybe for
  // some of others. Requires: as above.
  template <typename F>
  void ForEachIn(const ReadView& view, uint32_t chunk, const ChunkBits& rows, F&& f) const {
    const EventBlock* const block = BlockOf(view, chunk);
    if (block == nullptr) return;
    const uint16_t* const row_of = block->sealed->rows.data();
    SelectSealed(view, chunk, *block, rows).ForEach([&](size_t i) {
      f(row_of[i], *block, EventRef{false, static_cast<uint32_t>(i)});
    });
    ForEachInTail(view, chunk, *block, [&](uint32_t t) {
      f(block->tail[t].row_offset, *block, EventRef{true, t});
    });
  }

  // Calls f(block, event) for the events of one row that pass: as EventTest.
  template <typename F>
  void ForEachOf(const ReadView& view, RowId row, F&& f) const {
    EventTest(bound_, view).ForEachOf(row, std::forward<F>(f));
  }
  std::optional<Timestamp> NextChange(const ReadView& view, RowId row) const {
    return EventTest(bound_, view).NextChange(row);
  }

  // " where (...)", " from 30 days ago until now".
  std::string DescribeCondition(const Schema& schema) const;
  std::string DescribeWindow() const;

 private:
  BoundEvents bound_;
  TimeRange range_;
  std::unique_ptr<EventCondition> condition_;  // null: every event
};

// Events of several types at once.
class EventSet {
 public:
  EventSet(BoundEventSet bound, const ReadView& view, Preparation* preparation);

  const std::vector<EventFilter>& filters() const { return filters_; }
  // As those of EventFilter, for one filter after the other.
  template <typename F>
  void ForEachIn(const ReadView& view, uint32_t chunk, const ChunkBits& rows, F&& f) const {
    for (const EventFilter& one : filters_) one.ForEachIn(view, chunk, rows, f);
  }
  template <typename F>
  void ForEachOf(const ReadView& view, RowId row, F&& f) const {
    for (const EventFilter& one : filters_) one.ForEachOf(view, row, f);
  }
  std::optional<Timestamp> NextChange(const ReadView& view, RowId row) const;
  void AddDependencies(Dependencies* dependencies) const;

 private:
  std::vector<EventFilter> filters_;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_OPERATORS_EVENT_FILTER_H_
