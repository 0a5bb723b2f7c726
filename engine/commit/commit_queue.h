// SPDX-License-Identifier: Apache-2.0
//
// One writer at a time, and who answers for it: takes commands in the order in which they came,
// makes each a commit, hands groups of them to the log, and answers a group when it is as durable
// as it is to be. While one group is being synced the next is applied and written.
// The writer is whoever leads: the caller itself when nobody writes and little waits, since waking
// another thread costs as much as a small write; else a loop of the queue's own.
// Thread rule: Submit and Lead from any thread; WriteStep and SyncStep on a loop each.
// Source: ARCHITECTURE.md "Three walks", Write; engine/README.md "Writes".
#ifndef ROSTER_ENGINE_COMMIT_COMMIT_QUEUE_H_
#define ROSTER_ENGINE_COMMIT_COMMIT_QUEUE_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "engine/commit/committer.h"
#include "engine/commit/shared_store.h"
#include "engine/environment.h"
#include "engine/view_clock.h"
#include "roster/database.h"
#include "storage/base/mutex.h"
#include "storage/disk/log_directory.h"

namespace roster {

// Invariants: (1) commands are applied and answered in the order of Submit; (2) `done` is called
// exactly once for each; (3) after a failure of the log nothing is applied any more, until Resume;
// (4) at most two groups are between the log and their answers: one that is being finished, and one
// of at most kMaxGroupCommands that has been written; (5) at most one thread is between
// TakeCommands and HandOver, and at most one in Finish.
class CommitQueue {
 public:
  // `log`: null for a store that keeps none. Lifetime: all outlive the queue.
  CommitQueue(const Options& options, const Environment& environment, SharedStore* store,
              LogDirectory* log, DiskReserve* reserve, ViewClock* clock);
  ~CommitQueue();

  // Who is to write a command: the queue's own loop, or the caller, who will call Lead.
  enum class By : uint8_t { kWriter, kCaller };

  // `done` comes from who writes, or at once: SHUTDOWN, READONLY, or LIMIT when too much waits.
  void Submit(Batch batch, By by, Database::WriteDone done) ABSL_LOCKS_EXCLUDED(mutex_);

  // Writes a group of what waits on this thread, and as a rule syncs and answers it, unless
  // somebody else writes already: then that one comes back for what waits. Who has no patience
  // leads only what its callers said is theirs and is small, while the disk is quick and has space
  // and no new log file is due, and leaves the rest to the queue's loop.
  enum class Patience : uint8_t { kNone, kWaits };
  void Lead(Patience patience) ABSL_LOCKS_EXCLUDED(mutex_);

  // Waits until what a view at this LSN shows may be answered. False when the log has failed
  // before: the answer is then to be marked. Thread: any but the loops'.
  bool WaitUntilAnswerable(Lsn lsn) ABSL_LOCKS_EXCLUDED(mutex_);

  // Sees to it that the log is durable up to a commit that was applied. Without a log there is
  // nothing to do. Errors: READONLY. Thread: any but the loops'.
  absl::Status MakeDurable(Lsn lsn) ABSL_LOCKS_EXCLUDED(mutex_);

  // Waits, once the log has failed, until everybody has been answered: from then on the store
  // does not change until Resume. Errors: ERR when the log has not failed.
  absl::Status WaitUntilStill() ABSL_LOCKS_EXCLUDED(mutex_);
  // Accepts writes again. Requires: WaitUntilStill returned OK, and what is in memory has become
  // durable otherwise, up to `lsn`.
  void Resume(Lsn lsn) ABSL_LOCKS_EXCLUDED(mutex_);

  // The log has failed elsewhere: in a mark or the manifest.
  void LogFailed(const absl::Status& why) ABSL_LOCKS_EXCLUDED(mutex_);

  // What is durable without the log's doing: a snapshot of a store that keeps none.
  void SnapshotIsDurable(Lsn lsn) ABSL_LOCKS_EXCLUDED(mutex_);

