// SPDX-License-Identifier: Apache-2.0
#include "engine/view_clock.h"

#include <algorithm>

namespace roster {

Timestamp ViewClock::Wall() const { return std::max(last_, clock_->Now()); }

Timestamp ViewClock::Now() {
  MutexLock lock(&mutex_);
  const Timestamp wall = Wall();
  if (wall > ceiling_) {
    const Timestamp ceiling{wall.ms + kAheadMs};
    if (raise_(ceiling).ok()) ceiling_ = ceiling;
  }
  const Timestamp now = std::min(wall, ceiling_);
  last_ = std::max(last_, now);
  return now;
}

ViewClock::CommitTime ViewClock::ForCommit() {
  MutexLock lock(&mutex_);
  last_ = Wall();
  return {last_, std::max(ceiling_, Timestamp{last_.ms + kAheadMs})};
}

void ViewClock::CeilingIsDurable(Timestamp ceiling) {
  MutexLock lock(&mutex_);
  ceiling_ = std::max(ceiling_, ceiling);
}

}  // namespace roster
