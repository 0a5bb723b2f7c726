// SPDX-License-Identifier: Apache-2.0
//
// What a view shows as the rows of the tables that emitted SQL reads (query/sql/README.md), in a
// file a table: a JSON object a line, with numbers that need more digits than a double has as text.
#ifndef ROSTER_TESTS_SQL_STORE_ROWS_H_
#define ROSTER_TESTS_SQL_STORE_ROWS_H_

#include <string>
#include <string_view>

#include "storage/memory/read_view.h"

namespace roster::query {

// A JSON text.
std::string JsonText(std::string_view text);

// Writes FOLDER/N.jsonl for the Nth of SqlTables, from 0.
void WriteTables(const ReadView& view, const std::string& folder);

}  // namespace roster::query

#endif  // ROSTER_TESTS_SQL_STORE_ROWS_H_
