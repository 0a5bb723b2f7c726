// SPDX-License-Identifier: Apache-2.0
#include "query/operators/limits.h"

#include "roster/error.h"

namespace roster::query {

absl::Status ExecutionLimits::Check() const {
  if (cancelled != nullptr && cancelled->load(std::memory_order_relaxed)) {
    return MakeError(ErrorCode::kCancelled, "the statement was cancelled");
  }
  if (clock != nullptr && clock->MonotonicMicros() >= deadline_us) {
    return MakeError(ErrorCode::kTimeout, "the statement's time ran out");
  }
  return absl::OkStatus();
}

}  // namespace roster::query
