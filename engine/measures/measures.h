// SPDX-License-Identifier: Apache-2.0
//
// What is computed of a profile's events by definitions: goals, interests, engagement. Derived,
// when it is read; events of the future count when their time comes. Thread rule: Definitions are
// immutable, Measures belong to one reader, the cache is any thread's.
// Source: CAPABILITIES.md T8, T10, T32; query/LANGUAGE.md "Declarations".
#ifndef ROSTER_ENGINE_MEASURES_MEASURES_H_
#define ROSTER_ENGINE_MEASURES_MEASURES_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "query/bind/bind.h"
#include "query/bound.h"
#include "query/declarations/declaration.h"
#include "roster/profile.h"
#include "storage/base/mutex.h"
#include "storage/memory/read_view.h"

namespace roster {

// The definitions of a state, with every name resolved. What is declared later changes nothing of
// that: ids and types stay.
class Definitions {
 public:
  struct Goal {
    std::string name;
    std::vector<query::BoundEvents> any_of;
  };
  struct Interest {
    std::string name;
    query::InterestDefinition made;
  };

  // Cost: parsing them.
  explicit Definitions(const State& state);

  const std::vector<Goal>& goals() const { return goals_; }                      // by name
  const std::vector<Interest>& interests() const { return interests_; }          // by name
  const query::EngagementDefinition& engagement() const { return engagement_; }  // empty: none

 private:
  void Add(const query::ast::DefineGoal& made, const query::BindContext& context);
  void Add(const query::ast::DefineInterest& made, const query::BindContext& context);
  void Add(const query::ast::DefineEngagement& made, const query::BindContext& context);
  template <typename T>
  void Add(const T&, const query::BindContext&) {}  // nothing to be computed

  std::vector<Goal> goals_;
  std::vector<Interest> interests_;
  query::EngagementDefinition engagement_;
};

// The definitions of the store's last views, so that they are parsed once.
class DefinitionCache {
 public:
  std::shared_ptr<const Definitions> Of(const ReadView& view) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  Mutex mutex_;
  Cow<TextMap<std::string>> texts_ ABSL_GUARDED_BY(mutex_);  // of which they were made
  std::shared_ptr<const Definitions> made_ ABSL_GUARDED_BY(mutex_);
};

// The rows of a view by its definitions.
class Measures {
 public:
  // Lifetime: both outlive it.
  Measures(const Definitions& definitions, const ReadView& view)
      : definitions_(definitions), view_(view) {}

  // A goal that was completed, and the event that did so last: the entry is without its session.
  struct Completed {
    GoalEntry entry;
    EventTypeId type;
    EventId id;
  };
  // By name.
  std::vector<Completed> Goals(RowId row) const;
  // By name; of each the ten values with the greatest shares.
  std::vector<InterestEntry> Interests(RowId row) const;
  // Nothing when none is defined.
  std::optional<EngagementEntry> Engagement(RowId row) const;

  bool has_goals() const { return !definitions_.goals().empty(); }
  // The names of the goals that an event completes. Lifetime: the definitions'.
  std::vector<std::string_view> GoalsOf(RowId row, EventTypeId type, const EventBlock& block,
                                        EventRef event) const;

 private:
  Completed Complete(const Definitions::Goal& goal, RowId row) const;

  const Definitions& definitions_;
  const ReadView& view_;
};

}  // namespace roster

#endif  // ROSTER_ENGINE_MEASURES_MEASURES_H_
