// SPDX-License-Identifier: Apache-2.0
#include "engine/view_clock.h"

#include <algorithm>

namespace roster {

Timestamp ViewClock::Wall() const { return std::max(last_, clock_->Now()); }

Timestamp ViewClock::Now() {
  Timestamp ceiling;
  {
    MutexLock lock(&mutex_);
    while (raising_ && Wall() > ceiling_) raised_.Wait(&mutex_);
    const Timestamp wall = Wall();
    if (wall <= ceiling_) return last_ = wall;
    raising_ = true;
    ceiling = Ahead(wall);
  }
  const bool raised = raise_(ceiling).ok();
  MutexLock lock(&mutex_);
  raising_ = false;
  raised_.NotifyAll();
  if (raised) ceiling_ = std::max(ceiling_, ceiling);
  const Timestamp now = std::min(Wall(), ceiling_);
  last_ = std::max(last_, now);
  return now;
}

Timestamp ViewClock::Ahead(Timestamp now) const {
  return std::max(now, Timestamp{clock_->Now().ms + kAheadMs});
}

ViewClock::CommitTime ViewClock::ForCommit() {
  MutexLock lock(&mutex_);
  last_ = Wall();
  return {last_, std::max(ceiling_, Ahead(last_))};
}

void ViewClock::CeilingIsDurable(Timestamp ceiling) {
  MutexLock lock(&mutex_);
  ceiling_ = std::max(ceiling_, ceiling);
}

}  // namespace roster