  // Refuses new commands, finishes those accepted and syncs. Errors: of the log.
  absl::Status Close() ABSL_LOCKS_EXCLUDED(mutex_);

  Lsn durable_lsn() const ABSL_LOCKS_EXCLUDED(mutex_);
  // OK, or why the store takes no writes.
  absl::Status latched() const ABSL_LOCKS_EXCLUDED(mutex_);
  uint64_t num_commits() const { return num_commits_; }
  uint64_t num_blocked_identities() const { return committer_.num_blocked(); }
  bool disk_full() const { return committer_.disk_full(); }
  uint64_t num_syncs() const { return num_syncs_; }

 private:
  struct Command {
    Batch batch;
    By by;
    Database::WriteDone done;
  };
  struct Outcome {
    Database::WriteDone done;
    absl::StatusOr<WriteResult> result;
  };
  // What the kernel has.
  struct Written {
    Lsn lsn;
    Timestamp ceiling;  // the highest that its frames carry
  };
  struct Group {
    std::vector<Outcome> outcomes;
    bool sync = false;  // somebody in it waits for the disk
  };

  // Of the writer, one thread at a time.
  NextStep WriteStep() ABSL_LOCKS_EXCLUDED(mutex_);
  bool WriteOneGroup() ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<Command> TakeCommands() ABSL_LOCKS_EXCLUDED(mutex_);
  Group WriteGroup(std::vector<Command> commands) ABSL_LOCKS_EXCLUDED(mutex_);
  void HandOver(Group group) ABSL_LOCKS_EXCLUDED(mutex_);

  // Of who finishes groups, one thread at a time.
  NextStep SyncStep() ABSL_LOCKS_EXCLUDED(mutex_);
  void Finish(Group group) ABSL_LOCKS_EXCLUDED(mutex_);
  void EndFinish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SyncLog() ABSL_LOCKS_EXCLUDED(mutex_);
  bool IntervalIsOver() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  NextStep NextSync() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Whether to write what waits is so little work that an event loop has time for it.
  bool IsQuick() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether a group is to be begun now, or when those who write and finish have done.
  bool MayWrite() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Idle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  const Environment environment_;
  LogDirectory* const log_;
  ViewClock* const clock_;
  Committer committer_;  // of the writer
  std::atomic<uint64_t> num_commits_{0};
  std::atomic<uint64_t> num_syncs_{0};

  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<Command> queue_ ABSL_GUARDED_BY(mutex_);
  size_t queued_items_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t num_for_writer_ ABSL_GUARDED_BY(mutex_) = 0;  // of queue_, By::kWriter
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;       // somebody has commands in hand
  Group next_ ABSL_GUARDED_BY(mutex_);                 // written, waits to be finished
  bool finishing_ ABSL_GUARDED_BY(mutex_) = false;     // a group is being finished
  Written written_ ABSL_GUARDED_BY(mutex_);
  bool rotation_due_ ABSL_GUARDED_BY(mutex_) = false;  // before the next group
  Lsn sync_wanted_ ABSL_GUARDED_BY(mutex_);            // by MakeDurable
  int64_t last_sync_us_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t sync_took_us_ ABSL_GUARDED_BY(mutex_) = 0;  // the last one
  bool timer_runs_ ABSL_GUARDED_BY(mutex_) = false;   // SyncStep comes by itself
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  Lsn answerable_lsn_ ABSL_GUARDED_BY(mutex_);
  Lsn durable_lsn_ ABSL_GUARDED_BY(mutex_);
  absl::Status latched_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> is_latched_{false};  // !latched_.ok(), to be read without the lock

  // Last: their threads use the members above. The writer's ends first.
  std::unique_ptr<Loop> sync_loop_;
  std::unique_ptr<Loop> write_loop_;
};

}  // namespace roster

#endif  // ROSTER_ENGINE_COMMIT_COMMIT_QUEUE_H_
