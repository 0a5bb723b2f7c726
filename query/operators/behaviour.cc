// SPDX-License-Identifier: Apache-2.0
#include "query/operators/behaviour.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "query/ast.h"
#include "query/kernels/cell_reader.h"
#include "query/kernels/narrow.h"
#include "query/kernels/repeats.h"
#include "query/window.h"
#include "storage/base/prefetch.h"
#include "storage/base/text.h"

namespace roster::query {
namespace {

constexpr int64_t kNoMost = std::numeric_limits<int64_t>::max();
int64_t OneMoreThan(int64_t most) { return most < kNoMost ? most + 1 : kNoMost; }

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

// Adds the days of the sealed events of a row until they are enough.
void AddSealed(const Selected& selected, uint32_t row, const CalendarNumbers& numbers,
               int64_t enough, DifferentNumbers* different) {
  const SealedEvents& sealed = *selected.block->sealed;
  int64_t known_ms = std::numeric_limits<int64_t>::min();  // the days before it
  selected.bits.ForEachWhile(sealed.run_begin[row], sealed.run_begin[row + 1], [&](size_t i) {
    const int64_t time_ms = sealed.times.Get(i);
    if (time_ms < known_ms) return true;
    const CalendarNumbers::Span day = numbers.SpanOf(time_ms);
    known_ms = day.end_ms;
    different->Add(day.number);
    return different->Count() < enough;
  });
}

// Days of the sealed events of one row, which stand side by side, without a branch for each.
class EvenDays {
 public:
  EvenDays(const Selected& selected, const CalendarNumbers::EvenDays& days)
      : selected_(selected), shift_ms_(days.offset_ms + kFarDays * CalendarNumbers::kDayMs) {}

  // How many days, or `enough` or more when they are so many.
  int64_t CountOf(uint32_t row, int64_t enough) const {
    const SealedEvents& sealed = *selected_.block->sealed;
    const std::pair<size_t, size_t> ends =
        selected_.bits.EndsIn(sealed.run_begin[row], sealed.run_begin[row + 1]);
    int64_t count = 0;
    kernels::WithReader(sealed.times, [&](const auto& time_of) {
      uint64_t before = 0;
      for (size_t i = ends.first; i < ends.second && count < enough;) {
        for (const size_t stop = std::min(ends.second, i + kEventsPerLook); i < stop; ++i) {
          const uint64_t day =
              static_cast<uint64_t>(time_of(i) + shift_ms_) / uint64_t{CalendarNumbers::kDayMs};
          count += day != before ? 1 : 0;
          before = day;
        }
      }
    });
    return count;
  }

 private:
  static constexpr size_t kEventsPerLook = 16;
  // So that no moment that a calendar knows is before the first day.
  static constexpr int64_t kFarDays = 100'000'000;

  const Selected& selected_;
  const int64_t shift_ms_;
};

// Those of `rows` that did something on at least `min` days and at most `max`. Of a row no more is
// read than that takes. `side_by_side`: the sealed events of a row that are selected are. `range`:
// all of those that are selected lie in it.
ChunkBits RowsByDays(const std::vector<Selected>& selected, bool side_by_side, TimeRange range,
                     const CalendarNumbers& numbers, int64_t min, int64_t max,
                     const ChunkBits& rows) {
  using InTail = std::pair<uint32_t, int64_t>;
  std::vector<InTail> tail;  // rows and times
  for (const Selected& one : selected) {
    for (const uint32_t t : one.tail) {
      tail.emplace_back(one.block->tail[t].row_offset, one.block->tail[t].time_ms);
    }
  }
  std::sort(tail.begin(), tail.end());
  const int64_t enough = max < kNoMost ? OneMoreThan(max) : min;
  std::optional<EvenDays> even;
  if (const auto days = numbers.even_days(); days && selected.size() == 1 && side_by_side) {
    const IntBounds& bounds = selected[0].block->sealed->time_bounds;
    const bool known = days->from_ms <= std::max(bounds.low, range.low) &&
                       std::min(bounds.high, range.high) <= days->last_ms;
    if (known) even.emplace(selected[0], *days);
  }
  ChunkBits passed;
  DifferentNumbers different;
  auto next = tail.begin();
  rows.ForEach([&](uint32_t row) {
    next = std::lower_bound(next, tail.end(), InTail{row, std::numeric_limits<int64_t>::min()});
    const bool in_tail = next != tail.end() && next->first == row;
    int64_t count = 0;
    if (even && !in_tail) {
      count = even->CountOf(row, enough);
    } else {
      different.Clear();
      for (; next != tail.end() && next->first == row; ++next) {
        different.Add(numbers.SpanOf(next->second).number);
      }
      for (const Selected& one : selected) AddSealed(one, row, numbers, enough, &different);
      count = different.Count();
    }
    if (min <= count && count <= max) passed.Set(row);
  });
  return passed;
}

// The rows of which there is a 1.
ChunkBits BitsOf(const std::array<uint8_t, kChunkRows>& reached) {
  ChunkBits rows;
  rows.SetAll();
  kernels::NarrowByRanges(reached.data(), kChunkRows, {{1, 0}}, false, rows.words());
  return rows;
}

// How many events the rows have of those that were selected.
class EventCounts {
 public:
  // `side_by_side`: of each row the sealed ones that are selected are.
  EventCounts(const std::vector<Selected>& selected, bool side_by_side)
      : selected_(selected), side_by_side_(side_by_side) {}

