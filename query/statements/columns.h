// SPDX-License-Identifier: Apache-2.0
//
// What columns show of rows: traits, identities, and what is computed of events. Thread rule: one
// thread.
#ifndef ROSTER_QUERY_STATEMENTS_COLUMNS_H_
#define ROSTER_QUERY_STATEMENTS_COLUMNS_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "query/bound_statement.h"
#include "query/execute.h"
#include "query/operators/aggregate.h"
#include "query/operators/event_filter.h"
#include "query/operators/limits.h"
#include "roster/value.h"
#include "storage/memory/read_view.h"

namespace roster::query {

// What a value holds beside itself. Units: bytes.
uint64_t HeapBytes(const Value& value);

// Lifetime: all that it is made of outlives it.
class Columns {
 public:
  Columns(const std::vector<BoundColumn>& columns, const ReadView& view,
          const ExecutionLimits& limits);

  std::vector<AnswerColumn> Heads() const;
  // Errors: LIMIT (bytes), TYPE (a sum that its type does not hold), TIMEOUT, CANCELLED.
  absl::StatusOr<std::vector<std::vector<Value>>> Show(absl::Span<const RowId> rows) const;

 private:
  // What is prepared to compute a column.
  struct Computed {
    std::unique_ptr<AggregateReader> aggregate;
    std::vector<EventSet> goals;
  };
  absl::StatusOr<Value> ValueOf(size_t at, RowId row) const;

  const std::vector<BoundColumn>& columns_;
  const ReadView& view_;
  const ExecutionLimits& limits_;
  absl::Status prepared_;
  std::vector<Computed> computed_;  // by column
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_STATEMENTS_COLUMNS_H_
