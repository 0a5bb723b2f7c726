// SPDX-License-Identifier: Apache-2.0
//
// Makes snapshots while the store serves: by command, by themselves when the log has grown or time
// has passed, and to end a latch. A picture in memory, a file, that is proved to load to the same
// state, then published; only then older files go. Thread rule: any thread; the work is on a loop
// of its own, one at a time. Source: DURABILITY.md P7, P14; storage/FORMAT.md "Snapshot".
#ifndef ROSTER_ENGINE_CHECKPOINT_CHECKPOINT_H_
#define ROSTER_ENGINE_CHECKPOINT_CHECKPOINT_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/checkpoint/held_views.h"
#include "engine/checkpoint/snapshot_file.h"
#include "engine/commit/commit_queue.h"
#include "engine/commit/shared_store.h"
#include "engine/environment.h"
#include "engine/view_clock.h"
#include "roster/database.h"
#include "storage/base/mutex.h"
#include "storage/base/work.h"
#include "storage/disk/disk_reserve.h"
#include "storage/disk/log_directory.h"

namespace roster {

// Invariants: (1) a snapshot that is published was read back whole and decoded, and its digest is
// that of the state in memory; (2) what it holds was durable
// before, but for a store without a log and for Resume; (3) a failure changes nothing but the
// figures, unless it is not known which manifest a crash would leave: then the log latches.
class Checkpoint {
 public:
  // What the checkpoint works on. Lifetime: all outlives it.
  struct Parts {
    SharedStore* shared = nullptr;
    CommitQueue* queue = nullptr;
    LogDirectory* log = nullptr;
    ViewClock* clock = nullptr;
    DiskReserve* reserve = nullptr;
    HeldViews* held = nullptr;
  };
  // `newest`: the snapshot from which the store was loaded, if any.
  Checkpoint(const Options& options, const Environment& environment, const Parts& parts,
             std::optional<SnapshotInfo> newest);
  ~Checkpoint();

  // Makes a snapshot of what was written before the call, and waits for it. When nothing was since
  // the newest one, that is the answer.
  // Errors: DISKFULL, READONLY, CORRUPT (it did not read back), LIMIT (a backup that is being made
  // pins too much: nothing was begun, and it does not count as failed), kInternal, SHUTDOWN.
  absl::StatusOr<SnapshotInfo> Snapshot() ABSL_LOCKS_EXCLUDED(mutex_);
  // The same when writes are refused since the log failed; then they are accepted again.
  // Errors: as Snapshot, but never LIMIT, then the store stays as it was; ERR when writes are
  // accepted.
  absl::StatusOr<SnapshotInfo> Resume() ABSL_LOCKS_EXCLUDED(mutex_);
  // Begins a snapshot without waiting.
  void Start() ABSL_LOCKS_EXCLUDED(mutex_);

  // Gives up what is being made, within a chunk's work, and removes its file; who waits for it gets
  // SHUTDOWN. From now on nothing is made but by MakeLast. Does not wait.
  void GiveUp() ABSL_LOCKS_EXCLUDED(mutex_);
  // Snapshot, after GiveUp.
  absl::StatusOr<SnapshotInfo> MakeLast() ABSL_LOCKS_EXCLUDED(mutex_);
  // Gives up also that one, and waits; later calls get SHUTDOWN.
  void Close() ABSL_LOCKS_EXCLUDED(mutex_);

  SnapshotStats stats() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // Calls of one kind that wait for their outcome.
  struct Requests {
    uint64_t asked = 0;  // calls so far
    uint64_t done = 0;   // of them, answered by `outcome` or one before
    absl::StatusOr<SnapshotInfo> outcome;
  };
  using Task = absl::StatusOr<SnapshotInfo> (Checkpoint::*)(Work*);

  absl::StatusOr<SnapshotInfo> Ask(Requests* requests) ABSL_LOCKS_EXCLUDED(mutex_);
  NextStep Step() ABSL_LOCKS_EXCLUDED(mutex_);
  // Answers all calls that came before it began. False when there are none.
  bool Answer(Requests* requests, Task task) ABSL_LOCKS_EXCLUDED(mutex_);
  bool Due() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<SnapshotInfo> Run(Task task) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<SnapshotInfo> MakeSnapshot(Work* work);
  absl::StatusOr<SnapshotInfo> EndLatch(Work* work);
  // Writes the file, ends the picture, and proves the file.
  absl::StatusOr<SnapshotInfo> WriteChecked(Picture picture, Timestamp clock, Work* work);
  // On a full disk from the reserve.
  absl::Status WriteFile(const Picture& picture, const SnapshotHeader& header,
                         const std::string& path, Work* work);
  absl::Status TryWriteFile(const Picture& picture, const SnapshotHeader& header,
                            const std::string& path, Work* work);

  const Options options_;
  const Environment environment_;
  const Parts parts_;

  mutable Mutex mutex_;
  CondVar changed_;
  Requests snapshots_ ABSL_GUARDED_BY(mutex_);
  Requests resumes_ ABSL_GUARDED_BY(mutex_);
  SnapshotStats stats_ ABSL_GUARDED_BY(mutex_);
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  // On the file that is being made, or the last one; one for each.
  std::shared_ptr<Work> work_ ABSL_GUARDED_BY(mutex_) = std::make_shared<Work>();
  bool giving_up_ ABSL_GUARDED_BY(mutex_) = false;    // GiveUp was called
  bool making_last_ ABSL_GUARDED_BY(mutex_) = false;  // MakeLast was called
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t last_us_ ABSL_GUARDED_BY(mutex_) = 0;      // monotonic, of the newest or of opening
  int64_t next_try_us_ ABSL_GUARDED_BY(mutex_) = 0;  // by itself, after failures
  int64_t back_off_ms_ ABSL_GUARDED_BY(mutex_) = 0;

  std::unique_ptr<Loop> loop_;  // last: its thread uses the members above
};

}  // namespace roster

#endif  // ROSTER_ENGINE_CHECKPOINT_CHECKPOINT_H_
