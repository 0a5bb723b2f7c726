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
  kSegments,
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
// "traits", "events", ...
const char* Spelling(Shown shown);

}  // namespace roster::query::ast

#endif  // ROSTER_QUERY_AST_H_
