// SPDX-License-Identifier: Apache-2.0
//
// What stops a statement, while it is planned and while it runs. Thread rule: ExecutionLimits is a
// plain value that any thread may check; a Preparation belongs to one thread.
#ifndef ROSTER_QUERY_OPERATORS_LIMITS_H_
#define ROSTER_QUERY_OPERATORS_LIMITS_H_

#include <atomic>
#include <cstdint>
#include <limits>

#include "absl/status/status.h"
#include "roster/value.h"
#include "storage/base/environment.h"

namespace roster::query {

// Checked every few thousand dictionary codes, once per chunk and every so many rows of a result.
struct ExecutionLimits {
  Clock* clock = nullptr;  // null: no deadline
  // Units: as Clock::MonotonicMicros.
  int64_t deadline_us = std::numeric_limits<int64_t>::max();
  const std::atomic<bool>* cancelled = nullptr;  // null: cannot be cancelled
  // Of a result.
  uint64_t max_rows = 100'000;            // of a statement without `limit`
  uint64_t max_limited_rows = 1'000'000;  // of one with it
  uint64_t max_bytes = 64 << 20;          // in memory

  // Errors: TIMEOUT, CANCELLED.
  absl::Status Check() const;
};

// What the operators of one plan are prepared with: the view's time, and the limits. Preparing
// cannot fail half-way in a constructor, so it stops working and the planner asks at the end.
// Invariant: after the first error nothing more is prepared.
class Preparation {
 public:
  // Lifetime: `limits` outlives this.
  Preparation(Timestamp now, const ExecutionLimits& limits) : now_(now), limits_(limits) {}

  Timestamp now() const { return now_; }
  // False when the statement is to stop; `status` then says why.
  bool GoOn() {
    if (status_.ok()) status_ = limits_.Check();
    return status_.ok();
  }
  // Errors: TIMEOUT, CANCELLED.
  const absl::Status& status() const { return status_; }

 private:
  Timestamp now_;
  const ExecutionLimits& limits_;
  absl::Status status_;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_OPERATORS_LIMITS_H_
