// SPDX-License-Identifier: Apache-2.0
#include "query/operators/limits.h"

#include "roster/error.h"
#include "storage/base/text.h"

namespace roster::query {

absl::Status ExecutionLimits::CheckMemory() const {
  if (memory == nullptr || !memory->exceeded()) return absl::OkStatus();
  return MakeError(ErrorCode::kLimit,
                   StrCat("the statement needs more than ", memory->max_bytes(),
                          " bytes of memory (max_bytes); ask for fewer rows, groups or columns"));
}

absl::Status ExecutionLimits::Check() const {
  if (cancelled != nullptr && cancelled->load(std::memory_order_relaxed)) {
    return MakeError(ErrorCode::kCancelled, "the statement was cancelled");
  }
  if (clock != nullptr && clock->MonotonicMicros() >= deadline_us) {
    return MakeError(ErrorCode::kTimeout, "the statement's time ran out");
  }
  return CheckMemory();
}

}  // namespace roster::query
