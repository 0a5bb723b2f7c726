// SPDX-License-Identifier: Apache-2.0
//
// The clock of views: follows the wall clock, never goes back, also not over a crash. No view
// passes a ceiling that is durable in the log or its mark; recovery starts at the ceiling.
// Thread rule: any thread. Source: ARCHITECTURE.md "State", Clock.
#ifndef ROSTER_ENGINE_VIEW_CLOCK_H_
#define ROSTER_ENGINE_VIEW_CLOCK_H_

#include <functional>

#include "absl/status/status.h"
#include "roster/value.h"
#include "storage/base/environment.h"
#include "storage/base/mutex.h"

namespace roster {

// Invariants: (1) Now() <= the ceiling that was last made durable; (2) neither Now() nor the clocks
// of commits go back.
class ViewClock {
 public:
  // Makes a ceiling durable; an error leaves it as it was and stops the clock there.
  using RaiseCeiling = std::function<absl::Status(Timestamp ceiling)>;

  ViewClock(Clock* clock, Timestamp start, RaiseCeiling raise)
      : clock_(clock), raise_(std::move(raise)), last_(start), ceiling_(start) {}

  // The clock for a new view. Raises the ceiling at most once a second, one caller at a time; who
  // needs the new ceiling waits for it. Cost: then one fdatasync, without the lock.
  Timestamp Now() ABSL_LOCKS_EXCLUDED(mutex_);

  // The clock for a commit, and the ceiling that its frames are to carry: a view that shows the
  // commit is answered once they are durable, so its clock may be the commit's. Cost: no disk.
  struct CommitTime {
    Timestamp clock;
    Timestamp ceiling;
  };
  CommitTime ForCommit() ABSL_LOCKS_EXCLUDED(mutex_);
  void CeilingIsDurable(Timestamp ceiling) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  static constexpr int64_t kAheadMs = 1000;

  Timestamp Wall() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // A ceiling for this clock: so far ahead of the wall clock, not of one that runs before it since
  // a restart, or restarts in quick succession would drive it ever further.
  Timestamp Ahead(Timestamp now) const;

  Clock* const clock_;
  const RaiseCeiling raise_;
  Mutex mutex_;
  Timestamp last_ ABSL_GUARDED_BY(mutex_);  // the highest clock that was given
  Timestamp ceiling_ ABSL_GUARDED_BY(mutex_);
  bool raising_ ABSL_GUARDED_BY(mutex_) = false;
  CondVar raised_;
};

}  // namespace roster

#endif  // ROSTER_ENGINE_VIEW_CLOCK_H_
