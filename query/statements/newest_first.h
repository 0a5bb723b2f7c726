// SPDX-License-Identifier: Apache-2.0
//
// The first rows of those that were last seen the latest: found among the newest of all, without
// a look at the others. Thread rule: pure functions.
#ifndef ROSTER_QUERY_STATEMENTS_NEWEST_FIRST_H_
#define ROSTER_QUERY_STATEMENTS_NEWEST_FIRST_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "query/operators/limits.h"
#include "query/plan.h"
#include "query/row_order.h"
#include "storage/memory/read_view.h"

namespace roster::query {

// Whether FindNewestFirst goes this way, if it may begin where somebody was seen: enough of the
// newest are expected to pass. `filter`: null for none.
bool TriesNewestFirst(const Operator* filter, const std::vector<BoundOrder>& by, uint64_t wanted,
                      const ReadView& view);

// The first `wanted` rows behind `behind` that match, in order. Nothing where a scan of all is the
// better way: TriesNewestFirst says so, or too few of the newest match.
// Errors: TIMEOUT, CANCELLED, LIMIT (memory).
absl::StatusOr<std::optional<std::vector<RowId>>> FindNewestFirst(
    const Plan& plan, const RowOrder& order, std::optional<RowId> behind, uint64_t wanted,
    const ReadView& view, const ExecutionLimits& limits);

}  // namespace roster::query

#endif  // ROSTER_QUERY_STATEMENTS_NEWEST_FIRST_H_
