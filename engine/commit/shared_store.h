// SPDX-License-Identifier: Apache-2.0
//
// What a commit changes in memory, with the locks under which it does. Thread rule: readers hold
// `mutex` to take a view. Who changes anything holds both; holding `writing` alone, which the
// writer does from staging a command to applying it, is enough to read.
#ifndef ROSTER_ENGINE_COMMIT_SHARED_STORE_H_
#define ROSTER_ENGINE_COMMIT_SHARED_STORE_H_

#include "engine/commit/carry_over.h"
#include "engine/commit/request_window.h"
#include "storage/base/environment.h"
#include "storage/base/mutex.h"
#include "storage/memory/store.h"

namespace roster {

// Invariant: all are of the same LSN whenever the lock is free.
struct SharedStore {
  Mutex writing ABSL_ACQUIRED_BEFORE(mutex);
  Mutex mutex;
  Store store ABSL_GUARDED_BY(mutex);
  RequestWindow requests ABSL_GUARDED_BY(mutex);
  CarryOver carry_over ABSL_GUARDED_BY(mutex);
  // Woken when the store has something to seal; set before the writer starts.
  Loop* upkeep = nullptr;
};

}  // namespace roster

#endif  // ROSTER_ENGINE_COMMIT_SHARED_STORE_H_
