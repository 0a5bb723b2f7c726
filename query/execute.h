// SPDX-License-Identifier: Apache-2.0
//
// Runs a plan over a read view, chunk by chunk. Thread rule: any thread; the view is immutable.
#ifndef ROSTER_QUERY_EXECUTE_H_
#define ROSTER_QUERY_EXECUTE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "query/operators/limits.h"
#include "query/plan.h"
#include "query/statements/measured.h"
#include "roster/value.h"
#include "storage/base/ids.h"
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
  std::optional<ProfileId> next_after;  // the last one shown, where more follow
};

// A part of a plan.
struct PlanNode {
  std::string what;
  std::vector<std::string> reads;
  uint64_t estimated_rows = 0;
  std::optional<Measures> measures;  // of what was run
  std::vector<PlanNode> children;
};
// What a statement went through, one stage after the other, from its text to its answer.
struct Stage {
  std::string_view name;
  int64_t took_us = 0;
};
struct PlanAnswer {
  PlanNode plan;
  std::vector<Stage> stages;  // of what was run
  std::string_view kernels;   // for which set of instructions
};

// A part of a filter, for one profile.
struct WhyNode {
  std::string what;
  bool holds = false;
  std::optional<Timestamp> flips_at;  // with no write; none: never
  std::vector<WhyNode> children;
};
struct WhyAnswer {
  ProfileId profile;
  std::string segment;
  WhyNode root;
};

using QueryAnswer = std::variant<CountAnswer, TableAnswer, PlanAnswer, WhyAnswer>;

// Requires: the plan was made for this view.
// Errors: TIMEOUT, CANCELLED, LIMIT (rows, bytes), NOPROFILE; never a partial answer.
absl::StatusOr<QueryAnswer> Execute(const Plan& plan, const ReadView& view,
                                    const ExecutionLimits& limits);

}  // namespace roster::query

#endif  // ROSTER_QUERY_EXECUTE_H_
