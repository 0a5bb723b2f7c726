// SPDX-License-Identifier: Apache-2.0
//
// What stops a statement, while it is planned and while it runs. Thread rule: ExecutionLimits is a
// plain value that any thread may check, StatementMemory counts on any thread; a Preparation
// belongs to one.
#ifndef ROSTER_QUERY_OPERATORS_LIMITS_H_
#define ROSTER_QUERY_OPERATORS_LIMITS_H_

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>

#include "absl/status/status.h"
#include "roster/value.h"
#include "storage/base/environment.h"

namespace roster::query {

// What a statement holds in memory: its result, and what is computed on the way that grows with the
// store: groups, what an order goes by, rows that are found, sets of different values. It counts;
// ExecutionLimits::Check refuses.
class StatementMemory {
 public:
  explicit StatementMemory(uint64_t max_bytes) : max_bytes_(max_bytes) {}

  void Take(uint64_t bytes) {
    const uint64_t used = used_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    if (used > max_bytes_) exceeded_.store(true, std::memory_order_relaxed);
  }
  void GiveBack(uint64_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  // It was more than allowed, at some time.
  bool exceeded() const { return exceeded_.load(std::memory_order_relaxed); }
  uint64_t used_bytes() const { return used_.load(std::memory_order_relaxed); }
  uint64_t max_bytes() const { return max_bytes_; }

 private:
  const uint64_t max_bytes_;
  std::atomic<uint64_t> used_ = 0;
  std::atomic<bool> exceeded_ = false;
};

class ScanHelper;

// Checked every few hundred dictionary codes, once per chunk, before each part of a filter that is
// not quick, and every so many rows of a result. Once it is not OK it stays so.
struct ExecutionLimits {
  Clock* clock = nullptr;  // null: no deadline
  // Units: as Clock::MonotonicMicros.
  int64_t deadline_us = std::numeric_limits<int64_t>::max();
  const std::atomic<bool>* cancelled = nullptr;  // null: cannot be cancelled
  uint64_t max_rows = 100'000;                   // of the result of a statement without `limit`
  uint64_t max_limited_rows = 1'000'000;         // of one with it
  uint64_t max_bytes = 64 << 20;                 // of memory
  // Counts for max_bytes, of one statement; null: only the bytes of the result are counted.
  std::shared_ptr<StatementMemory> memory = nullptr;
  // A second thread for what takes longer than `alone_us`; null: none.
  ScanHelper* helper = nullptr;
  int64_t alone_us = 50;  // what it costs to wake one, and some

  void Take(uint64_t bytes) const {
    if (memory != nullptr) memory->Take(bytes);
  }
  void GiveBack(uint64_t bytes) const {
    if (memory != nullptr) memory->GiveBack(bytes);
  }
  // Errors: LIMIT.
  absl::Status CheckMemory() const;
  // Errors: TIMEOUT, CANCELLED, LIMIT.
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
  const ExecutionLimits& limits() const { return limits_; }
  // May be null.
  const std::shared_ptr<StatementMemory>& memory() const { return limits_.memory; }
  // False when the statement is to stop; `status` then says why.
  bool GoOn() {
    if (status_.ok()) status_ = limits_.Check();
    return status_.ok();
  }
  // Errors: TIMEOUT, CANCELLED, LIMIT.
  const absl::Status& status() const { return status_; }

 private:
  Timestamp now_;
  const ExecutionLimits& limits_;
  absl::Status status_;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_OPERATORS_LIMITS_H_
