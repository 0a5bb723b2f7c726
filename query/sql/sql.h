// SPDX-License-Identifier: Apache-2.0
//
// A bound statement as SQL of another database, for `explain sql` and as an oracle. Declared only:
// nobody defines it yet, and the grammar does not know the words. Thread rule: pure function.
// Source: LANGUAGE.md "Oracles".
#ifndef ROSTER_QUERY_SQL_SQL_H_
#define ROSTER_QUERY_SQL_SQL_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "query/bound_statement.h"

namespace roster::query {

enum class SqlDialect : uint8_t { kDuckDb, kClickHouse };

// Errors: TYPE (what the dialect cannot say).
absl::StatusOr<std::string> EmitSql(const BoundStatement& statement, SqlDialect dialect);

}  // namespace roster::query

#endif  // ROSTER_QUERY_SQL_SQL_H_
