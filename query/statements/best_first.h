// SPDX-License-Identifier: Apache-2.0
//
// The first rows in an order, where parts of the filter are dear to ask: those are asked of one
// candidate after the other, in the order, until there are enough. Thread rule: pure functions.
#ifndef ROSTER_QUERY_STATEMENTS_BEST_FIRST_H_
#define ROSTER_QUERY_STATEMENTS_BEST_FIRST_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "query/operators/limits.h"
#include "query/plan.h"
#include "query/row_order.h"
#include "storage/memory/read_view.h"

namespace roster::query {

// The first `wanted` rows behind `behind` that match, in order. Nothing where a scan of all is the
// better way: the filter has no dear parts, the order is computed, very many are wanted, or few of
// the first candidates match. Errors: TIMEOUT, CANCELLED, LIMIT (memory).
absl::StatusOr<std::optional<std::vector<RowId>>> FindBestFirst(
    const Plan& plan, const RowOrder& order, std::optional<RowId> behind, uint64_t wanted,
    const ReadView& view, const ExecutionLimits& limits);

}  // namespace roster::query

#endif  // ROSTER_QUERY_STATEMENTS_BEST_FIRST_H_
