// SPDX-License-Identifier: Apache-2.0
//
// The time of a trait that nobody wrote: an address that came as an identity is also the trait of
// that name, while nothing was ever written to it; of several the one that was said first. It is
// written as if it had been said before any time that there is, the earlier the later, so that it
// yields to every other write, whichever came first. Thread rule: pure functions.
#ifndef ROSTER_STORAGE_MEMORY_PEOPLE_IMPLIED_TIME_H_
#define ROSTER_STORAGE_MEMORY_PEOPLE_IMPLIED_TIME_H_

#include <cstdint>

#include "roster/value.h"

namespace roster {

// Year 1: no time of a client is before it.
inline constexpr int64_t kMinTimeMs = -62'135'596'800'000;

inline bool IsImplied(Timestamp time) { return time.ms < kMinTimeMs; }
inline Timestamp ImpliedTime(Timestamp said) { return {2 * kMinTimeMs - 1 - said.ms}; }
// When it was said, of a time of either kind.
inline Timestamp SaidAt(Timestamp time) {
  if (!IsImplied(time)) return time;
  return {2 * kMinTimeMs - 1 - time.ms};
}

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_PEOPLE_IMPLIED_TIME_H_
