// SPDX-License-Identifier: Apache-2.0
//
// Erases anonymous profiles that nobody has seen for as long as `retain anonymous` says: looks
// through the rows in small steps and writes an Erase for each, as any client does. Thread rule:
// the steps on a loop of its own. Source: CAPABILITIES.md "Retention".
#ifndef ROSTER_ENGINE_UPKEEP_FORGETTING_H_
#define ROSTER_ENGINE_UPKEEP_FORGETTING_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/asking/pages.h"
#include "engine/commit/commit_queue.h"
#include "engine/commit/shared_store.h"
#include "storage/base/environment.h"

namespace roster {

// Invariant: who was seen in time, or became known, before the erasure is committed, stays: the
// write says so.
class Forgetting {
 public:
  // Lifetime: all outlive it.
  Forgetting(Executor* executor, Clock* clock, SharedStore* store, CommitQueue* queue,
             Pages* pages);

 private:
  // Looks at so many rows, and erases so many of them at most. Cost: a view.
  NextStep Step();
  std::vector<ProfileId> FindUnseen(const ReadView& view, Timestamp since);

  Clock* const clock_;
  SharedStore* const shared_;
  CommitQueue* const queue_;
  Pages* const pages_;
  // Of the loop.
  uint32_t next_row_ = 0;
  // Erasures that are not answered; they may outlive this.
  const std::shared_ptr<std::atomic<size_t>> pending_ = std::make_shared<std::atomic<size_t>>(0);
  std::unique_ptr<Loop> loop_;  // last: it uses the members above
};

}  // namespace roster

#endif  // ROSTER_ENGINE_UPKEEP_FORGETTING_H_
