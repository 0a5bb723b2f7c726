// SPDX-License-Identifier: Apache-2.0
//
// Bound statement to plan: chooses operators and the order of conjuncts. Thread rule: pure.
#ifndef ROSTER_QUERY_PLANNER_H_
#define ROSTER_QUERY_PLANNER_H_

#include <memory>

#include "query/bound.h"
#include "query/plan.h"
#include "storage/memory/read_view.h"

namespace roster::query {

// Cost: small, but for text patterns, which are tried on every distinct text of their column.
Plan MakePlan(BoundStatement statement, const ReadView& view);
std::unique_ptr<Operator> PlanFilter(BoundFilter filter, const ReadView& view);

}  // namespace roster::query

#endif  // ROSTER_QUERY_PLANNER_H_
