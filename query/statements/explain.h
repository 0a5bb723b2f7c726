// SPDX-License-Identifier: Apache-2.0
//
// explain: the plan as a tree. Thread rule: one thread. Source: LANGUAGE.md "Explain".
#ifndef ROSTER_QUERY_STATEMENTS_EXPLAIN_H_
#define ROSTER_QUERY_STATEMENTS_EXPLAIN_H_

#include "query/execute.h"
#include "query/plan.h"
#include "storage/memory/read_view.h"

namespace roster::query {

// What each part of a plan is and reads, with how many rows the planner expects it to leave of all
// profiles. Of a plan that was run, what that took.
PlanNode ExplainPlan(const Plan& plan, const ReadView& view);

}  // namespace roster::query

#endif  // ROSTER_QUERY_STATEMENTS_EXPLAIN_H_
