// SPDX-License-Identifier: Apache-2.0
//
// A bound statement as SQL over tables that hold what a view shows (tables.h; README.md says
// which). The text stands alone: now and the time zone are in it as numbers. What a dialect cannot
// say exactly is refused by name, never said nearly. Thread rule: pure functions.
#ifndef ROSTER_QUERY_SQL_SQL_H_
#define ROSTER_QUERY_SQL_SQL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "query/bound_statement.h"
#include "roster/value.h"
#include "storage/memory/schema.h"

namespace roster::query {

enum class SqlDialect : uint8_t { kDuckDb, kClickHouse };

// Of "duckdb", "clickhouse"; nothing for another name.
std::optional<SqlDialect> FindSqlDialect(std::string_view name);
// "DuckDB", "ClickHouse".
std::string_view NameOf(SqlDialect dialect);

// Requires: the statement was bound in this schema.
// Errors: ERR, which names the form that the dialect cannot say exactly.
absl::StatusOr<std::string> EmitSql(const BoundStatement& statement, const Schema& schema,
                                    SqlDialect dialect, Timestamp now);

}  // namespace roster::query

#endif  // ROSTER_QUERY_SQL_SQL_H_
