// SPDX-License-Identifier: Apache-2.0
//
// The loop over the chunks that every statement runs, and the limit of what it shows. Thread rule:
// pure functions of a view.
#ifndef ROSTER_QUERY_STATEMENTS_SCAN_H_
#define ROSTER_QUERY_STATEMENTS_SCAN_H_

#include <cstdint>

#include "absl/status/status.h"
#include "query/operators/limits.h"
#include "query/operators/logic.h"
#include "query/plan.h"
#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/memory/bitmap.h"
#include "storage/memory/read_view.h"

namespace roster::query {

// Calls f(chunk, rows) for each chunk with the rows that are live and match.
// Errors: TIMEOUT, CANCELLED, LIMIT (memory), also where they stopped the filter itself.
template <typename F>
absl::Status ForEachChunk(const Plan& plan, const ReadView& view, const ExecutionLimits& limits,
                          F&& f) {
  for (uint32_t chunk = 0; chunk < view.num_chunks(); ++chunk) {
    ROSTER_RETURN_IF_ERROR(limits.Check());
    ChunkBits rows = view->live.chunk(chunk);
    if (plan.filter != nullptr) plan.filter->Evaluate(view, chunk, &rows);
    f(chunk, rows);
  }
  return limits.Check();
}

// The same, where f is no use for some rows: `drop` takes them from a set, and is called before
// what is dear is asked of it.
template <typename Drop, typename F>
absl::Status ForEachWantedChunk(const Plan& plan, const ReadView& view,
                                const ExecutionLimits& limits, Drop&& drop, F&& f) {
  const auto* logic = dynamic_cast<const LogicOperator*>(plan.filter.get());
  if (logic == nullptr || logic->op() != ast::LogicOp::kAnd || !logic->has_dear()) {
    return ForEachChunk(plan, view, limits, f);
  }
  for (uint32_t chunk = 0; chunk < view.num_chunks(); ++chunk) {
    ROSTER_RETURN_IF_ERROR(limits.Check());
    ChunkBits rows = view->live.chunk(chunk);
    logic->EvaluateQuick(view, chunk, &rows);
    drop(chunk, &rows);
    logic->EvaluateDear(view, chunk, &rows);
    f(chunk, rows);
  }
  return limits.Check();
}

inline absl::Status TooManyRows(uint64_t max_rows) {
  return MakeError(ErrorCode::kLimit, StrCat("a result has more than ", max_rows,
                                             " rows; write `limit` and `offset`"));
}
inline absl::Status TooManyBytes(uint64_t max_bytes, std::string_view advice = "") {
  return MakeError(ErrorCode::kLimit,
                   StrCat("a result has more than ", max_bytes, " bytes (max_bytes)", advice));
}

}  // namespace roster::query

#endif  // ROSTER_QUERY_STATEMENTS_SCAN_H_
