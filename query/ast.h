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

#include "query/ast/events.h"
#include "query/ast/people.h"
#include "query/ast/tests.h"
#include "query/ast/values.h"

namespace roster::query::ast {

struct Filter;

enum class LogicOp : uint8_t { kAnd, kOr, kNot };

// Shape: two or more children; `not` has one.
struct Logic {
  LogicOp op = LogicOp::kAnd;
  std::vector<Filter> children;
  bool operator==(const Logic&) const;
};

struct Filter {
  std::variant<Logic, Test, Size, Anniversary, HasLabel, IsIdentified, HasIdentity, HasChannel,
               CreatedVia, KnownFor, Consent, InSegment, InterestIn, Sample, Did, Nth, Aggregate,
               Sequence, Paused, Sessions>
      node;
  Span span;
  bool operator==(const Filter&) const;
};

struct OrderBy {
  Name column;
  bool descending = false;
  bool operator==(const OrderBy&) const = default;
};

// Shape: without `by` there is no `having`.
struct Count {
  std::vector<Name> by;
  std::optional<Compare> having;  // of the count
  bool operator==(const Count&) const = default;
};

// Shape: what names a view names no columns; what goes on after a cursor has no offset.
struct Find {
  std::vector<Name> columns;  // empty: the view's, else the default ones
  std::optional<Name> view;
  std::vector<OrderBy> order;  // empty: the view's, else the default one
  std::optional<int64_t> limit;
  int64_t offset = 0;
  std::optional<Literal> after;  // a text or parameter
  bool operator==(const Find&) const = default;
};

// How far profiles came through steps. Shape: two or more steps; one of `each` and `overall`.
struct Funnel {
  std::vector<Step> steps;
  std::optional<Duration> each;     // from the step before
  std::optional<Duration> overall;  // from the first step
  std::vector<Name> same;           // properties that are equal in all steps
  bool same_session = false;
  std::optional<Name> by;  // a trait
  bool operator==(const Funnel&) const = default;
};

// Whom the words name, the best first.
struct Search {
  Literal words;  // a text or parameter
  std::optional<int64_t> limit;
  bool operator==(const Search&) const = default;
};

// Why a profile is in a segment, or is not.
struct Why {
  Literal profile;  // a text or parameter: "p12" or "namespace:value"
  Name segment;
  bool operator==(const Why&) const = default;
};

// Who came to a segment and who left it between two moments.
struct Diff {
  Name segment;
  Literal from;
  Literal to;
  bool operator==(const Diff&) const = default;
};

// What there is to be shown.
enum class Shown : uint8_t {
  kTraits,
  kEvents,
  kNamespaces,
  kSegments,
  kGoals,
  kInterests,
  kEngagement,
  kCarries,
  kRetention,
  kSettings,
  kRules,
  kViews
};

struct Show {
  Shown what = Shown::kTraits;
  bool operator==(const Show&) const = default;
};

// Which profiles a statement looks at.
enum class Scope : uint8_t { kActive, kIncludingArchived, kOnlyArchived };

// Whether a statement is to be explained: its plan alone, or with what running it took, or as SQL.
enum class Explained : uint8_t { kNo, kPlan, kAnalyzed, kAsDuckDb, kAsClickHouse };

// Shape: only `count`, `find`, `funnel` and `search` have a `where` and a scope beside kActive, and
// are explained.
struct Statement {
  std::variant<Count, Find, Show, Funnel, Search, Why, Diff> verb;
  Explained explained = Explained::kNo;
  Scope scope = Scope::kActive;
  std::optional<Filter> where;
  std::optional<Literal> as_of;      // a time
  std::optional<Literal> time_zone;  // a text
  bool operator==(const Statement&) const = default;
};

// The canonical text: every name quoted, one spelling of everything. Parses to an equal statement.
std::string ToText(const Statement& statement);
std::string ToText(const Filter& filter);
std::string ToText(const AggregateOf& aggregate);
// The columns and the order of `find`.
std::string ShapeText(const Find& find);
// "traits", "events", ...
const char* Spelling(Shown shown);

}  // namespace roster::query::ast

#endif  // ROSTER_QUERY_AST_H_