  ChunkBits AtLeast(int64_t times) {
    ChunkBits all;
    all.SetAll();
    if (times <= 0) return all;
    if (selected_.empty()) return {};
    const auto ahead = static_cast<size_t>(times) - 1;
    if (selected_.size() == 1 && (side_by_side_ || times == 1)) {
      return InPlace(selected_[0], ahead);
    }
    if (!list_) list_ = RowsOf(selected_);
    return InList(*list_, ahead);
  }

 private:
  static ChunkBits InPlace(const Selected& one, size_t ahead) {
    const SealedEvents& sealed = *one.block->sealed;
    ChunkBits rows;
    if (ahead == 0) {  // most rows may have one
      std::array<uint8_t, kChunkRows> reached{};
      kernels::MarkRepeated(sealed.rows.data(), sealed.size(), one.bits.words(), ahead,
                            reached.data());
      rows = BitsOf(reached);
    } else {
      kernels::AddRepeated(sealed.rows.data(), sealed.size(), one.bits.words(), ahead,
                           rows.words());
    }
    // What the tail adds is few.
    std::map<uint32_t, size_t> in_tail;
    for (const uint32_t t : one.tail) ++in_tail[one.block->tail[t].row_offset];
    for (const auto& [row, count] : in_tail) {
      const size_t of_sealed = one.bits.CountIn(sealed.run_begin[row], sealed.run_begin[row + 1]);
      if (of_sealed + count > ahead) rows.Set(row);
    }
    return rows;
  }
  // Backwards, so that a row's first place has the last word on it, without a branch.
  static ChunkBits InList(const std::vector<uint16_t>& list, size_t ahead) {
    std::array<uint8_t, kChunkRows> reached{};
    for (size_t i = list.size() - std::min(ahead, list.size()); i-- > 0;) {
      reached[list[i]] = static_cast<uint8_t>(list[i] == list[i + ahead]);
    }
    return BitsOf(reached);
  }

