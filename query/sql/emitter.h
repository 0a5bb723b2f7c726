// SPDX-License-Identifier: Apache-2.0
//
// What makes SQL of a bound filter: a method for each node, a file for each family. A condition
// that it gives is true or false for every row, never null, so that `not` is plain negation. Who
// did something is asked by membership in a set of profiles, `p._profile IN (SELECT ...)`, which
// depends on no row outside. Thread rule: one thread.
#ifndef ROSTER_QUERY_SQL_EMITTER_H_
#define ROSTER_QUERY_SQL_EMITTER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "query/bound.h"
#include "query/sql/spelling.h"
#include "query/sql/sql.h"
#include "storage/base/text.h"
#include "storage/memory/schema.h"

namespace roster::query {

// An expression, and the condition that it has a value. `folded`: the same without case and
// accents, where there is a column of it.
struct SqlValue {
  std::string value;
  std::string present;
  ValueInfo info;
  std::string folded = {};
};

class Emitter {
 public:
  Emitter(const Schema& schema, SqlDialect dialect, Timestamp now)
      : schema_(schema), sql_(dialect), now_(now) {}

  // On the row `p` of profiles.
  std::string Filter(const BoundFilter& filter);
  std::string Cell(const SqlValue& cell, const CellPredicate& predicate);

  SqlValue TraitOf(TraitId trait);
  SqlValue IdentityOf(NamespaceId name_space);
  // An integer in [low, high], where it has a value.
  std::string InRange(const std::string& value, IntRange range) const;

  // A value so that those that are equal are grouped together.
  std::string SameNumber(const SqlValue& cell) const;

  // The first form that could not be said; what is written after it is thrown away.
  const absl::Status& status() const { return status_; }
  // Gives what stands in its place.
  std::string Refuse(std::string_view form);

  const Spelling& spelling() const { return sql_; }

 private:
  // Of which sets are asked for: profiles, or sessions.
  struct Key {
    const char* column;
    const char* row;
    bool may_miss;  // in a row of events
  };
  static constexpr Key kProfile{"_profile", "p._profile", false};
  static constexpr Key kSession{"_session", "s._session", true};

  // `child` makes the condition of a child.
  template <typename F>
  std::string Logic(const BoundLogic& logic, F&& child) {
    if (logic.op == ast::LogicOp::kNot) return StrCat("NOT ", child(logic.children[0]));
    std::string all;
    for (const BoundFilter& one : logic.children) {
      if (!all.empty()) all += logic.op == ast::LogicOp::kAnd ? " AND " : " OR ";
      all += child(one);
    }
    return StrCat("(", all, ")");
  }
  // One overload a node.
  std::string Node(const BoundLogic& logic);
  std::string Node(const BoundTrait& trait);
  std::string Node(const BoundProperty& property);
  std::string Node(const BoundIdentity& identity);
  std::string Node(const BoundNever&);
  std::string Node(const BoundLabel& label);
  std::string Node(const BoundMembers&);
  std::string Node(const BoundHasIdentity& has);
  std::string Node(const BoundConsent& consent);
  std::string Node(const BoundSample& sample);
  std::string Node(const BoundDid& did);
  std::string Node(const BoundNth& nth);
  std::string Node(const BoundAggregate& aggregate);
  std::string Node(const BoundSequence& sequence);
  std::string Node(const BoundResumed& resumed);
  std::string Node(const BoundHistory& history);
  std::string Node(const BoundSessionTest& test);
  std::string Node(const BoundSessions& sessions);
  std::string Node(const BoundInterest& interest);
  std::string Node(const BoundEngagement& engagement);

  // One overload a test; of a value that is there.
  std::string Test(const SqlValue& cell, const IntRange& range) const;
  std::string Test(const SqlValue& cell, const IntSet& set);
  std::string Test(const SqlValue& cell, const NumberRange& range);
  std::string Test(const SqlValue& cell, const NumberSet& set);
  std::string Test(const SqlValue& cell, const InWindow& in);
  std::string Test(const SqlValue& cell, const TextSet& set);
  std::string Test(const SqlValue& cell, const TextRange& range);
  std::string Test(const SqlValue& cell, const TextPattern& pattern);
  std::string Test(const SqlValue& cell, const TextRegex& regex);
  std::string Test(const SqlValue& cell, const ListHas& has);
  std::string Test(const SqlValue& cell, const ListSize& size);
  std::string Test(const SqlValue& cell, const AnniversaryIn& in);
  std::string Test(const SqlValue& cell, const AnyValue&);

