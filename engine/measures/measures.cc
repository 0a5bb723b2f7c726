// SPDX-License-Identifier: Apache-2.0
#include "engine/measures/measures.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "query/declarations/names.h"
#include "query/declarations/parser.h"
#include "query/operators/event_filter.h"
#include "query/operators/measures.h"
#include "query/schema_catalog.h"

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
  interests_.push_back({made.name.text, query::BindInterest(made, context)});
}

void Definitions::Add(const ast::DefineEngagement& made, const query::BindContext& context) {
  engagement_ = query::BindEngagement(made, context);
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
      const auto holds = [&](const query::EventTest& other) {
        return other.Holds(row, block, event);
      };
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
    InterestEntry entry{interest.name, query::SharesOf(interest.made, view_, row)};
    std::stable_sort(entry.shares.begin(), entry.shares.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    if (entry.shares.size() > kMaxShares) entry.shares.resize(kMaxShares);
    if (!entry.shares.empty()) entries.push_back(std::move(entry));
  }
  return entries;
}

std::optional<EngagementEntry> Measures::Engagement(RowId row) const {
  const query::EngagementDefinition& made = definitions_.engagement();
  if (made.levels.empty()) return std::nullopt;
  const double points = query::PointsOf(made, view_, row);
  return EngagementEntry{made.levels[query::LevelOf(made, points)].name, points};
}

}  // namespace roster
