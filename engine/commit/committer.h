// SPDX-License-Identifier: Apache-2.0
//
// One command into one commit: check, reserve, perform, append. What comes after, writing and
// syncing for a group, is the queue's. Thread rule: the writer's: any thread, one at a time.
// Source: ARCHITECTURE.md "Three walks", Write; engine/README.md "Writes".
#ifndef ROSTER_ENGINE_COMMIT_COMMITTER_H_
#define ROSTER_ENGINE_COMMIT_COMMITTER_H_

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/commit/check_item.h"
#include "engine/commit/shared_store.h"
#include "engine/environment.h"
#include "engine/view_clock.h"
#include "roster/database.h"
#include "storage/disk/disk_reserve.h"
#include "storage/disk/log_directory.h"

namespace roster {

// What became of one command.
struct Committed {
  absl::StatusOr<WriteResult> result;
  // What it took into the log's group, or into memory alone when there is no log.
  std::optional<Timestamp> ceiling;
  absl::Status log;  // why the log has failed, when it was found here
};

class Committer {
 public:
  // What the committer works on. Lifetime: all outlives it.
  struct Parts {
    SharedStore* shared = nullptr;
    LogDirectory* log = nullptr;  // null for a store that keeps none
    DiskReserve* reserve = nullptr;
    ViewClock* clock = nullptr;
  };
  Committer(const Options& options, const Environment& environment, const Parts& parts);

  // Refuses, repeats, or applies and appends. Requires: the log has not failed.
  Committed Commit(const Batch& batch);

  // The last command that grows got DISKFULL. Thread: any.
  bool disk_full() const { return disk_full_; }

  // Values that were no identities, in calls; see Stats. Thread: any.
  uint64_t num_blocked() const { return num_blocked_; }

  // The store, read by the writer. Beside it only the sealer changes the store, under both locks,
  // and neither its LSN nor its clock: those need no lock, all else needs one of the two.
  const Store& store() const ABSL_NO_THREAD_SAFETY_ANALYSIS { return parts_.shared->store; }

 private:
  const RequestWindow& requests() const ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return parts_.shared->requests;
  }
  bool carries() const ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return parts_.shared->carry_over.has_rules();
  }
  absl::StatusOr<WriteResult> TryCommit(const Batch& batch, Committed* committed);
  absl::Status CheckOptions(const WriteOptions& options) const;
  std::optional<absl::StatusOr<WriteResult>> Repeat(const Batch& batch, uint64_t digest) const;
  using CheckedItems = std::vector<absl::StatusOr<CheckedItem>>;
  absl::StatusOr<CheckedItems> CheckAll(const Batch& batch, Timestamp clock);
  absl::Status ReserveFor(const CheckedItems& items);
  absl::Status Reserve(size_t payload_bytes, bool grows);
  absl::Status ReserveLog(size_t payload_bytes, bool grows);
  absl::Status TryReserveLog(size_t payload_bytes, bool grows);
  // Performs the items and appends what they did; the outcome is kept under the command's request
  // id. From here the command cannot be refused.
  WriteResult Apply(const Batch& batch, CheckedItems items, const ViewClock::CommitTime& time,
                    uint64_t digest, Committed* committed);

  const Options options_;
  const Environment environment_;
  const Parts parts_;
  EventIdSource event_ids_;
  std::atomic<bool> disk_full_{false};
  std::atomic<uint64_t> num_blocked_{0};
  size_t reserved_bytes_ = 0;  // for the command at hand
  int64_t next_hold_us_ = 0;   // monotonic; when to try again for the disk reserve
};

}  // namespace roster

#endif  // ROSTER_ENGINE_COMMIT_COMMITTER_H_
