// SPDX-License-Identifier: Apache-2.0
//
// A filter with every name resolved, every type checked and every literal in the form of the
// cells that it is compared with. What moves with time (windows) stays a function of now, so a
// bound filter is true of any later view too. Made by the binder; read by the planner.
// Thread rule: plain values.
#ifndef ROSTER_QUERY_BOUND_H_
#define ROSTER_QUERY_BOUND_H_

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "query/ast.h"
#include "query/bound_cells.h"
#include "query/catalog.h"
#include "query/exact_number.h"
#include "query/window.h"
#include "storage/base/ids.h"
#include "storage/memory/schema.h"

namespace roster::query {

struct BoundFilter;

// Shape: two or more children; `not` has one.
struct BoundLogic {
  ast::LogicOp op = ast::LogicOp::kAnd;
  std::vector<BoundFilter> children;
};

struct BoundTrait {
  TraitId trait;
  ValueInfo info;
  CellPredicate predicate;
};

// Only in the condition on an event.
struct BoundProperty {
  PropertyId property;
  ValueInfo info;
  CellPredicate predicate;
};

// True when one identity of the profile in the namespace passes; negated: when there is one and
// none passes. The test is on text.
struct BoundIdentity {
  NamespaceId name_space;
  CellPredicate predicate;
};

// Nothing passes: what is asked about is never there.
struct BoundNever {};

// Profiles with one of the labels. Sorted.
struct BoundLabel {
  std::vector<std::string> labels;
  std::optional<Timestamp> until;  // what was said later is not known yet
};
// Profiles that answer for one of the ids.
struct BoundMembers {
  std::vector<ProfileId> ids;
  std::string segment;
};
// Profiles with an identity: in the namespace, or of the kind, or any.
struct BoundHasIdentity {
  std::optional<NamespaceId> name_space;
  std::optional<NamespaceKind> kind;
};
struct BoundConsent {
  std::string channel;
  ast::ConsentState state = ast::ConsentState::kGranted;
  std::optional<int64_t> since_ms;
  std::optional<std::string> policy;
  std::optional<Timestamp> until;  // as above
};
// The profiles whose number is below the threshold, of 2^64.
struct BoundSample {
  std::string seed;
  std::string percent;
  bool all = false;
  uint64_t below = 0;
};

// The time that an event may be behind the moment in which its profile was first seen.
struct AfterFirstSeen {
  ast::Duration duration;
  absl::TimeZone zone;
};

// The events of one type that are meant; none whose time has not come. Shape: `where` holds none
// or one, over properties.
struct BoundEvents {
  EventTypeId event;
  std::vector<BoundFilter> where;
  Window window;
  std::optional<AfterFirstSeen> after_first_seen;
};
// Events of several types, each type once.
using BoundEventSet = std::vector<BoundEvents>;

// A property of the events of a type.
struct BoundEventProperty {
  EventTypeId event;
  PropertyId property;
  ValueInfo info;
};

// Different days, weeks or months of a calendar.
struct CalendarUnit {
  ast::TimeUnit unit = ast::TimeUnit::kDay;
  absl::TimeZone zone;
};

// The number of events, or of days on which there were some, is in [min, max]; negated: it is not.
struct BoundDid {
  BoundEventSet events;
  int64_t min = 1;
  int64_t max = std::numeric_limits<int64_t>::max();
  bool negated = false;
  std::optional<CalendarUnit> on;
  std::string said;  // what is counted, in words of the language
};

// The event at a place among all of its types passes. Shape: as ast::Nth.
struct BoundNth {
  int64_t place = 1;
  BoundEventSet events;
  std::string said;
};

// A sum or an average of integers or decimals, compared exactly.
struct ExactCompare {
  ast::CompareOp op = ast::CompareOp::kEq;
  ExactThreshold threshold;
};

// Of a property over events that have it. A count may be without.
struct BoundAggregateOf {
  BoundEvents events;
  ast::AggregateOp op = ast::AggregateOp::kSum;
  std::optional<PropertyId> property;
  ValueInfo info;
};
struct AggregateCompare {
  ast::CompareOp op = ast::CompareOp::kEq;
  BoundAggregateOf right;
};

// Of least and greatest, and of numbers, the result is tested as a cell of the property's type; a
// number of values as an integer.
struct BoundAggregate {
  BoundAggregateOf of;
  std::variant<CellPredicate, ExactCompare, AggregateCompare> test;
};

// One step of a sequence. Shape: `same` has a property for each of the events.
struct BoundStep {
  BoundEventSet events;
  bool negated = false;
  std::optional<ast::Duration> within;  // of the step before
  std::vector<std::vector<PropertyId>> same;
};
struct BoundSequence {
  ast::Start start = ast::Start::kSome;
  int64_t place = 1;
  std::vector<BoundStep> steps;
  bool same_session = false;
  absl::TimeZone zone;
  std::string said;
};

// An event after a silence: the one before it is at least so long ago.
struct BoundResumed {
  BoundEvents events;  // whenever they were
  ast::Duration silence;
  Window window;  // in which the event lies
  absl::TimeZone zone;
  std::string said;
};

// What the value of a trait was over time.
struct BoundHistory {
  enum class Kind : uint8_t { kWas, kChanged, kStays, kIs };
  Kind kind = Kind::kWas;
  TraitId trait;
  ValueInfo info;
  std::optional<CellPredicate> from;  // before a change
  std::optional<CellPredicate> to;    // after it; what it was, stays, is
  Window window;                      // of kStays: until which it has to have begun
  std::string said;
};

// Which property of a session.
enum class SessionProperty : uint8_t {
  kId,
  kKind,
  kChannel,
  kName,
  kPlatform,
  kStart,
  kEnd,
  kDuration,  // an integer, in milliseconds
  kEvents,
  kAgentTakeover,
};
// Only in the condition on a session.
struct BoundSessionTest {
  SessionProperty property = SessionProperty::kId;
  ValueInfo info;
  CellPredicate predicate;
};
// The number of sessions that pass is in [min, max]. `all`: there are some and none fails.
// Shape: `condition` holds one.
struct BoundSessions {
  std::vector<BoundFilter> condition;
  bool all = false;
  int64_t min = 1;
  int64_t max = std::numeric_limits<int64_t>::max();
  Window window;       // in which it began
  bool as_of = false;  // now is a time of the past
  std::string said;
};

// Shares of the values of properties.
struct InterestDefinition {
  std::vector<BoundEventProperty> properties;
  std::optional<ast::Duration> half_life;  // none: all events weigh the same
};
struct BoundInterest {
  InterestDefinition interest;
  std::string value;
  CellPredicate share;  // of a number
  std::string said;
};

// A sum of points, cut into levels.
struct EngagementDefinition {
  struct Points {
    BoundEvents events;
    double each = 0;
    std::optional<double> cap;
  };
  struct Level {
    std::string name;
    double from = 0;
  };
  std::vector<Points> points;
  std::vector<Level> levels;  // ascending
};
// Shape: as many levels as there are.
struct BoundEngagement {
  EngagementDefinition engagement;
  std::vector<bool> passes;  // by level
  std::string said;
};

struct BoundFilter {
  std::variant<BoundLogic, BoundTrait, BoundProperty, BoundIdentity, BoundNever, BoundLabel,
               BoundMembers, BoundHasIdentity, BoundConsent, BoundSample, BoundDid, BoundNth,
               BoundAggregate, BoundSequence, BoundResumed, BoundHistory, BoundSessionTest,
               BoundSessions, BoundInterest, BoundEngagement>
      node;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_BOUND_H_
