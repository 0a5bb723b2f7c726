// SPDX-License-Identifier: Apache-2.0
//
// plan was "free", plan changed from "free", plan = "pro" for 30 days: what the value of a trait
// was over time, as its policy makes it of what was written by then. Thread rule: as Operator.
// Source: LANGUAGE.md, "What changed".
#ifndef ROSTER_QUERY_OPERATORS_HISTORY_H_
#define ROSTER_QUERY_OPERATORS_HISTORY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "query/bound.h"
#include "query/operators/column.h"
#include "query/operators/operator.h"

namespace roster::query {

// What a trait was at the view's clock. Requires: no trait of the store's own.
Value ValueThen(const ReadView& view, RowId row, TraitId trait);
// From a time on, until that of the next one, a value was there; null: none was.
struct Era {
  int64_t from_ms = 0;
  Value value;
};
// Of a trait, ascending; neighbours differ.
std::vector<Era> ErasOf(const ReadView& view, RowId row, TraitId trait);

class HistoryOperator : public Operator {
 public:
  HistoryOperator(BoundHistory bound, const ReadView& view, Preparation* preparation);

  // Whether Evaluate folds the records of those rows only that have some.
  bool AsksCells() const {
    return value_now_.has_value() || bound_.kind == BoundHistory::Kind::kChanged;
  }

  void Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const override;
  bool Matches(const ReadView& view, RowId row) const override;
  std::optional<Timestamp> NextChange(const ReadView& view, RowId row) const override;
  std::string Describe(const Schema&) const override { return bound_.said; }
  void AddDependencies(Dependencies* dependencies) const override {
    dependencies->traits.push_back(bound_.trait);
  }

 private:
  bool Holds(const std::optional<CellPredicate>& predicate, const Value& value,
             Timestamp now = {}) const;
  bool Was(const std::vector<Era>& eras, Timestamp now) const;
  bool Changed(const std::vector<Era>& eras, Timestamp now) const;
  bool Stays(const std::vector<Era>& eras, Timestamp now) const;
  // Leaves of rows of which only one thing was ever said those that match, by their cells.
  void KeepSaidOnce(const ReadView& view, uint32_t chunk, ChunkBits* rows) const;

  BoundHistory bound_;
  std::optional<ColumnOperator> value_now_;  // where what was said once decides by the value of now
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_OPERATORS_HISTORY_H_
