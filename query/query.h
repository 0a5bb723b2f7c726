// SPDX-License-Identifier: Apache-2.0
//
// The query layer in one call: text in, rows out. The stages stand alone in grammar.h, bind.h,
// planner.h and execute.h. Thread rule: any thread; the view is immutable.
#ifndef ROSTER_QUERY_QUERY_H_
#define ROSTER_QUERY_QUERY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "query/ast.h"
#include "query/catalog.h"
#include "query/execute.h"
#include "roster/value.h"
#include "storage/memory/read_view.h"

namespace roster::query {

struct QueryOptions {
  std::string_view time_zone = "UTC";  // by IANA name, unless the statement names one
  // Of a `find`: the last profile of the page before; the view is that page's.
  std::optional<ProfileId> after = std::nullopt;
  // What parsing the statement took, and taking the view, for `explain analyze`. Units:
  // microseconds.
  int64_t parsed_us = 0;
  int64_t viewed_us = 0;
};

// Runs one statement on a view. `params`: the values of $1, $2, ...
// Errors: PARSE, TYPE, NOTRAIT, NOHISTORY, LIMIT with a position; TYPE (time zone of the options),
// NOPROFILE, LIMIT (rows, memory), ERR (SQL that a dialect cannot say), TIMEOUT, CANCELLED without.
absl::StatusOr<QueryAnswer> Run(std::string_view text, absl::Span<const Value> params,
                                const QueryOptions& options, const ReadView& view,
                                const Catalog& catalog, const ExecutionLimits& limits);

// The same of a statement that was parsed from the text.
absl::StatusOr<QueryAnswer> Run(const ast::Statement& statement, std::string_view text,
                                absl::Span<const Value> params, const QueryOptions& options,
                                const ReadView& view, const Catalog& catalog,
                                const ExecutionLimits& given);

// A literal of a statement that is a text, or a parameter that is one. Errors: PARSE, TYPE with a
// position.
absl::StatusOr<std::string> TextOf(const ast::Literal& literal, std::string_view text,
                                   absl::Span<const Value> params);

}  // namespace roster::query

#endif  // ROSTER_QUERY_QUERY_H_
