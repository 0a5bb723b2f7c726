// SPDX-License-Identifier: Apache-2.0
//
// Bound statement to plan: chooses operators and the order of conjuncts. Thread rule: pure.
#ifndef ROSTER_QUERY_PLANNER_H_
#define ROSTER_QUERY_PLANNER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "query/bound_statement.h"
#include "query/operators/limits.h"
#include "query/plan.h"
#include "storage/memory/read_view.h"

namespace roster::query {

// Errors: TIMEOUT, CANCELLED.
// Cost: small, but for text patterns, which are tried on every distinct text of their column.
absl::StatusOr<Plan> MakePlan(BoundStatement statement, const ReadView& view,
                              const ExecutionLimits& limits);
// `measures`: each operator is a MeasuredOperator.
absl::StatusOr<std::unique_ptr<Operator>> PlanFilter(BoundFilter filter, const ReadView& view,
                                                     const ExecutionLimits& limits,
                                                     bool measures = false);

}  // namespace roster::query

#endif  // ROSTER_QUERY_PLANNER_H_
