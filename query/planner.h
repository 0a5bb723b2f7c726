// SPDX-License-Identifier: Apache-2.0
//
// Bound statement to plan: chooses operators, guesses what each costs and how many rows it leaves
// (Operator::estimated_rows), and orders what stands in an `and` or an `or` by both. Thread rule:
// pure.
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
// Cost: small: a text pattern is tried on some thousand distinct texts at most, and each leaf that
// looks at single rows on a few of them.
absl::StatusOr<Plan> MakePlan(BoundStatement statement, const ReadView& view,
                              const ExecutionLimits& limits);
// How a filter is planned.
struct Planning {
  bool measures = false;  // each operator is a MeasuredOperator
  bool reorders = true;  // what stands in an `and` or an `or`; false: it is asked as it was written
};
absl::StatusOr<std::unique_ptr<Operator>> PlanFilter(BoundFilter filter, const ReadView& view,
                                                     const ExecutionLimits& limits,
                                                     const Planning& planning = {});

}  // namespace roster::query

#endif  // ROSTER_QUERY_PLANNER_H_
