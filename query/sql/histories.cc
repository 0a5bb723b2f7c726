// SPDX-License-Identifier: Apache-2.0
//
// What the value of a trait was over time: a row from each change until the next.
#include "query/sql/emitter.h"
#include "query/sql/tables.h"
#include "query/window.h"
#include "storage/base/text.h"

namespace roster::query {

SqlValue Emitter::EraValue(const BoundHistory& history, std::string_view alias) {
  return ColumnOf(alias, "value", history.info, {});
}

std::string Emitter::Era(const BoundHistory& history, std::string_view alias,
                         const std::optional<CellPredicate>& predicate) {
  return predicate ? Cell(EraValue(history, alias), *predicate) : "TRUE";
}

std::string Emitter::Was(const BoundHistory& history, const std::string& table) {
  const TimeRange range = history.window.UntilNow(now_);
  if (range.low > range.high) return "FALSE";
  return StrCat("p._profile IN (SELECT h._profile FROM ", table, " h WHERE ",
                InRange("h._from", {std::numeric_limits<int64_t>::min(), range.high}),
                " AND (h._until IS NULL OR h._until > ", sql_.Integer(range.low), ") AND ",
                Era(history, "h", history.to), ")");
}

std::string Emitter::Changed(const BoundHistory& history, const std::string& table) {
  const TimeRange range = history.window.UntilNow(now_);
  return StrCat("p._profile IN (SELECT h._profile FROM ", table, " h JOIN ", table,
                " b ON b._profile = h._profile AND b._until = h._from WHERE (",
                InRange("h._from", {range.low, range.high}), ") AND (",
                EraValue(history, "b").present, ") AND ", Era(history, "b", history.from), " AND ",
                Era(history, "h", history.to), ")");
}

// Since the last value that is otherwise, or the first one; now it is so.
std::string Emitter::Stays(const BoundHistory& history, const std::string& table) {
  const std::string now = sql_.Integer(now_.ms);
  const std::string is_not = StrCat("NOT ", Era(history, "h", history.to));
  const std::string since =
      StrCat("SELECT h._profile AS _profile, coalesce(max(CASE WHEN ", is_not,
             " THEN h._until END), min(h._from)) AS _since FROM ", table,
             " h WHERE h._from <= ", now, " GROUP BY h._profile HAVING sum(CASE WHEN ", is_not,
             " AND (h._until IS NULL OR h._until > ", now, ") THEN 1 ELSE 0 END) = 0");
  return StrCat("p._profile IN (SELECT _profile FROM (", since,
                ") d WHERE _since <= ", sql_.Integer(history.window.At(now_).high), ")");
}

std::string Emitter::Node(const BoundHistory& history) {
  const std::string& name = schema_.trait(history.trait).name;
  TraitOf(history.trait);  // whether it can be named
  const std::string table = sql_.Name(HistoryTable(name));
  switch (history.kind) {
    case BoundHistory::Kind::kWas:
      return Was(history, table);
    case BoundHistory::Kind::kChanged:
      return Changed(history, table);
    case BoundHistory::Kind::kStays:
      return Stays(history, table);
    case BoundHistory::Kind::kIs:
      return Refuse("`as of`");
  }
  return "FALSE";
}

}  // namespace roster::query
