// SPDX-License-Identifier: Apache-2.0
#include "query/operators/behaviour.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "query/ast.h"
#include "query/window.h"
#include "storage/base/text.h"

namespace roster::query {

BehaviourOperator::BehaviourOperator(BoundDid bound, const ReadView& view, Preparation* preparation)
    : bound_(std::move(bound)), events_(std::exchange(bound_.events, {}), view, preparation) {}

int64_t BehaviourOperator::DayOfEvent(const EventBlock& block, EventRef event) const {
  return CalendarNumber(TimeOf(block, event).ms, bound_.on->unit, bound_.on->zone);
}

void BehaviourOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  if (!rows->Any()) return;
  if (bound_.on) return EvaluateDays(view, chunk, rows);
  std::vector<uint32_t> counts(kChunkRows);
  events_.ForEachIn(view, chunk,
                    [&](uint32_t offset, const EventBlock&, EventRef) { ++counts[offset]; });
  for (uint32_t w = 0; w < ChunkBits::kWords; ++w) {
    uint64_t passed = 0;
    if (rows->words()[w] == 0) continue;
    for (uint32_t i = 0; i < 64; ++i) {
      passed |= static_cast<uint64_t>(Passes(counts[w * 64 + i])) << i;
    }
    rows->words()[w] &= passed;
  }
}

void BehaviourOperator::EvaluateDays(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  std::vector<std::pair<uint32_t, int64_t>> days;
  events_.ForEachIn(view, chunk, [&](uint32_t offset, const EventBlock& block, EventRef event) {
    if (rows->Test(offset)) days.emplace_back(offset, DayOfEvent(block, event));
  });
  std::sort(days.begin(), days.end());
  days.erase(std::unique(days.begin(), days.end()), days.end());
  size_t d = 0;
  rows->ForEach([&](uint32_t offset) {
    int64_t count = 0;
    for (; d < days.size() && days[d].first == offset; ++d) ++count;
    if (!Passes(count)) rows->Clear(offset);
  });
}

bool BehaviourOperator::Matches(const ReadView& view, RowId row) const {
  int64_t count = 0;
  std::set<int64_t> days;
  events_.ForEachOf(view, row, [&](const EventBlock& block, EventRef event) {
    ++count;
    if (bound_.on) days.insert(DayOfEvent(block, event));
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
