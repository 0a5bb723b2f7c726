// SPDX-License-Identifier: Apache-2.0
//
// A long piece of work as others see it: how far it has come, and whether it is to end early.
// Thread rule: any thread.
#ifndef ROSTER_STORAGE_BASE_WORK_H_
#define ROSTER_STORAGE_BASE_WORK_H_

#include <atomic>
#include <cstdint>

#include "absl/status/status.h"
#include "roster/error.h"

namespace roster {

class Work {
 public:
  // From 0 steps of `total`.
  void Begin(uint64_t total) {
    done_.store(0, std::memory_order_relaxed);
    total_.store(total, std::memory_order_relaxed);
  }
  // Units: steps, each a chunk's worth.
  uint64_t done() const { return done_.load(std::memory_order_relaxed); }
  uint64_t total() const { return total_.load(std::memory_order_relaxed); }

  // Who works asks after each step. Errors: SHUTDOWN when it is to end.
  absl::Status Step() {
    done_.fetch_add(1, std::memory_order_relaxed);
    return Check();
  }
  absl::Status Check() const {
    if (!stopped_.load(std::memory_order_relaxed)) return absl::OkStatus();
    return MakeError(ErrorCode::kShutdown, "the store is closing");
  }
  // For good.
  void Stop() { stopped_.store(true, std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> done_{0};
  std::atomic<uint64_t> total_{0};
  std::atomic<bool> stopped_{false};
};

// For work that nobody watches.
inline absl::Status Step(Work* work) { return work == nullptr ? absl::OkStatus() : work->Step(); }

}  // namespace roster

#endif  // ROSTER_STORAGE_BASE_WORK_H_
