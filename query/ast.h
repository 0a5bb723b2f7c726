// SPDX-License-Identifier: Apache-2.0
//
// What a statement says, before names have a meaning: plain structs with byte spans, made by the
// grammar and read by the binder. Thread rule: plain values. Source: LANGUAGE.md, the grammar.
#ifndef ROSTER_QUERY_AST_H_
#define ROSTER_QUERY_AST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "query/exact_number.h"
#include "roster/value.h"

namespace roster::query::ast {

// Bytes [begin, end) of the statement. All spans are equal to each other: statements that say the
// same are equal wherever it stands.
struct Span {
  uint32_t begin = 0;
  uint32_t end = 0;
  bool operator==(const Span&) const { return true; }
};

struct Name {
  std::string text;
  Span span;
  bool operator==(const Name&) const = default;
};

// $1, $2, ...
struct Param {
  uint32_t number = 0;
  bool operator==(const Param&) const = default;
};

// An instant without a zone: the statement's applies. Units: milliseconds on a calendar's clock.
struct LocalTime {
  int64_t civil_ms = 0;
  bool operator==(const LocalTime&) const = default;
};

using Constant = std::variant<std::string, ExactNumber, bool, Date, Timestamp, LocalTime, Param>;

struct Literal {
  Constant value;
  Span span;
  bool operator==(const Literal&) const = default;
};

enum class TimeUnit : uint8_t {
  kMillisecond,
  kSecond,
  kMinute,
  kHour,
  kDay,
  kWeek,
  kMonth,
  kYear,
};

struct Duration {
  int64_t amount = 0;
  TimeUnit unit = TimeUnit::kDay;
  bool operator==(const Duration&) const = default;
};

enum class CompareOp : uint8_t { kEq, kNe, kLt, kLe, kGt, kGe };
enum class TextOp : uint8_t { kContains, kStartsWith, kEndsWith };

// What is asked of one value.
struct Compare {
  CompareOp op = CompareOp::kEq;
  Literal value;
  bool operator==(const Compare&) const = default;
};
struct In {
  bool negated = false;
  std::vector<Literal> values;
  bool operator==(const In&) const = default;
};
struct Between {
  Literal low;
  Literal high;
  bool operator==(const Between&) const = default;
};
struct Presence {
  bool is_set = true;
  bool operator==(const Presence&) const = default;
};
struct TextMatch {
  TextOp op = TextOp::kContains;
  Literal text;
  bool operator==(const TextMatch&) const = default;
};
struct Has {
  Literal element;
  bool operator==(const Has&) const = default;
};

// A range of time. The fields that a kind does not need stay empty.
struct Window {
  enum class Kind : uint8_t {
    kWithinLast,    // first
    kMoreThanAgo,   // first
    kBetweenAgo,    // first, second
    kBetweenTimes,  // low, high
    kBefore,        // low
    kAfter,         // low
  };
  Kind kind = Kind::kWithinLast;
  Duration first;
  Duration second;
  Literal low;
  Literal high;
  Span span;
  bool operator==(const Window&) const = default;
};

// A trait, identity or property and what is asked of it. `between` two times is a Between here.
struct Test {
  Name name;
  std::variant<Compare, In, Between, Presence, TextMatch, Has, Window> what;
  bool operator==(const Test&) const = default;
};

struct Filter;

enum class LogicOp : uint8_t { kAnd, kOr, kNot };

// Shape: two or more children; `not` has one.
struct Logic {
  LogicOp op = LogicOp::kAnd;
  std::vector<Filter> children;
  bool operator==(const Logic&) const;
};

// The events of one type that are meant. Shape: `where` holds none or one.
struct Events {
  Name event;
  std::vector<Filter> where;
  std::optional<Window> window;
  bool operator==(const Events&) const;
};

enum class CountOp : uint8_t { kAtLeast, kAtMost, kExactly };

struct Did {
  Events events;
  CountOp op = CountOp::kAtLeast;
  int64_t times = 1;
  bool operator==(const Did&) const = default;
};

enum class AggregateOp : uint8_t { kSum, kAvg, kMin, kMax, kCount };

struct Aggregate {
  AggregateOp op = AggregateOp::kCount;
  Events events;
  std::optional<Name> property;  // only `count` may leave it out
  Compare compare;
  bool operator==(const Aggregate&) const = default;
};

struct Filter {
  std::variant<Logic, Test, Did, Aggregate> node;
  Span span;
  bool operator==(const Filter&) const;
};

struct OrderBy {
  Name column;
  bool descending = false;
  bool operator==(const OrderBy&) const = default;
};

struct Count {
  bool operator==(const Count&) const = default;
};

struct Find {
  std::vector<Name> columns;  // empty: the default ones
  std::vector<OrderBy> order;
  std::optional<int64_t> limit;
  int64_t offset = 0;
  bool operator==(const Find&) const = default;
};

// What there is to be shown.
enum class Shown : uint8_t {
  kTraits,
  kEvents,
  kNamespaces,
  kGoals,
  kInterests,
  kEngagement,
  kCarries,
  kRetention,
  kSettings
};

struct Show {
  Shown what = Shown::kTraits;
  bool operator==(const Show&) const = default;
};

// Which profiles a statement looks at.
enum class Scope : uint8_t { kActive, kIncludingArchived, kOnlyArchived };

// Shape: of `show` there is no `where`, and its scope is kActive.
struct Statement {
  std::variant<Count, Find, Show> verb;
  Scope scope = Scope::kActive;
  std::optional<Filter> where;
  std::optional<Literal> time_zone;  // a text
  bool operator==(const Statement&) const = default;
};

// The canonical text: every name quoted, one spelling of everything. Parses to an equal statement.
std::string ToText(const Statement& statement);
std::string ToText(const Filter& filter);
std::string ToText(const Window& window);
std::string ToText(const Literal& literal);
std::string ToText(Duration duration);

// "=", "!=", ...
const char* Spelling(CompareOp op);
// "contains", "starts with", "ends with".
const char* Spelling(TextOp op);
// "sum", "avg", ...
const char* Spelling(AggregateOp op);
// "traits", "events", ...
const char* Spelling(Shown shown);
// A text literal with its quotes; a name with its backticks.
std::string QuoteText(std::string_view text);
std::string QuoteName(std::string_view name);

}  // namespace roster::query::ast

#endif  // ROSTER_QUERY_AST_H_
