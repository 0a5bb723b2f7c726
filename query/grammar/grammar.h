// SPDX-License-Identifier: Apache-2.0
//
// Text to AST. This folder alone uses Boost.Spirit. Thread rule: pure function.
#ifndef ROSTER_QUERY_GRAMMAR_GRAMMAR_H_
#define ROSTER_QUERY_GRAMMAR_GRAMMAR_H_

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "query/ast.h"
#include "query/errors.h"
#include "query/lexer.h"

namespace roster::query {

// Parses one statement.
// Errors: PARSE; LIMIT for a text over 64 KiB or brackets deeper than 64. All with a position.
// Cost: O(length).
absl::StatusOr<ast::Statement> Parse(std::string_view text);

// The same; `*num_looks` becomes how often a terminal looked at a token.
absl::StatusOr<ast::Statement> ParseCounted(std::string_view text, uint64_t* num_looks);

// Takes the condition on one event that begins at `*at`, for the parser of declarations. False when
// there is none; then `expected` has what would be one. Requires: `end` is behind the kEnd.
bool TakeCondition(const Token** at, const Token* end, Expectations* expected, ast::Filter* taken);

// The same for a filter over profiles.
bool TakeFilter(const Token** at, const Token* end, Expectations* expected, ast::Filter* filter);

// The same for an aggregate, sum(order.total) within last 90 days.
bool TakeAggregate(const Token** at, const Token* end, Expectations* expected,
                   ast::AggregateOf* taken);

// The same for a `count`, `find`, `search` or `funnel`.
bool TakeAsked(const Token** at, const Token* end, Expectations* expected, ast::Statement* taken);

// The same for the columns and order of a view.
bool TakeColumns(const Token** at, const Token* end, Expectations* expected, ast::Find* taken);

}  // namespace roster::query

#endif  // ROSTER_QUERY_GRAMMAR_GRAMMAR_H_
