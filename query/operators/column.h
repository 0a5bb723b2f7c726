// SPDX-License-Identifier: Apache-2.0
//
// A question about a trait, asked of its column. Thread rule: as Operator.
#ifndef ROSTER_QUERY_OPERATORS_COLUMN_H_
#define ROSTER_QUERY_OPERATORS_COLUMN_H_

#include <string>

#include "query/bound.h"
#include "query/cells/cell_filter.h"
#include "query/operators/limits.h"
#include "query/operators/operator.h"

namespace roster::query {

class ColumnOperator : public Operator {
 public:
  ColumnOperator(BoundTrait bound, const ReadView& view, Preparation* preparation);

  void Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const override;
  void Prefetch(const ReadView& view, absl::Span<const RowId> rows) const override;
  bool Matches(const ReadView& view, RowId row) const override;
  std::optional<Timestamp> NextChange(const ReadView& view, RowId row) const override;
  std::string Describe(const Schema& schema) const override;
  void AddDependencies(Dependencies* dependencies) const override;

  // Of Evaluate. Units: nanoseconds a row.
  double CostPerRow() const { return filter_.CostPerRow(); }

 private:
  BoundTrait bound_;
  CellFilter filter_;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_OPERATORS_COLUMN_H_
