// SPDX-License-Identifier: Apache-2.0
//
// What a commit changes in memory, with the lock under which it does. Thread rule: readers hold the
// lock to take a view, the writer while it applies one commit; the writer alone changes it, and so
// reads it without the lock.
#ifndef ROSTER_ENGINE_COMMIT_SHARED_STORE_H_
#define ROSTER_ENGINE_COMMIT_SHARED_STORE_H_

#include "engine/commit/request_window.h"
#include "storage/base/mutex.h"
#include "storage/memory/store.h"

namespace roster {

// Invariant: both are of the same LSN whenever the lock is free.
struct SharedStore {
  Mutex mutex;
  Store store ABSL_GUARDED_BY(mutex);
  RequestWindow requests ABSL_GUARDED_BY(mutex);
};

}  // namespace roster

#endif  // ROSTER_ENGINE_COMMIT_SHARED_STORE_H_
