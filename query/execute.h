// SPDX-License-Identifier: Apache-2.0
//
// Runs a plan over a read view, chunk by chunk. Thread rule: any thread; the view is immutable.
#ifndef ROSTER_QUERY_EXECUTE_H_
#define ROSTER_QUERY_EXECUTE_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "query/operators/limits.h"
#include "query/plan.h"
#include "roster/value.h"
#include "storage/memory/read_view.h"

namespace roster::query {

struct CountAnswer {
  uint64_t count = 0;
};

struct AnswerColumn {
  std::string name;
  ValueType type = ValueType::kNone;
};

// Shape: each row has as many values as there are columns.
struct TableAnswer {
  std::vector<AnswerColumn> columns;
  std::vector<std::vector<Value>> rows;
};

using QueryAnswer = std::variant<CountAnswer, TableAnswer>;

// Requires: the plan was made for this view.
// Errors: TIMEOUT, CANCELLED, LIMIT (rows, bytes); never a partial answer.
absl::StatusOr<QueryAnswer> Execute(const Plan& plan, const ReadView& view,
                                    const ExecutionLimits& limits);

}  // namespace roster::query

#endif  // ROSTER_QUERY_EXECUTE_H_
