// SPDX-License-Identifier: Apache-2.0
//
// Each verb over a read view: what execute.h chooses from. Thread rule: any thread; the view is
// immutable. Errors of all: TIMEOUT, CANCELLED, LIMIT (rows, bytes); never a partial answer.
#ifndef ROSTER_QUERY_STATEMENTS_RUN_H_
#define ROSTER_QUERY_STATEMENTS_RUN_H_

#include "absl/status/statusor.h"
#include "query/bound_statement.h"
#include "query/execute.h"
#include "query/operators/limits.h"
#include "query/plan.h"
#include "storage/memory/read_view.h"

namespace roster::query {

absl::StatusOr<QueryAnswer> RunVerb(const BoundCount& count, const Plan& plan, const ReadView& view,
                                    const ExecutionLimits& limits);
absl::StatusOr<QueryAnswer> RunVerb(const BoundBreakdown& breakdown, const Plan& plan,
                                    const ReadView& view, const ExecutionLimits& limits);
absl::StatusOr<QueryAnswer> RunVerb(const BoundFind& find, const Plan& plan, const ReadView& view,
                                    const ExecutionLimits& limits);
// A row for each step: how many profiles came to it.
absl::StatusOr<QueryAnswer> RunVerb(const BoundFunnel& funnel, const Plan& plan,
                                    const ReadView& view, const ExecutionLimits& limits);
// A row for each profile, the best first.
absl::StatusOr<QueryAnswer> RunVerb(const BoundSearch& search, const Plan& plan,
                                    const ReadView& view, const ExecutionLimits& limits);
// Errors: NOPROFILE.
absl::StatusOr<QueryAnswer> RunVerb(const BoundWhy& why, const Plan& plan, const ReadView& view,
                                    const ExecutionLimits& limits);
absl::StatusOr<QueryAnswer> RunVerb(ast::Shown shown, const Plan& plan, const ReadView& view,
                                    const ExecutionLimits& limits);

}  // namespace roster::query

#endif  // ROSTER_QUERY_STATEMENTS_RUN_H_
