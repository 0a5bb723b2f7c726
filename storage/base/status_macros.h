// SPDX-License-Identifier: Apache-2.0
//
// Early return for absl::Status and absl::StatusOr, which Debian's Abseil lacks.
#ifndef ROSTER_STORAGE_BASE_STATUS_MACROS_H_
#define ROSTER_STORAGE_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define ROSTER_RETURN_IF_ERROR(expr)                 \
  do {                                               \
    absl::Status roster_status_ = (expr);            \
    if (!roster_status_.ok()) return roster_status_; \
  } while (false)

#define ROSTER_MACRO_JOIN_INNER(a, b) a##b
#define ROSTER_MACRO_JOIN(a, b) ROSTER_MACRO_JOIN_INNER(a, b)

// ROSTER_ASSIGN_OR_RETURN(auto x, F()): x is the value, or the function returns the status.
#define ROSTER_ASSIGN_OR_RETURN(lhs, expr) \
  ROSTER_ASSIGN_OR_RETURN_IMPL(ROSTER_MACRO_JOIN(roster_result_, __LINE__), lhs, expr)
#define ROSTER_ASSIGN_OR_RETURN_IMPL(result, lhs, expr) \
  auto result = (expr);                                 \
  if (!result.ok()) return result.status();             \
  lhs = *std::move(result)

#endif  // ROSTER_STORAGE_BASE_STATUS_MACROS_H_
