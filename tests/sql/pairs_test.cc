// SPDX-License-Identifier: Apache-2.0
//
// One half of the oracle: a random store as tables, and random statements with what Roster answers
// and the SQL of each dialect. oracle.js is the other half. ROSTER_SQL_FOLDER: where they go; none:
// they are only made. ROSTER_SIZE: how many statements. ROSTER_SEED repeats a run.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "query/bind/bind.h"
#include "query/errors.h"
#include "query/grammar/grammar.h"
#include "query/query.h"
#include "query/sql/sql.h"
#include "query/sql/tables.h"
#include "tests/battery/size.h"
#include "tests/query/random_filter.h"
#include "tests/seed.h"
#include "tests/sql/store_rows.h"

namespace roster::query {
namespace {

constexpr SqlDialect kDialects[] = {SqlDialect::kDuckDb, SqlDialect::kClickHouse};
constexpr const char* kKeys[] = {"duckdb", "clickhouse"};

// The tables of both dialects with the number of each one's file.
void WriteSchema(const Schema& schema, const std::string& folder) {
  std::ofstream out(folder + "/schema.jsonl");
  for (size_t d = 0; d < std::size(kDialects); ++d) {
    for (const SqlTable& table : SqlTables(schema, kDialects[d])) {
      std::string columns;
      for (const SqlColumn& column : table.columns) {
        columns += StrCat(columns.empty() ? "" : ",", "[", JsonText(column.name), ",",
                          JsonText(column.type), "]");
      }
      out << StrCat("{\"dialect\":\"", kKeys[d], "\",\"table\":", JsonText(table.name),
                    ",\"create\":", JsonText(CreateTable(table, kDialects[d])), ",\"columns\":[",
                    columns, "]}\n");
    }
  }
}

// A line of what is said, the answer, and the SQL or why there is none.
std::string Pair(const std::string& text, std::string_view zone, const ReadView& view) {
  const SchemaCatalog catalog(view.schema(), &*view->definitions);
  const auto answer = Run(text, {}, {.time_zone = zone}, view, catalog, {});
  INFO(RenderError(text, answer.status()));
  REQUIRE(answer.ok());
  std::string ids;
  for (const std::vector<Value>& row : std::get<TableAnswer>(*answer).rows) {
    ids += StrCat(ids.empty() ? "" : ",", JsonText(std::get<std::string>(row[0])));
  }
  std::string line = StrCat("{\"text\":", JsonText(text), ",\"zone\":", JsonText(zone),
                            ",\"now\":", view.clock().ms, ",\"profiles\":", view->num_profiles,
                            ",\"ids\":[", ids, "]");
  const auto bound = Bind(*Parse(text), {.text = text, .catalog = &catalog, .time_zone = zone});
  for (size_t d = 0; d < std::size(kDialects); ++d) {
    const auto sql = EmitSql(*bound, view.schema(), kDialects[d], view.clock());
    line += StrCat(",\"", kKeys[d], "\":{\"", sql.ok() ? "sql" : "refused",
                   "\":", JsonText(sql.ok() ? *sql : StdView(sql.status().message())), "}");
  }
  return line + "}\n";
}

TEST_CASE("random statements as SQL") {
  RandomFilter random(TestSeed());
  const TestStore store = random.Store(TestSeed() % 2 == 0 ? 40 : 200);
  // Also long after all that was done: on other days of the year.
  const int64_t days = TestSeed() % 4 == 0 ? static_cast<int64_t>(TestSeed() / 4 % 1000) : 0;
  const ReadView view = store.View({random.Now().ms + days * kDayMs});
  const char* const folder = std::getenv("ROSTER_SQL_FOLDER");
  std::ofstream out;
  if (folder != nullptr) {
    WriteSchema(view.schema(), folder);
    WriteTables(view, folder);
    out.open(std::string(folder) + "/pairs.jsonl");
  }
  static constexpr std::string_view kZones[] = {"UTC", "Europe/Amsterdam", "America/New_York",
                                                "Asia/Kolkata"};
  const uint64_t size = BatterySize(200);
  for (uint64_t i = 0; i < size; ++i) {
    const std::string filter = i % 3 == 0 ? random.Leaf() : random.Filter(2);
    const std::string text =
        StrCat("find id including archived where ", filter, " order by id limit 1000000");
    const std::string pair = Pair(text, kZones[i % std::size(kZones)], view);
    if (out.is_open()) out << pair;
  }
}

}  // namespace
}  // namespace roster::query
