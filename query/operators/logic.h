// SPDX-License-Identifier: Apache-2.0
//
// and, or, not: over operators here; over the conditions on an event in event_filter.cc by the same
// three functions. Thread rule: as Operator.
#ifndef ROSTER_QUERY_OPERATORS_LOGIC_H_
#define ROSTER_QUERY_OPERATORS_LOGIC_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "query/ast.h"
#include "query/operators/limits.h"
#include "query/operators/operator.h"

namespace roster::query {

// Narrows a set (And, AndNot, Or, Any, ClearAll) by several parts, each of which `narrow(part,
// &set)` narrows by itself. A part sees only what it can still decide.
template <typename Parts, typename Set, typename Narrow>
void NarrowByAll(const Parts& parts, Set* set, Narrow&& narrow) {
  for (const auto& part : parts) {
    if (!set->Any()) return;
    narrow(part, set);
  }
}

template <typename Parts, typename Set, typename Narrow>
void NarrowByAny(const Parts& parts, Set* set, Narrow&& narrow) {
  // Not on the stack, which the depth of a filter would multiply: a set of a chunk has 2 KiB.
  const auto undecided = std::make_unique<Set>(*set);
  const auto passed = std::make_unique<Set>(*set);
  set->ClearAll();
  for (const auto& part : parts) {
    if (!undecided->Any()) return;
    *passed = *undecided;
    narrow(part, passed.get());
    set->Or(*passed);
    undecided->AndNot(*passed);
  }
}

template <typename Part, typename Set, typename Narrow>
void NarrowByNot(const Part& part, Set* set, Narrow&& narrow) {
  const auto passed = std::make_unique<Set>(*set);
  narrow(part, passed.get());
  set->AndNot(*passed);
}

// Invariant: `not` has one child, an `or` two or more; an `and` too, but where one
// part, dear in all, is the whole filter of a `find`.
class LogicOperator : public Operator {
 public:
  // `limits`: checked before each part of Evaluate. `num_quick`: of the children of an `and` those
  // before the first that is dear to ask of a row.
  LogicOperator(ast::LogicOp op, std::vector<std::unique_ptr<Operator>> children, size_t num_quick,
                const ExecutionLimits& limits)
      : op_(op), children_(std::move(children)), num_quick_(num_quick), limits_(limits) {}

  ast::LogicOp op() const { return op_; }
  const std::vector<std::unique_ptr<Operator>>& children() const { return children_; }

  void Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const override;
  // Evaluate in two steps, between which rows may be taken away that are not wanted whether or not
  // they match. Requires: an `and`.
  void EvaluateQuick(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
    EvaluateAll(view, chunk, 0, num_quick_, rows);
  }
  void EvaluateDear(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
    EvaluateAll(view, chunk, num_quick_, children_.size(), rows);
  }
  void Prefetch(const ReadView& view, absl::Span<const RowId> rows) const override {
    children_[0]->Prefetch(view, rows);
  }
  // Prefetch for the first part that EvaluateDear or MatchesDear asks. Requires: has_dear().
  void PrefetchDear(const ReadView& view, absl::Span<const RowId> rows) const {
    children_[num_quick_]->Prefetch(view, rows);
  }
  bool has_dear() const { return num_quick_ < children_.size(); }
  // Whether a row that the quick ones leave matches. Requires: an `and`.
  bool MatchesDear(const ReadView& view, RowId row) const;
  bool Matches(const ReadView& view, RowId row) const override;
  std::optional<Timestamp> NextChange(const ReadView& view, RowId row) const override {
    return NextFlip(view, row);
  }
  std::optional<Timestamp> NextFlip(const ReadView& view, RowId row) const override;
  std::string Describe(const Schema& schema) const override;
  void AddDependencies(Dependencies* dependencies) const override;

 private:
  // The children from `begin` until `end`, of an `and`.
  void EvaluateAll(const ReadView& view, uint32_t chunk, size_t begin, size_t end,
                   ChunkBits* rows) const;

  ast::LogicOp op_;
  std::vector<std::unique_ptr<Operator>> children_;
  size_t num_quick_;
  ExecutionLimits limits_;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_OPERATORS_LOGIC_H_
