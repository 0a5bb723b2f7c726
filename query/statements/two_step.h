// SPDX-License-Identifier: Apache-2.0
//
// A filter whose dear parts are asked behind the quick ones, so that what is not wanted anyway can
// be dropped in between. Thread rule: as Operator.
#ifndef ROSTER_QUERY_STATEMENTS_TWO_STEP_H_
#define ROSTER_QUERY_STATEMENTS_TWO_STEP_H_

#include <cstdint>
#include <optional>

#include "absl/types/span.h"
#include "query/operators/logic.h"
#include "query/plan.h"
#include "query/statements/measured.h"
#include "storage/memory/bitmap.h"
#include "storage/memory/read_view.h"

namespace roster::query {

class TwoStepFilter {
 public:
  // Nothing where the plan's filter has no dear parts. Lifetime: the plan outlives it.
  static std::optional<TwoStepFilter> Of(const Plan& plan) {
    const auto* measured = dynamic_cast<const MeasuredOperator*>(plan.filter.get());
    const Operator* const filter = measured != nullptr ? &measured->inner() : plan.filter.get();
    const auto* logic = dynamic_cast<const LogicOperator*>(filter);
    const bool is_and = logic != nullptr && logic->op() == ast::LogicOp::kAnd;
    if (!is_and || !logic->has_dear()) return std::nullopt;
    return TwoStepFilter(*logic, measured);
  }

  // As Evaluate of the filter, but for rows that `drop(chunk, &rows)` takes away.
  template <typename Drop>
  void Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows, Drop&& drop) const {
    const auto evaluate = [&] {
      and_->EvaluateQuick(view, chunk, rows);
      drop(chunk, rows);
      and_->EvaluateDear(view, chunk, rows);
    };
    measured_ != nullptr ? measured_->Measure(view, chunk, rows, evaluate) : evaluate();
  }

  // The same in two calls: the rows of a chunk that may match, and which of them do, or one.
  void EvaluateQuick(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
    const auto evaluate = [&] { and_->EvaluateQuick(view, chunk, rows); };
    measured_ != nullptr ? measured_->Measure(view, chunk, rows, evaluate) : evaluate();
  }
  void EvaluateDear(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
    and_->EvaluateDear(view, chunk, rows);
  }
  void PrefetchDear(const ReadView& view, absl::Span<const RowId> rows) const {
    and_->PrefetchDear(view, rows);
  }
  bool MatchesDear(const ReadView& view, RowId row) const { return and_->MatchesDear(view, row); }
  // Behind these: what ask() took, which gives how many of all rows were found.
  template <typename F>
  void MeasureAsked(F&& ask) const {
    const int64_t began_us = measured_ != nullptr ? measured_->NowMicros() : 0;
    const uint64_t found = ask();
    if (measured_ != nullptr) measured_->AddAsked(found, measured_->NowMicros() - began_us);
  }
  // As if nothing had been asked yet.
  void ResetMeasures() const {
    query::ResetMeasures(measured_ != nullptr ? static_cast<const Operator&>(*measured_) : *and_);
  }

 private:
  TwoStepFilter(const LogicOperator& logic, const MeasuredOperator* measured)
      : and_(&logic), measured_(measured) {}

  const LogicOperator* and_;
  const MeasuredOperator* measured_;  // null: nothing is measured
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_STATEMENTS_TWO_STEP_H_