  // --- Names and literals ---
  std::string Text(std::string_view text);
  // A literal in the units of a type's cells.
  std::string Unit(ValueInfo info, int64_t cell) const;
  std::string TableOfEvent(EventTypeId event);
  // `alias` of the row; the name must not differ from another one's in case only, which is the
  // same to DuckDB. `all`: the names among which it stands.
  SqlValue ColumnOf(std::string_view alias, std::string_view name, ValueInfo info,
                    const std::vector<std::string_view>& all);
  SqlValue PropertyOf(EventTypeId event, PropertyId property);
  void CheckCase(std::string_view name, const std::vector<std::string_view>& all);

  // --- Times ---
  // Rows with one more column, `_limit`: the moment a duration after their column `time`.
  std::string WithLimit(const std::string& rows, const std::string& time, ast::Duration duration,
                        absl::TimeZone zone);
  // The local day of a moment that has come.
  std::string LocalDay(const std::string& time, absl::TimeZone zone) const;
  std::string NumberOfUnit(const std::string& local_day, ast::TimeUnit unit) const;

  // --- Events ---
  // The condition that the row `e` is meant, and joins that it needs.
  std::string JoinOf(const BoundEvents& events);
  std::string IsMeant(const BoundEvents& events);
  std::string Condition(EventTypeId event, const BoundFilter& filter);
  // Columns by which events are in order: _profile, _time, _id, _type.
  static std::string PlaceColumns(EventTypeId event);
  // SELECT columns of the events that are meant; `columns` over the row `e`.
  std::string Select(const BoundEvents& events, const std::string& columns);
  // Of several types; "" where there is none.
  std::string SelectAll(const BoundEventSet& events, const std::string& columns);
  // Of the events that a place chooses, by profile, those that are meant.
  // Shape: `columns[i]` for events[i], with the name in `names[i]` for all.
  std::string SelectChosen(const BoundEventSet& events, int64_t place,
                           const std::vector<std::string>& columns, const std::string& names);

  // Who is among the keys that a group of `rows` makes: those of which `test` holds; `of_none`:
  // whether it holds for who has no row. `test`: SQL over the group.
  std::string Among(const Key& key, const std::string& rows, const std::string& test,
                    bool of_none) const;
  std::string DidOf(const BoundDid& did, const Key& key);

  // --- Aggregates ---
  // over / under in units of 10^-scale; no `under`: 1.
  struct Fraction {
    std::string over;
    std::string under;
    std::string present;
    int scale = 0;
  };
  // Rows (_profile, column) for the events that are meant and have the property; without one, 1.
  std::string AggregateRows(const BoundAggregateOf& of, std::string_view column);
  // Over a group of rows with the value. Sums are whole numbers, of decimals in their units.
  SqlValue AggregateOf(const BoundAggregateOf& of, const std::string& value);
  std::string ExactTest(const BoundAggregateOf& of, const ExactCompare& compare);
  Fraction FractionOf(const BoundAggregateOf& of, const std::string& value);
  std::string CompareNumbers(const BoundAggregateOf& left, const AggregateCompare& compare);
  std::string CompareFractions(const BoundAggregateOf& left, const AggregateCompare& compare);
  std::string TwoAggregates(const BoundAggregateOf& left, const AggregateCompare& compare);

  // --- Sequences ---
  struct StepColumns {
    std::string expressions;  // over the row `e`
    std::string present;      // that none of the keys is missing
  };
  StepColumns ColumnsOf(const BoundSequence& sequence, size_t step, size_t event);
  // The events that pass a step, as far as what is equal in all steps is there.
  std::string StepRows(const BoundSequence& sequence, size_t step);
  // Those of them that begin the rest of a chain.
  std::string Chains(const BoundSequence& sequence, size_t step);
  static std::string Follows(const BoundStep& next, Timestamp now);

  // --- Histories ---
  // `alias`: of a row of the trait's history.
  SqlValue EraValue(const BoundHistory& history, std::string_view alias);
  std::string Era(const BoundHistory& history, std::string_view alias,
                  const std::optional<CellPredicate>& predicate);
  std::string Was(const BoundHistory& history, const std::string& table);
  std::string Changed(const BoundHistory& history, const std::string& table);
  std::string Stays(const BoundHistory& history, const std::string& table);

  // --- Sessions ---
  std::string InSession(const BoundFilter& filter);

  const Schema& schema_;
  const Spelling sql_;
  const Timestamp now_;
  absl::Status status_;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_SQL_EMITTER_H_
