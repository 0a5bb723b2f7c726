// SPDX-License-Identifier: Apache-2.0
#include "query/operators/measures.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "query/cells/cell_test.h"
#include "query/operators/event_filter.h"
#include "query/window.h"
#include "storage/memory/cells.h"

namespace roster::query {
namespace {

// A value of an interest, and when it was shown.
struct Seen {
  std::string value;
  Timestamp time;
};

std::vector<Seen> SeenOf(const InterestDefinition& interest, const ReadView& view, RowId row) {
  std::vector<Seen> seen;
  for (const BoundEventProperty& of : interest.properties) {
    const BoundEvents events{of.event, {}, {}, {}};
    const CellType& type = view->partition(of.event).properties()[of.property.value];
    EventTest(events, view).ForEachOf(row, [&](const EventBlock& block, EventRef event) {
      const std::optional<int64_t> cell = PropertyOf(block, event, of.property);
      if (!cell) return;
      const Timestamp time = TimeOf(block, event);
      Value value = DecodeCell(type, *cell);
      if (auto* text = std::get_if<std::string>(&value)) seen.push_back({std::move(*text), time});
      auto* const list = std::get_if<TextList>(&value);
      if (list == nullptr) return;
      for (std::string& text : *list) seen.push_back({std::move(text), time});
    });
  }
  return seen;
}

// Units: milliseconds. The same at any time, so that shares change with events only.
double HalfLifeMs(ast::Duration half_life) {
  constexpr double kDayMs = 86'400'000;
  const auto amount = static_cast<double>(half_life.amount);
  if (half_life.unit == ast::TimeUnit::kMonth) return amount * 30 * kDayMs;
  if (half_life.unit == ast::TimeUnit::kYear) return amount * 365 * kDayMs;
  return amount * static_cast<double>(FixedLength(half_life.unit));
}

}  // namespace

// Shares are the same whatever the moment that ages are counted from; from the newest event on none
// of them is too small to be told from 0.
std::vector<std::pair<std::string, double>> SharesOf(const InterestDefinition& interest,
                                                     const ReadView& view, RowId row) {
  std::vector<Seen> seen = SeenOf(interest, view, row);
  // Sums of doubles in one order, whichever the events came in.
  std::sort(seen.begin(), seen.end(), [](const Seen& a, const Seen& b) {
    return std::tie(a.value, a.time) < std::tie(b.value, b.time);
  });
  Timestamp newest{std::numeric_limits<int64_t>::min()};
  for (const Seen& one : seen) newest = std::max(newest, one.time);
  const double half_life_ms = interest.half_life ? HalfLifeMs(*interest.half_life) : 0;
  std::vector<std::pair<std::string, double>> shares;
  double total = 0;
  for (Seen& one : seen) {
    const auto age_ms = static_cast<double>(newest.ms - one.time.ms);
    const double weight = half_life_ms == 0 ? 1 : std::exp2(-age_ms / half_life_ms);
    total += weight;
    if (shares.empty() || shares.back().first != one.value) {
      shares.emplace_back(std::move(one.value), 0);
    }
    shares.back().second += weight;
  }
  for (auto& [value, share] : shares) share /= total;
  return shares;
}

double PointsOf(const EngagementDefinition& engagement, const ReadView& view, RowId row) {
  double total = 0;
  for (const EngagementDefinition::Points& points : engagement.points) {
    uint64_t count = 0;
    EventTest(points.events, view).ForEachOf(row, [&](const auto&, auto) { ++count; });
    const double sum = points.each * static_cast<double>(count);
    total += points.cap ? std::min(sum, *points.cap) : sum;
  }
  return total;
}

size_t LevelOf(const EngagementDefinition& engagement, double points) {
  size_t level = 0;
  while (level + 1 < engagement.levels.size() && points >= engagement.levels[level + 1].from) {
    ++level;
  }
  return level;
}

// --- Interests ---

void InterestOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  rows->ForEach([&](uint32_t offset) {
    if (!Matches(view, RowAt(chunk, offset))) rows->Clear(offset);
  });
}

// What was not shown while others were has no share; where nothing was there is none to be
// compared.
bool InterestOperator::Matches(const ReadView& view, RowId row) const {
  const auto shares = SharesOf(bound_.interest, view, row);
  if (shares.empty()) return false;
  const auto found = std::find_if(shares.begin(), shares.end(),
                                  [&](const auto& share) { return share.first == bound_.value; });
  const double share = found == shares.end() ? 0 : found->second;
  const CellType number{.type = ValueType::kNumber, .scale = 0, .dictionary = {}};
  return Holds(bound_.share, number, BitsOf(share), view.clock());
}

std::optional<Timestamp> InterestOperator::NextChange(const ReadView& view, RowId row) const {
  std::optional<Timestamp> next;
  for (const BoundEventProperty& of : bound_.interest.properties) {
    const BoundEvents events{of.event, {}, {}, {}};
    next = Earlier(next, EventTest(events, view).NextChange(row));
  }
  return next;
}

void InterestOperator::AddDependencies(Dependencies* dependencies) const {
  for (const BoundEventProperty& of : bound_.interest.properties) {
    dependencies->events.push_back(of.event);
  }
}

// --- Engagement ---

// Counted for a chunk at once.
void EngagementOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  if (!rows->Any()) return;
  const EngagementDefinition& made = bound_.engagement;
  std::vector<double> totals(kChunkRows);
  const ExecutionLimits limits;
  for (const EngagementDefinition::Points& points : made.points) {
    Preparation preparation(view.clock(), limits);
    std::vector<uint64_t> counts(kChunkRows);
    EventFilter(points.events, view, &preparation)
        .ForEachIn(view, chunk, *rows,
                   [&](uint32_t offset, const EventBlock&, EventRef) { ++counts[offset]; });
    for (uint32_t offset = 0; offset < kChunkRows; ++offset) {
      const double sum = points.each * static_cast<double>(counts[offset]);
      totals[offset] += points.cap ? std::min(sum, *points.cap) : sum;
    }
  }
  rows->ForEach([&](uint32_t offset) {
    if (!bound_.passes[LevelOf(made, totals[offset])]) rows->Clear(offset);
  });
}

bool EngagementOperator::Matches(const ReadView& view, RowId row) const {
  const double points = PointsOf(bound_.engagement, view, row);
  return bound_.passes[LevelOf(bound_.engagement, points)];
}

std::optional<Timestamp> EngagementOperator::NextChange(const ReadView& view, RowId row) const {
  std::optional<Timestamp> next;
  for (const EngagementDefinition::Points& points : bound_.engagement.points) {
    next = Earlier(next, EventTest(points.events, view).NextChange(row));
  }
  return next;
}

void EngagementOperator::AddDependencies(Dependencies* dependencies) const {
  for (const EngagementDefinition::Points& points : bound_.engagement.points) {
    dependencies->events.push_back(points.events.event);
  }
}

}  // namespace roster::query
