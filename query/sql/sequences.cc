// SPDX-License-Identifier: Apache-2.0
//
// What followed what, without a join: the rows of a step and those that begin the rest of a chain
// in one order, where a window looks for the next of these.
#include "query/sql/emitter.h"
#include "storage/base/text.h"

namespace roster::query {
namespace {

// What is equal in all steps: names of columns.
std::vector<std::string> KeysOf(const BoundSequence& sequence) {
  std::vector<std::string> keys;
  const std::vector<BoundStep>& steps = sequence.steps;
  const size_t num_same = steps[0].same.empty() ? 0 : steps[0].same.front().size();
  for (size_t i = 0; i < num_same; ++i) keys.push_back(StrCat("_same", i));
  if (sequence.same_session) keys.push_back("_session");
  return keys;
}

std::string NamesOf(const BoundSequence& sequence) {
  std::string names = "_profile, _time, _id, _type";
  for (const std::string& key : KeysOf(sequence)) names += StrCat(", ", key);
  return names;
}

}  // namespace

Emitter::StepColumns Emitter::ColumnsOf(const BoundSequence& sequence, size_t step, size_t event) {
  const BoundStep& of = sequence.steps[step];
  StepColumns columns{PlaceColumns(of.events[event].event), ""};
  const auto add = [&](const SqlValue& value, const std::string& name) {
    columns.expressions += StrCat(", ", SameNumber(value), " AS ", name);
    columns.present += StrCat(columns.present.empty() ? "" : " AND ", value.present);
  };
  if (!of.same.empty()) {
    for (size_t i = 0; i < of.same[event].size(); ++i) {
      add(PropertyOf(of.events[event].event, of.same[event][i]), StrCat("_same", i));
    }
  }
  if (sequence.same_session) add({"e._session", "e._session IS NOT NULL", {}}, "_session");
  return columns;
}

std::string Emitter::StepRows(const BoundSequence& sequence, size_t step) {
  const BoundStep& of = sequence.steps[step];
  const bool chosen = step == 0 && sequence.start == ast::Start::kNth;
  std::string rows;
  std::vector<std::string> columns;
  bool keyed = false;
  for (size_t i = 0; i < of.events.size(); ++i) {
    const StepColumns one = ColumnsOf(sequence, step, i);
    keyed = !one.present.empty();
    columns.push_back(one.expressions);
    if (keyed) columns.back() += StrCat(", (", one.present, ") AS _keyed");
    rows += StrCat(rows.empty() ? "" : " UNION ALL ", Select(of.events[i], columns.back()));
  }
  const std::string names = NamesOf(sequence);
  if (chosen) {
    rows = SelectChosen(of.events, sequence.place, columns, StrCat(names, keyed ? ", _keyed" : ""));
  }
  return keyed ? StrCat("SELECT ", names, " FROM (", rows, ") k WHERE _keyed") : rows;
}

// Whether the next row of the rest, by its time `_next`, comes until `_limit`, if there is one.
std::string Emitter::Follows(const BoundStep& next, Timestamp now) {
  if (!next.within) return next.negated ? "FALSE" : "_next IS NOT NULL";
  if (!next.negated) return "_next IS NOT NULL AND _next <= _limit";
  return StrCat("_limit <= ", now.ms, " AND (_next IS NULL OR _next > _limit)");
}

// Of one event that is in both, the row of the rest stands before: it does not follow itself.
std::string Emitter::Chains(const BoundSequence& sequence, size_t step) {
  std::string rows = StepRows(sequence, step);
  if (step + 1 == sequence.steps.size()) return rows;
  const std::string names = NamesOf(sequence);
  std::string both = StrCat("SELECT ", names, ", 0 AS _rest FROM (", rows, ") x");
  if (!sequence.steps[step + 1].events.empty()) {
    both += StrCat(" UNION ALL SELECT ", names, ", 1 AS _rest FROM (", Chains(sequence, step + 1),
                   ") y");
  }
  std::string partition = "_profile";
  for (const std::string& key : KeysOf(sequence)) partition += StrCat(", ", key);
  std::string seen = StrCat(
      "SELECT ", names, ", _rest, min(CASE WHEN _rest = 1 THEN _time END) OVER (PARTITION BY ",
      partition, " ORDER BY _time, _id, _type, _rest DESC",
      " ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS _next FROM (", both, ") u");
  const BoundStep& next = sequence.steps[step + 1];
  if (next.within) seen = WithLimit(seen, "_time", *next.within, sequence.zone);
  return StrCat("SELECT ", names, " FROM (", seen, ") v WHERE _rest = 0 AND ", Follows(next, now_));
}

std::string Emitter::Node(const BoundSequence& sequence) {
  const std::vector<BoundStep>& steps = sequence.steps;
  for (const BoundStep& step : steps) {
    if (step.events.empty() && !step.negated) return "FALSE";
  }
  const std::string chains = Chains(sequence, 0);
  if (sequence.start != ast::Start::kEvery) {
    return StrCat("p._profile IN (SELECT _profile FROM (", chains, ") c)");
  }
  // As many chains as first steps.
  const std::string firsts = SelectAll(steps[0].events, "e._profile AS _profile");
  return Among(kProfile,
               StrCat("SELECT _profile, 1 AS _holds FROM (", chains,
                      ") c UNION ALL SELECT _profile, 0 AS _holds FROM (", firsts, ") f"),
               "sum(_holds) > 0 AND count(*) = 2 * sum(_holds)", false);
}

}  // namespace roster::query
