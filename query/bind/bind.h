// SPDX-License-Identifier: Apache-2.0
//
// AST and catalog to a bound statement: resolves names, checks types, folds literals, each error
// with its place. Thread rule: pure function. Source: LANGUAGE.md "Meaning", 1, 7, 8 and 12.
#ifndef ROSTER_QUERY_BIND_BIND_H_
#define ROSTER_QUERY_BIND_BIND_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "query/ast.h"
#include "query/bound_statement.h"
#include "query/catalog.h"
#include "query/declarations/declaration.h"
#include "roster/value.h"

namespace roster::query {

inline constexpr size_t kMaxNodes = 4096;
// Of `and`, `or` and `not` in each other, with those of the segments that are asked about: no
// statement by itself has so many, whose parentheses are 64 deep.
inline constexpr size_t kMaxDepth = 200;
// A segment counts as so many of them: its text is parsed and bound where it is asked about.
inline constexpr size_t kSegmentDepth = 32;

// What binding needs beside the statement. Lifetime: all outlive the call.
struct BindContext {
  std::string_view text;  // of the statement, for positions
  const Catalog* catalog = nullptr;
  absl::Span<const Value> params;          // of $1, $2, ...
  std::string_view time_zone = "UTC";      // unless the statement names one
  absl::Span<const std::string> segments;  // in whose definitions the text stands
  std::optional<Timestamp> as_of = {};     // what is asked about is as it was then
  size_t depth = 0;                        // at which the text stands in them
};

// Errors: TYPE, NOTRAIT, LIMIT, PARSE (parameters that do not fit), all with a position.
absl::StatusOr<BoundStatement> Bind(const ast::Statement& statement, const BindContext& context);

// A filter that a definition holds. Errors: as Bind.
absl::StatusOr<BoundFilter> BindFilter(const ast::Filter& filter, const BindContext& context);
// The events of a type that a definition means, and a property of one. Errors: as Bind.
absl::StatusOr<BoundEvents> BindEvents(const ast::Events& events, const BindContext& context);
absl::StatusOr<BoundEventProperty> BindProperty(const ast::Name& event, const ast::Name& property,
                                                const BindContext& context);
absl::StatusOr<BoundAggregateOf> BindAggregate(const ast::AggregateOf& aggregate,
                                               const BindContext& context);
// A profile by its name, a text. Errors: PARSE, NOTRAIT with a position.
absl::StatusOr<BoundProfile> BindProfile(const ast::Literal& named, const BindContext& context);
// Whether the columns and the order of a view are there. Errors: as Bind.
absl::Status CheckShape(const ast::Find& shape, const BindContext& context);
// What definitions compute. What they name and is not there any more counts for nothing.
// Requires: the zone is known.
InterestDefinition BindInterest(const ast::DefineInterest& made, const BindContext& context);
EngagementDefinition BindEngagement(const ast::DefineEngagement& made, const BindContext& context);
// The time zone of a statement. Errors: as LoadTimeZone; with a position when it names its own.
absl::StatusOr<absl::TimeZone> ZoneOf(const std::optional<ast::Literal>& named,
                                      const BindContext& context);

// An IANA time zone, one of those installed. Errors: TYPE without a position.
absl::StatusOr<absl::TimeZone> LoadTimeZone(std::string_view name);

}  // namespace roster::query

#endif  // ROSTER_QUERY_BIND_BIND_H_
