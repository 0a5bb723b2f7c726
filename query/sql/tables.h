// SPDX-License-Identifier: Apache-2.0
//
// The tables that emitted SQL reads, as README.md describes them: their names, columns and types.
// Thread rule: pure functions.
#ifndef ROSTER_QUERY_SQL_TABLES_H_
#define ROSTER_QUERY_SQL_TABLES_H_

#include <string>
#include <string_view>
#include <vector>

#include "query/sql/sql.h"
#include "storage/memory/schema.h"

namespace roster::query {

// Tables that are always there. Columns of our own begin with `_`, where the name of a trait or
// property that does so begins with one more.
inline constexpr std::string_view kProfilesTable = "profiles";
inline constexpr std::string_view kIdentitiesTable = "identities";
inline constexpr std::string_view kLabelsTable = "labels";
inline constexpr std::string_view kConsentTable = "consent";
inline constexpr std::string_view kSessionsTable = "sessions";
inline constexpr std::string_view kCallsTable = "calls";

// Unquoted.
std::string EventTable(std::string_view event);
std::string HistoryTable(std::string_view trait);
std::string ValueColumn(std::string_view name);
// Of profiles: the first identity in a namespace.
std::string IdentityColumn(std::string_view name_space);
// Of a text: the same without case and accents, as storage/base/unicode.h folds it.
std::string FoldedColumn(std::string_view name);
// Of a list in ClickHouse, whose arrays are never missing: whether there is one.
std::string IsSetColumn(std::string_view name);

// Unquoted, with the type as the dialect spells it.
struct SqlColumn {
  std::string name;
  std::string type;
};
struct SqlTable {
  std::string name;
  std::vector<SqlColumn> columns;
};

// All tables of a schema; none for what clients cannot name.
std::vector<SqlTable> SqlTables(const Schema& schema, SqlDialect dialect);
std::string CreateTable(const SqlTable& table, SqlDialect dialect);

}  // namespace roster::query

#endif  // ROSTER_QUERY_SQL_TABLES_H_
