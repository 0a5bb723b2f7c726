// SPDX-License-Identifier: Apache-2.0
//
// Predicates on what somebody did: counts of events, single ones, sums, sequences.
// Thread rule: plain values. Source: LANGUAGE.md, "What somebody did".
#ifndef ROSTER_QUERY_AST_EVENTS_H_
#define ROSTER_QUERY_AST_EVENTS_H_

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "query/ast/tests.h"
#include "query/ast/values.h"

namespace roster::query::ast {

struct Filter;

// Which events are meant, before a condition and a window.
enum class EventKind : uint8_t { kType, kAny, kGoal, kCampaign };
// Of a campaign.
enum class Touch : uint8_t { kAny, kSent, kSeen, kClicked };

// Shape: `where` holds none or one. `event` is the name of the type, the goal or the campaign.
struct Events {
  Name event;
  std::vector<Filter> where;
  std::optional<Window> window;
  EventKind kind = EventKind::kType;
  Touch touch = Touch::kAny;
  bool operator==(const Events&) const;
};

enum class CountOp : uint8_t { kAtLeast, kAtMost, kExactly };

// `on`: that many different days, weeks or months of the calendar, not events.
struct Did {
  Events events;
  CountOp op = CountOp::kAtLeast;
  int64_t times = 1;
  std::optional<TimeUnit> on;
  bool operator==(const Did&) const = default;
};

// One event of a type in time order, counted from the first (1, 2, ...) or the last (-1).
struct Nth {
  int64_t place = 1;
  Events events;
  bool operator==(const Nth&) const = default;
};

enum class AggregateOp : uint8_t { kSum, kAvg, kMin, kMax, kCount, kDistinct };

struct AggregateOf {
  AggregateOp op = AggregateOp::kCount;
  Events events;
  std::optional<Name> property;  // only `count` may leave it out
  Span span;
  bool operator==(const AggregateOf&) const = default;
};

// With a value, or with another aggregate.
struct Aggregate {
  AggregateOf left;
  CompareOp op = CompareOp::kEq;
  std::variant<Literal, AggregateOf> right;
  bool operator==(const Aggregate&) const = default;
};

struct Step {
  Events events;                   // the first one alone has a window
  bool negated = false;            // `then not`: the last one only
  std::optional<Duration> within;  // of the step before
  Span span;
  bool operator==(const Step&) const = default;
};

enum class Start : uint8_t { kSome, kEvery, kNth };

// Shape: two or more steps.
struct Sequence {
  Start start = Start::kSome;
  int64_t place = 1;  // of kNth, as in Nth
  std::vector<Step> steps;
  std::vector<Name> same;  // properties that are equal in all steps
  bool same_session = false;
  bool operator==(const Sequence&) const = default;
};

// stopped "login" for 30 days: did so before, and not since. resumed: was silent for so long, and
// did so again.
struct Paused {
  bool resumed = false;
  Events events;
  Duration duration;
  bool operator==(const Paused&) const = default;
};

enum class Quantifier : uint8_t { kAny, kAll, kNo };

// Shape: `condition` holds one, in which names are the session's.
struct Sessions {
  Quantifier quantifier = Quantifier::kAny;
  std::vector<Filter> condition;
  CountOp op = CountOp::kAtLeast;
  int64_t times = 1;
  std::optional<Window> window;
  bool operator==(const Sessions&) const;
};

// "sum", "avg", ...
const char* Spelling(AggregateOp op);
const char* Spelling(Touch touch);
const char* Spelling(CountOp op);

}  // namespace roster::query::ast

#endif  // ROSTER_QUERY_AST_EVENTS_H_