  const std::vector<Selected>& selected_;
  const bool side_by_side_;
  std::optional<std::vector<uint16_t>> list_;
};

// The rows that have so many events of a block since a time, where no event comes too late: then
// one time of each row tells. `tail`: the places of those of the tail that count.
ChunkBits AtLeastSince(int64_t low_ms, const EventBlock& block, const std::vector<uint32_t>& tail,
                       int64_t times, const ChunkBits& rows) {
  // Where so many runs lie, and then their times, is on its way before the first is looked at.
  constexpr size_t kFetched = 512;
  if (times <= 0) return rows;
  const SealedEvents& sealed = *block.sealed;
  std::vector<uint32_t> asked;
  rows.ForEach([&](uint32_t row) { asked.push_back(row); });
  ChunkBits passed;
  for (size_t begin = 0; begin < asked.size(); begin += kFetched) {
    const auto group = absl::MakeConstSpan(asked).subspan(begin, kFetched);
    const auto size_of = [&](uint32_t row) {
      return sealed.run_begin[row + 1] - sealed.run_begin[row];
    };
    const auto place_of = [&](uint32_t row) {
      return sealed.run_begin[row + 1] - std::min<int64_t>(times, size_of(row));
    };
    for (const uint32_t row : group) PrefetchLine(&sealed.run_begin[row]);
    for (const uint32_t row : group) sealed.times.Prefetch(place_of(row));
    for (const uint32_t row : group) {
      if (size_of(row) >= times && sealed.times.Get(place_of(row)) >= low_ms) passed.Set(row);
    }
  }

  std::map<uint32_t, int64_t> in_tail;
  for (const uint32_t t : tail) ++in_tail[block.tail[t].row_offset];
  for (const auto& [row, count] : in_tail) {
    const uint32_t of_sealed = sealed.run_begin[row + 1] - sealed.FirstFrom(row, low_ms);
    if (rows.Test(row) && of_sealed + count >= times) passed.Set(row);
  }
  return passed;
}

}  // namespace

BehaviourOperator::BehaviourOperator(BoundDid bound, const ReadView& view, Preparation* preparation)
    : bound_(std::move(bound)), events_(std::exchange(bound_.events, {}), view, preparation) {
  for (const EventFilter& one : events_.filters()) {
    range_ = {std::min(range_.low, one.range().low), std::max(range_.high, one.range().high)};
  }
  if (bound_.on) days_.emplace(bound_.on->unit, bound_.on->zone, range_);
}

const EventBlock* BehaviourOperator::BlockOfFew(const ReadView& view, uint32_t chunk,
                                                const ChunkBits& rows) const {
  if (days_ || events_.filters().size() != 1 || !events_.filters()[0].IsOfTimeOnly()) {
    return nullptr;
  }
  const EventBlock* const block = events_.filters()[0].BlockOf(view, chunk);
  if (block == nullptr || block->sealed->time_bounds.high > range_.high) return nullptr;
  const uint64_t num_rows = kernels::CountBits(rows.words(), ChunkBits::kWords);
  return num_rows * kEventsForRow <= block->sealed->size() ? block : nullptr;
}

ChunkBits BehaviourOperator::PassingOfFew(const ReadView& view, uint32_t chunk,
                                          const EventBlock& block, const ChunkBits& rows) const {
  std::vector<uint32_t> tail;
  events_.filters()[0].ForEachInTail(view, chunk, block, [&](uint32_t t) { tail.push_back(t); });
  ChunkBits passed = AtLeastSince(range_.low, block, tail, bound_.min, rows);
  if (bound_.max < kNoMost) {
    passed.AndNot(AtLeastSince(range_.low, block, tail, OneMoreThan(bound_.max), passed));
  }
  return passed;
}

ChunkBits BehaviourOperator::Passing(const ReadView& view, uint32_t chunk,
                                     const ChunkBits& rows) const {
  if (const EventBlock* const block = BlockOfFew(view, chunk, rows)) {
    return PassingOfFew(view, chunk, *block, rows);
  }
  const std::vector<Selected> selected = Select(events_, view, chunk, rows);
  const bool side_by_side = std::ranges::all_of(events_.filters(), &EventFilter::IsOfTimeOnly);
  EventCounts counts(selected, side_by_side);
  ChunkBits passed = rows;
  passed.And(counts.AtLeast(bound_.min));
  if (days_) {
    // So many days take so many events; who has few has one day at least, and no more than events.
    ChunkBits unsure = passed;
    if (bound_.min <= 1) unsure.And(counts.AtLeast(OneMoreThan(bound_.max)));
    passed.AndNot(unsure);
    passed.Or(RowsByDays(selected, side_by_side, range_, *days_, bound_.min, bound_.max, unsure));
  } else if (bound_.max < kNoMost) {
    passed.AndNot(counts.AtLeast(OneMoreThan(bound_.max)));
  }
  return passed;
}

void BehaviourOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  if (!rows->Any()) return;
  const ChunkBits passed = Passing(view, chunk, *rows);
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
