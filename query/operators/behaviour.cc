// SPDX-License-Identifier: Apache-2.0
#include "query/operators/behaviour.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "query/ast.h"
#include "query/kernels/narrow.h"
#include "query/window.h"
#include "storage/base/text.h"

namespace roster::query {
namespace {

// The events of a type and a chunk that count: sealed ones, maybe also of rows that are not asked
// for, and places in the tail.
struct Selected {
  const EventBlock* block;
  EventBits bits;
  std::vector<uint32_t> tail;
};

std::vector<Selected> Select(const EventSet& events, const ReadView& view, uint32_t chunk,
                             const ChunkBits& rows) {
  std::vector<Selected> selected;
  for (const EventFilter& one : events.filters()) {
    const EventBlock* const block = one.BlockOf(view, chunk);
    if (block == nullptr) continue;
    selected.push_back({block, one.SelectSealed(view, chunk, *block, rows), {}});
    one.ForEachInTail(view, chunk, *block, [&](uint32_t t) { selected.back().tail.push_back(t); });
  }
  return selected;
}

// The rows' offsets, ascending, each as often as it has an event.
std::vector<uint16_t> RowsOf(const std::vector<Selected>& selected) {
  std::vector<uint16_t> list;
  const auto merge_from = [&](size_t added) {
    if (added == 0 || added == list.size()) return;
    const auto middle = list.begin() + static_cast<std::ptrdiff_t>(added);
    std::inplace_merge(list.begin(), middle, list.end());
  };
  for (const Selected& one : selected) {
    const size_t before = list.size();
    list.resize(before + one.bits.Count());
    uint16_t* next = list.data() + before;
    const uint16_t* const row_of = one.block->sealed->rows.data();
    one.bits.ForEach([&](size_t i) { *next++ = row_of[i]; });
    merge_from(before);
    const size_t sealed = list.size();
    for (const uint32_t t : one.tail) list.push_back(one.block->tail[t].row_offset);
    std::sort(list.begin() + static_cast<std::ptrdiff_t>(sealed), list.end());
    merge_from(sealed);
  }
  return list;
}

// The different numbers among the days of a row's events; those that ascend cost no search.
class DifferentNumbers {
 public:
  void Clear() { numbers_.clear(); }
  void Add(int64_t number) {
    if (numbers_.empty() || number > numbers_.back()) return numbers_.push_back(number);
    if (number == numbers_.back()) return;
    const auto place = std::lower_bound(numbers_.begin(), numbers_.end(), number);
    if (*place != number) numbers_.insert(place, number);
  }
  int64_t Count() const { return static_cast<int64_t>(numbers_.size()); }

