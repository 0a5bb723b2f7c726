// SPDX-License-Identifier: Apache-2.0
//
// One half of the oracle: a random store as tables, and random statements with what Roster answers
// and the SQL of each dialect. oracle.js is the other half. ROSTER_SQL_FOLDER: where they go; none:
// they are only made. ROSTER_SIZE: how many statements. ROSTER_SEED repeats a run.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <random>
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
#include "tests/sql/calendar_pairs.h"
#include "tests/sql/store_rows.h"

namespace roster::query {
namespace {

const std::vector<SqlDialect> kDialects = {SqlDialect::kDuckDb, SqlDialect::kClickHouse};
constexpr const char* kKeys[] = {"duckdb", "clickhouse"};

// The tables of both dialects with the number of each one's file.
void WriteSchema(const Schema& schema, const std::string& folder) {
  std::ofstream out(folder + "/schema.jsonl");
  for (size_t d = 0; d < kDialects.size(); ++d) {
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

// As oracle.js writes what a database gives.
std::string CellText(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return JsonText(*text);
  if (const auto* whole = std::get_if<int64_t>(&value)) return StrCat("\"", *whole, "\"");
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "\"true\"" : "\"false\"";
  if (const auto* day = std::get_if<Date>(&value)) return StrCat("\"", day->days, "\"");
  if (const auto* time = std::get_if<Timestamp>(&value)) return StrCat("\"", time->ms, "\"");
  return "null";
}

std::string RowsText(const QueryAnswer& answer) {
  if (const auto* count = std::get_if<CountAnswer>(&answer)) {
    return StrCat("[[\"", count->count, "\"]]");
  }
  std::string rows;
  for (const std::vector<Value>& row : std::get<TableAnswer>(answer).rows) {
    std::string cells;
    for (const Value& value : row) cells += StrCat(cells.empty() ? "" : ",", CellText(value));
    rows += StrCat(rows.empty() ? "" : ",", "[", cells, "]");
  }
  return StrCat("[", rows, "]");
}

// A line of what is said, the answer, and the SQL or why there is none.
std::string Pair(const std::string& text, std::string_view zone, const ReadView& view) {
  const SchemaCatalog catalog(view.schema(), &*view->definitions);
  const auto answer = Run(text, {}, {.time_zone = zone}, view, catalog, {});
  INFO(RenderError(text, answer.status()));
  REQUIRE(answer.ok());
  std::string line = StrCat("{\"text\":", JsonText(text), ",\"zone\":", JsonText(zone),
                            ",\"now\":", view.clock().ms, ",\"profiles\":", view->num_profiles,
                            ",\"rows\":", RowsText(*answer));
  const auto bound = Bind(*Parse(text), {.text = text, .catalog = &catalog, .time_zone = zone});
  for (size_t d = 0; d < kDialects.size(); ++d) {
    const auto sql = EmitSql(*bound, view.schema(), kDialects[d], view.clock());
    line += StrCat(",\"", kKeys[d], "\":{\"", sql.ok() ? "sql" : "refused",
                   "\":", JsonText(sql.ok() ? *sql : StdView(sql.status().message())), "}");
  }
  return line + "}\n";
}

// Who passes a filter, mostly; how many, in which order, of which values.
std::string Statement(const std::string& filter, std::mt19937_64* random) {
  const auto of = [&](const std::vector<std::string>& texts) {
    return texts[(*random)() % texts.size()];
  };
  const std::string scope =
      of({"", " including archived", " including archived", " only archived"});
  const std::string where = StrCat(scope, " where ", filter);
  switch ((*random)() % 8) {
    case 0:
      return StrCat("count", where);
    case 1: {
      const std::string by = of({"text", "flag, text", "int", "day, flag", "time", "created_via"});
      return StrCat("count", where, " by ", by, of({"", " having count >= 2"}));
    }
    case 2: {
      const std::vector<std::string> by = {"text", "int", "num", "dec",   "flag",      "day",
                                           "time", "big", "id",  "email", "last_seen", "campaign"};
      return StrCat("find id, email, text, int, day, flag, first_seen", where, " order by ", of(by),
                    of({"", " desc"}), ", ", of(by), of({"", " asc", " desc"}), " limit ",
                    (*random)() % 40, " offset ", (*random)() % 4);
    }
    default:
      return StrCat("find id", where, " order by id limit 1000000");
  }
}

std::string CalendarLine(const CalendarPair& pair) {
  std::string rows;
  for (const int64_t row : pair.rows) rows += StrCat(rows.empty() ? "" : ",", "[\"", row, "\"]");
  std::string line =
      StrCat("{\"text\":", JsonText(pair.text), ",\"calendar\":true,\"rows\":[", rows, "]");
  for (size_t d = 0; d < kDialects.size(); ++d) {
    line += StrCat(",\"", kKeys[d], "\":{\"sql\":", JsonText(pair.sql[d]), "}");
  }
  return line + "}\n";
}

TEST_CASE("random statements as SQL") {
  RandomFilter random(TestSeed());
  std::mt19937_64 forms(TestSeed());
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
    const std::string text = Statement(filter, &forms);
    const std::string pair = Pair(text, kZones[i % std::size(kZones)], view);
    if (out.is_open()) out << pair;
  }
  for (const CalendarPair& pair : CalendarPairs(kDialects, &forms)) {
    if (out.is_open()) out << CalendarLine(pair);
  }
}

}  // namespace
}  // namespace roster::query
