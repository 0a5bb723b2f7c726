// SPDX-License-Identifier: Apache-2.0
#include "query/execute.h"

#include <utility>

#include "query/kernels/target.h"
#include "query/statements/explain.h"
#include "query/statements/run.h"
#include "storage/base/status_macros.h"

namespace roster::query {
namespace {

// The number of rows that were shown.
uint64_t RowsOf(const QueryAnswer& answer) {
  const auto* table = std::get_if<TableAnswer>(&answer);
  return table != nullptr ? table->rows.size() : 1;
}

absl::StatusOr<QueryAnswer> Explain(const Plan& plan, const ReadView& view,
                                    const ExecutionLimits& limits) {
  const auto now_us = [&] { return limits.clock != nullptr ? limits.clock->MonotonicMicros() : 0; };
  Measures whole;
  const bool analyzed = plan.explained == ast::Explained::kAnalyzed;
  if (analyzed) {
    const int64_t began_us = now_us();
    ROSTER_ASSIGN_OR_RETURN(
        const QueryAnswer answer,
        std::visit([&](const auto& verb) { return RunVerb(verb, plan, view, limits); }, plan.verb));
    whole.took_us = now_us() - began_us;
    whole.rows = RowsOf(answer);
    whole.rows_in = view->num_profiles;
  }
  const int64_t answered_us = now_us();
  PlanNode root = ExplainPlan(plan, view);
  if (analyzed) {
    for (const PlanNode& child : root.children) {
      if (child.measures) whole.rows_in = child.measures->rows;
    }
    root.measures = whole;
  }
  PlanAnswer answer{std::move(root), {}, kernels::TargetName()};
  if (analyzed) {
    answer.stages = {{"run", whole.took_us}, {"explain", now_us() - answered_us}};
  }
  return answer;
}

}  // namespace

absl::StatusOr<QueryAnswer> Execute(const Plan& plan, const ReadView& view,
                                    const ExecutionLimits& limits) {
  if (plan.explained != ast::Explained::kNo) return Explain(plan, view, limits);
  return std::visit([&](const auto& verb) { return RunVerb(verb, plan, view, limits); }, plan.verb);
}

}  // namespace roster::query
