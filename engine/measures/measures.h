// SPDX-License-Identifier: Apache-2.0
//
// What is computed of a profile's events by definitions: goals, interests, engagement. Derived,
// when it is read; events of the future count when their time comes. Thread rule: immutable once
// made. Source: CAPABILITIES.md T8, T10, T32; query/LANGUAGE.md "Declarations".
#ifndef ROSTER_ENGINE_MEASURES_MEASURES_H_
#define ROSTER_ENGINE_MEASURES_MEASURES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "query/bind.h"
#include "query/bound.h"
#include "query/declarations/declaration.h"
#include "roster/profile.h"
#include "storage/memory/read_view.h"

namespace roster {

// The definitions of a view, ready to be asked about any of its rows.
class Measures {
 public:
  // Cost: parsing the definitions. Lifetime: the view outlives it.
  explicit Measures(const ReadView& view);

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

  bool has_goals() const { return !goals_.empty(); }
  // The names of the goals that an event completes. Lifetime: of this.
  std::vector<std::string_view> GoalsOf(EventTypeId type, const EventBlock& block,
                                        EventRef event) const;

 private:
  struct Goal {
    std::string name;
    std::vector<query::BoundEvents> any_of;
  };
  struct Interest {
    std::string name;
    std::vector<query::BoundEventProperty> properties;
    int64_t half_life_ms = 0;  // 0: all events weigh the same
  };
  struct Points {
    query::BoundEvents events;
    double each = 0;
    std::optional<double> cap;
  };
  struct Level {
    std::string name;
    double from = 0;
  };

  void Add(const query::ast::DefineGoal& made, const query::BindContext& context);
  void Add(const query::ast::DefineInterest& made, const query::BindContext& context);
  void Add(const query::ast::DefineEngagement& made, const query::BindContext& context);
  template <typename T>
  void Add(const T&, const query::BindContext&) {}  // nothing to be computed

  // A value of an interest, and when it was shown.
  struct Seen {
    std::string value;
    Timestamp time;
  };

  Completed Complete(const Goal& goal, RowId row) const;
  std::vector<Seen> SeenOf(const Interest& interest, RowId row) const;
  InterestEntry Weigh(const Interest& interest, RowId row) const;

  const ReadView& view_;
  std::vector<Goal> goals_;          // by name
  std::vector<Interest> interests_;  // by name
  std::vector<Points> points_;
  std::vector<Level> levels_;  // ascending; empty: no engagement is defined
};

}  // namespace roster

#endif  // ROSTER_ENGINE_MEASURES_MEASURES_H_
