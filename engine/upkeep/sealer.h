// SPDX-License-Identifier: Apache-2.0
//
// Seals the store's event blocks beside the writer: takes a job under the store's lock, runs it
// outside, puts the result in place under the lock. When none is due, tails that are shorter are
// sealed in a small part of the time. Thread rule: the steps on a loop of its own; SealExpired from
// any thread.
#ifndef ROSTER_ENGINE_UPKEEP_SEALER_H_
#define ROSTER_ENGINE_UPKEEP_SEALER_H_

#include <functional>
#include <memory>
#include <optional>

#include "engine/commit/shared_store.h"
#include "storage/base/environment.h"

namespace roster {

// From its making on the store seals in the background, and wakes it.
class Sealer {
 public:
  // Requires: nothing writes to the store yet. Lifetime: all outlive it; the commit queue does
  // not.
  Sealer(Executor* executor, Clock* clock, SharedStore* store);

  // Brings away now what of one event type has expired by a commit, and waits for it; not for what
  // does meanwhile. Cost: O(events of the blocks that have any such), the writer waits for little
  // of it.
  void SealExpired(EventTypeId event);

 private:
  NextStep Step();
  // One block, which `take` gives under the lock. False when there is none.
  bool SealOne(const std::function<std::optional<SealJob>(Store*)>& take);

  SharedStore* const shared_;
  Clock* const clock_;
  // Monotonic.
  int64_t rested_us_;         // when nothing stale was left
  int64_t next_idle_us_ = 0;  // when what is not due may be sealed again
  std::unique_ptr<Loop> loop_;
};

}  // namespace roster

#endif  // ROSTER_ENGINE_UPKEEP_SEALER_H_
