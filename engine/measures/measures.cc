// SPDX-License-Identifier: Apache-2.0
#include "engine/measures/measures.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include "query/declarations/names.h"
#include "query/declarations/parser.h"
#include "query/operators/event_filter.h"
#include "query/schema_catalog.h"
#include "query/window.h"

namespace roster {
namespace {

namespace ast = query::ast;

constexpr size_t kMaxShares = 10;

template <typename T>
void SortByName(std::vector<T>* entries) {
  std::sort(entries->begin(), entries->end(),
            [](const T& a, const T& b) { return a.name < b.name; });
}

}  // namespace

Definitions::Definitions(const State& state) {
  const query::SchemaCatalog catalog(*state.schema);
  for (const auto& [name, stored] : *state.definitions) {
    if (name.starts_with(query::kBlocked)) continue;
    const absl::StatusOr<ast::Declaration> declaration = query::ParseStored(stored);
    if (!declaration.ok()) continue;  // of a later version of the language
    query::BindContext context{
        .text = query::CanonicalText(stored), .catalog = &catalog, .params = {}};
    if (declaration->time_zone) {
      context.time_zone = std::get<std::string>(declaration->time_zone->value);
    }
    std::visit([&](const auto& what) { Add(what, context); }, declaration->what);
  }
  SortByName(&goals_);
  SortByName(&interests_);
}

void Definitions::Add(const ast::DefineGoal& made, const query::BindContext& context) {
  Goal goal{made.name.text, {}};
  for (const ast::Events& events : made.any_of) {
    absl::StatusOr<query::BoundEvents> bound = query::BindEvents(events, context);
    if (bound.ok()) goal.any_of.push_back(*std::move(bound));
  }
  goals_.push_back(std::move(goal));
}

void Definitions::Add(const ast::DefineInterest& made, const query::BindContext& context) {
  Interest interest{made.name.text, {}, made.half_life, absl::UTCTimeZone()};
  const absl::StatusOr<absl::TimeZone> zone = query::LoadTimeZone(context.time_zone);
  if (zone.ok()) interest.zone = *zone;
  for (const ast::EventProperty& of : made.properties) {
    const auto bound = query::BindProperty(of.event, of.property, context);
    if (bound.ok()) interest.properties.push_back(*bound);
  }
  interests_.push_back(std::move(interest));
}

void Definitions::Add(const ast::DefineEngagement& made, const query::BindContext& context) {
  for (const ast::Points& points : made.points) {
    auto bound = query::BindEvents({points.event, {}, points.window}, context);
    if (!bound.ok()) continue;
    points_.push_back({*std::move(bound), points.each.ToDouble(), {}});
    if (points.cap) points_.back().cap = points.cap->ToDouble();
  }
  for (const ast::Level& level : made.levels) {
    levels_.push_back({std::get<std::string>(level.name.value), level.from.ToDouble()});
  }
}

std::shared_ptr<const Definitions> DefinitionCache::Of(const ReadView& view) {
  {
    MutexLock lock(&mutex_);
    if (made_ != nullptr && &*texts_ == &*view->definitions) return made_;
  }
  auto made = std::make_shared<const Definitions>(view.state());
  MutexLock lock(&mutex_);
  texts_ = view->definitions;
  made_ = made;
  return made;
}

std::vector<Measures::Completed> Measures::Goals(RowId row) const {
  std::vector<Completed> completed;
  for (const Definitions::Goal& goal : definitions_.goals()) {
    Completed one = Complete(goal, row);
    if (one.entry.count != 0) completed.push_back(std::move(one));
  }
  return completed;
}

Measures::Completed Measures::Complete(const Definitions::Goal& goal, RowId row) const {
  Completed made{.entry = {.name = goal.name, .last_session = {}}, .type = {}, .id = {}};
  GoalEntry& entry = made.entry;
  for (size_t i = 0; i < goal.any_of.size(); ++i) {
    const EventTypeId type = goal.any_of[i].event;
    // An event that passes two conditions completes the goal once.
    std::vector<query::EventTest> before;
    for (size_t j = 0; j < i; ++j) {
      if (goal.any_of[j].event == type) before.emplace_back(goal.any_of[j], view_);
    }
    const query::EventTest test(goal.any_of[i], view_);
    test.ForEachOf(row, [&](const EventBlock& block, EventRef event) {
      const auto holds = [&](const query::EventTest& other) { return other.Holds(row, block, event); };
      if (std::any_of(before.begin(), before.end(), holds)) return;
      const Timestamp time = TimeOf(block, event);
      const EventId id = IdOf(block, event);
      entry.first = entry.count == 0 ? time : std::min(entry.first, time);
      if (entry.count++ != 0 && std::tie(time, id) < std::tie(entry.last, made.id)) return;
      entry.last = time;
      made.id = id;
      made.type = type;
    });
  }
  return made;
}

std::vector<std::string_view> Measures::GoalsOf(RowId row, EventTypeId type,
                                                const EventBlock& block, EventRef event) const {
  std::vector<std::string_view> names;
  for (const Definitions::Goal& goal : definitions_.goals()) {
    const auto completes = [&](const query::BoundEvents& events) {
      return events.event == type && query::EventTest(events, view_).Holds(row, block, event);
    };
    if (std::any_of(goal.any_of.begin(), goal.any_of.end(), completes)) names.push_back(goal.name);
  }
  return names;
}

std::vector<InterestEntry> Measures::Interests(RowId row) const {
  std::vector<InterestEntry> entries;
  for (const Definitions::Interest& interest : definitions_.interests()) {
    InterestEntry entry = Weigh(interest, row);
    if (!entry.shares.empty()) entries.push_back(std::move(entry));
  }
  return entries;
}

std::vector<Measures::Seen> Measures::SeenOf(const Definitions::Interest& interest,
                                             RowId row) const {
  std::vector<Seen> seen;
  for (const query::BoundEventProperty& of : interest.properties) {
    const query::BoundEvents events{of.event, {}, {}};
    const CellType& type = view_->partition(of.event).properties()[of.property.value];
    query::EventTest(events, view_).ForEachOf(row, [&](const EventBlock& block, EventRef event) {
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

// Shares are the same whatever the moment that ages are counted from; from the newest event on none
// of them is too small to be told from 0.
InterestEntry Measures::Weigh(const Definitions::Interest& interest, RowId row) const {
  std::vector<Seen> seen = SeenOf(interest, row);
  // Sums of doubles in one order, whichever the events came in.
  std::sort(seen.begin(), seen.end(), [](const Seen& a, const Seen& b) {
    return std::tie(a.value, a.time) < std::tie(b.value, b.time);
  });
  Timestamp newest{std::numeric_limits<int64_t>::min()};
  for (const Seen& one : seen) newest = std::max(newest, one.time);
  InterestEntry entry{interest.name, {}};
  double half_life_ms = 0;
  if (interest.half_life) {
    const Timestamp now = view_.clock();
    const int64_t before_ms = query::Before(now, *interest.half_life, interest.zone);
    half_life_ms = static_cast<double>(now.ms - before_ms);
  }
  double total = 0;
  for (Seen& one : seen) {
    const auto age_ms = static_cast<double>(newest.ms - one.time.ms);
    const double weight = half_life_ms == 0 ? 1 : std::exp2(-age_ms / half_life_ms);
    total += weight;
    if (entry.shares.empty() || entry.shares.back().first != one.value) {
      entry.shares.emplace_back(std::move(one.value), 0);
    }
    entry.shares.back().second += weight;
  }
  for (auto& [value, share] : entry.shares) share /= total;
  std::stable_sort(entry.shares.begin(), entry.shares.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  if (entry.shares.size() > kMaxShares) entry.shares.resize(kMaxShares);
  return entry;
}

std::optional<EngagementEntry> Measures::Engagement(RowId row) const {
  if (definitions_.levels().empty()) return std::nullopt;
  EngagementEntry entry;
  for (const Definitions::Points& points : definitions_.points()) {
    uint64_t count = 0;
    query::EventTest(points.events, view_).ForEachOf(row, [&](const auto&, auto) { ++count; });
    const double sum = points.each * static_cast<double>(count);
    entry.points += points.cap ? std::min(sum, *points.cap) : sum;
  }
  for (const Definitions::Level& level : definitions_.levels()) {
    if (entry.points >= level.from) entry.level = level.name;
  }
  return entry;
}

}  // namespace roster
