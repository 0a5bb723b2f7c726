// SPDX-License-Identifier: Apache-2.0
//
// explain: the plan as a tree. Thread rule: one thread. Source: LANGUAGE.md "Explain".
#ifndef ROSTER_QUERY_STATEMENTS_EXPLAIN_H_
#define ROSTER_QUERY_STATEMENTS_EXPLAIN_H_

#include "absl/status/statusor.h"
#include "query/execute.h"
#include "query/operators/limits.h"
#include "query/plan.h"
#include "storage/memory/read_view.h"

namespace roster::query {

// What each part of a plan is and reads, with how many rows it is expected to leave: what it does
// with a few hundred profiles, evenly taken, counted up to all. Of a plan that was run, what that
// took. Errors: TIMEOUT, CANCELLED.
absl::StatusOr<PlanNode> ExplainPlan(const Plan& plan, const ReadView& view,
                                     const ExecutionLimits& limits);

}  // namespace roster::query

#endif  // ROSTER_QUERY_STATEMENTS_EXPLAIN_H_
