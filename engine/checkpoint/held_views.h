// SPDX-License-Identifier: Apache-2.0
//
// Views that are held for long, for snapshots and backups, and what they pin: bytes that the store
// keeps twice because a view still has the one before. A copy that was made for some view counts
// for every one that is held, but none counts for more than the store took when it was taken.
// Thread rule: any thread.
#ifndef ROSTER_ENGINE_CHECKPOINT_HELD_VIEWS_H_
#define ROSTER_ENGINE_CHECKPOINT_HELD_VIEWS_H_

#include <algorithm>
#include <cstdint>
#include <set>

#include "absl/status/status.h"
#include "roster/error.h"
#include "storage/base/mutex.h"
#include "storage/base/text.h"

namespace roster {

class HeldViews {
 public:
  // For as long as it lives a view counts as held: from `copied_bytes` (ReadView's) on, of a store
  // that took `memory_bytes` then.
  class Hold {
   public:
    Hold(HeldViews* views, uint64_t copied_bytes, uint64_t memory_bytes)
        : views_(views), copied_bytes_(copied_bytes), memory_bytes_(memory_bytes) {
      MutexLock lock(&views_->mutex_);
      views_->since_.insert(copied_bytes_);
      views_->memory_bytes_ += memory_bytes_;
    }
    ~Hold() {
      MutexLock lock(&views_->mutex_);
      views_->since_.erase(views_->since_.find(copied_bytes_));
      views_->memory_bytes_ -= memory_bytes_;
    }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    HeldViews* const views_;
    const uint64_t copied_bytes_;
    const uint64_t memory_bytes_;
  };

  // `limit_bytes`: 0 for none.
  explicit HeldViews(uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  // At most what the held views pin when the store says `copied_bytes` (Store's).
  uint64_t PinnedBytes(uint64_t copied_bytes) const {
    MutexLock lock(&mutex_);
    if (since_.empty() || *since_.begin() > copied_bytes) return 0;
    return std::min(copied_bytes - *since_.begin(), memory_bytes_);
  }

  // Whether one more may be held. Errors: LIMIT.
  absl::Status CheckRoom(uint64_t copied_bytes) const {
    const uint64_t pinned = PinnedBytes(copied_bytes);
    if (limit_bytes_ == 0 || pinned <= limit_bytes_) return absl::OkStatus();
    return MakeError(ErrorCode::kLimit,
                     StrCat("a snapshot or backup that is being made keeps ", pinned,
                            " bytes twice, more than ", limit_bytes_, "; try again later"));
  }

 private:
  const uint64_t limit_bytes_;
  mutable Mutex mutex_;
  std::multiset<uint64_t> since_ ABSL_GUARDED_BY(mutex_);
  uint64_t memory_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // of all holds
};

}  // namespace roster

#endif  // ROSTER_ENGINE_CHECKPOINT_HELD_VIEWS_H_