 private:
  std::vector<int64_t> numbers_;  // ascending
};

// Those of `rows` that did something on at least `min` days and at most `max`. Of a row no more is
// read than that takes.
ChunkBits RowsByDays(const std::vector<Selected>& selected, const CalendarNumbers& numbers,
                     int64_t min, int64_t max, const ChunkBits& rows) {
  using InTail = std::pair<uint32_t, int64_t>;
  std::vector<InTail> tail;  // rows and times
  for (const Selected& one : selected) {
    for (const uint32_t t : one.tail) {
      tail.emplace_back(one.block->tail[t].row_offset, one.block->tail[t].time_ms);
    }
  }
  std::sort(tail.begin(), tail.end());
  const int64_t enough = max < std::numeric_limits<int64_t>::max() ? max + 1 : min;
  ChunkBits passed;
  DifferentNumbers different;
  auto next = tail.begin();
  rows.ForEach([&](uint32_t row) {
    different.Clear();
    next = std::lower_bound(next, tail.end(), InTail{row, std::numeric_limits<int64_t>::min()});
    for (; next != tail.end() && next->first == row; ++next) {
      different.Add(numbers.SpanOf(next->second).number);
    }
    for (const Selected& one : selected) {
      const SealedEvents& sealed = *one.block->sealed;
      int64_t known_ms = std::numeric_limits<int64_t>::min();  // the days before it
      one.bits.ForEachWhile(sealed.run_begin[row], sealed.run_begin[row + 1], [&](size_t i) {
        const int64_t time_ms = sealed.times.Get(i);
        if (time_ms < known_ms) return true;
        const CalendarNumbers::Span day = numbers.SpanOf(time_ms);
        known_ms = day.end_ms;
        different.Add(day.number);
        return different.Count() < enough;
      });
    }
    if (min <= different.Count() && different.Count() <= max) passed.Set(row);
  });
  return passed;
}

// The rows that stand in an ascending list at least so many times. Backwards, so that a row's first
// place has the last word on it, without a branch.
ChunkBits RowsWithAtLeast(int64_t times, const std::vector<uint16_t>& list) {
  ChunkBits rows;
  if (times <= 0) rows.SetAll();
  if (times <= 0 || static_cast<uint64_t>(times) > list.size()) return rows;
  const size_t ahead = static_cast<size_t>(times) - 1;
  std::vector<uint8_t> reached(kChunkRows);
  for (size_t i = list.size() - ahead; i-- > 0;) {
    reached[list[i]] = static_cast<uint8_t>(list[i] == list[i + ahead]);
  }
  rows.SetAll();
  kernels::NarrowByRanges(reached.data(), kChunkRows, {{1, 0}}, false, rows.words());
  return rows;
}

}  // namespace

BehaviourOperator::BehaviourOperator(BoundDid bound, const ReadView& view, Preparation* preparation)
    : bound_(std::move(bound)), events_(std::exchange(bound_.events, {}), view, preparation) {
  if (!bound_.on) return;
  TimeRange range{std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()};
  for (const EventFilter& one : events_.filters()) {
    range = {std::min(range.low, one.range().low), std::max(range.high, one.range().high)};
  }
  days_.emplace(bound_.on->unit, bound_.on->zone, range);
}

void BehaviourOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  if (!rows->Any()) return;
  const std::vector<Selected> selected = Select(events_, view, chunk, *rows);
  const std::vector<uint16_t> counted = RowsOf(selected);
  ChunkBits passed = *rows;
  passed.And(RowsWithAtLeast(bound_.min, counted));
  if (days_) {  // so many days take so many events
    passed = RowsByDays(selected, *days_, bound_.min, bound_.max, passed);
  } else if (bound_.max < std::numeric_limits<int64_t>::max()) {
    passed.AndNot(RowsWithAtLeast(bound_.max + 1, counted));
  }
  if (bound_.negated) {
    rows->AndNot(passed);
  } else {
    *rows = passed;
  }
}

bool BehaviourOperator::Matches(const ReadView& view, RowId row) const {
  int64_t count = 0;
  std::set<int64_t> days;
  events_.ForEachOf(view, row, [&](const EventBlock& block, EventRef event) {
    ++count;
    if (!bound_.on) return;
    days.insert(CalendarNumber(TimeOf(block, event).ms, bound_.on->unit, bound_.on->zone));
  });
  return Passes(bound_.on ? static_cast<int64_t>(days.size()) : count);
}

std::string BehaviourOperator::Describe(const Schema& schema) const {
  if (events_.filters().size() != 1 || bound_.on) return bound_.said;
  const EventFilter& events = events_.filters()[0];
  std::string times;
  if (bound_.min == bound_.max) {
    times = StrCat(" exactly ", bound_.min, " times");
  } else if (bound_.max == std::numeric_limits<int64_t>::max()) {
    times = StrCat(" at least ", bound_.min, " times");
  } else if (bound_.min <= 0) {
    times = StrCat(" at most ", bound_.max, " times");
  } else {
    times = StrCat(" ", bound_.min, " to ", bound_.max, " times");
  }
  return StrCat(bound_.negated ? "not " : "", "did ",
                ast::QuoteText(schema.event(events.event()).name), events.DescribeCondition(schema),
                times, events.DescribeWindow());
}

}  // namespace roster::query
