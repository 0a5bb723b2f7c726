// SPDX-License-Identifier: Apache-2.0
//
// What definitions compute of a profile's events, in the same steps on doubles as we do.
#include "query/operators/measures.h"
#include "query/cells/cell_test.h"
#include "query/sql/emitter.h"
#include "storage/base/text.h"
#include "storage/memory/cells.h"

namespace roster::query {

// Each weighs 1 without a half life, so that shares are quotients of whole numbers.
std::string Emitter::Node(const BoundInterest& interest) {
  if (interest.interest.half_life) return Refuse("an interest with a half life");
  std::string rows;
  for (const BoundEventProperty& of : interest.interest.properties) {
    const SqlValue value = PropertyOf(of.event, of.property);
    std::string shown = value.value;
    if (of.info.type == ValueType::kTextList) {
      shown = StrCat(sql_.is_duckdb() ? "unnest(" : "arrayJoin(", shown, ")");
    }
    rows += StrCat(
        rows.empty() ? "" : " UNION ALL ",
        Select({of.event, {}, {}, {}}, StrCat("e._profile AS _profile, ", shown, " AS _value")),
        " AND (", value.present, ")");
  }
  if (rows.empty()) return "FALSE";
  const std::string shown =
      StrCat("sum(CASE WHEN _value = ", Text(interest.value), " THEN 1 ELSE 0 END)");
  const SqlValue share{StrCat("(", sql_.AsNumber(shown), " / ", sql_.AsNumber("count(*)"), ")"),
                       "TRUE",
                       {ValueType::kNumber, 0}};
  return Among(kProfile, rows, Cell(share, interest.share), false);
}

std::string Emitter::Node(const BoundEngagement& engagement) {
  const EngagementDefinition& made = engagement.engagement;
  std::string rows;
  std::string total = sql_.Number(0);
  for (size_t i = 0; i < made.points.size(); ++i) {
    const EngagementDefinition::Points& points = made.points[i];
    rows += StrCat(rows.empty() ? "" : " UNION ALL ",
                   Select(points.events, StrCat("e._profile AS _profile, ", i, " AS _part")));
    const std::string count = StrCat("sum(CASE WHEN _part = ", i, " THEN 1 ELSE 0 END)");
    std::string sum = StrCat("(", sql_.Number(points.each), " * ", sql_.AsNumber(count), ")");
    if (points.cap) sum = StrCat("least(", sum, ", ", sql_.Number(*points.cap), ")");
    total = StrCat("(", total, " + ", sum, ")");
  }
  const bool of_none = engagement.passes[LevelOf(made, 0)];
  if (rows.empty()) return of_none ? "TRUE" : "FALSE";
  std::string test;
  for (size_t level = 0; level < made.levels.size(); ++level) {
    if (!engagement.passes[level]) continue;
    std::string in = "TRUE";
    if (level != 0) in += StrCat(" AND ", total, " >= ", sql_.Number(made.levels[level].from));
    if (level + 1 < made.levels.size()) {
      in += StrCat(" AND ", total, " < ", sql_.Number(made.levels[level + 1].from));
    }
    test += StrCat(test.empty() ? "" : " OR ", "(", in, ")");
  }
  return Among(kProfile, rows, test.empty() ? "FALSE" : test, of_none);
}

}  // namespace roster::query
