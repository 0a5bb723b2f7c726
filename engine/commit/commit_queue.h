// SPDX-License-Identifier: Apache-2.0
//
// The one writer: takes commands in the order in which they came, makes each a commit, and answers
// a group of them after one sync. Thread rule: Submit from any thread; the steps on the loop.
// Source: ARCHITECTURE.md "Three walks", Write; engine/README.md "Writes".
#ifndef ROSTER_ENGINE_COMMIT_COMMIT_QUEUE_H_
#define ROSTER_ENGINE_COMMIT_COMMIT_QUEUE_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/commit/request_window.h"
#include "engine/commit/stage.h"
#include "engine/environment.h"
#include "engine/view_clock.h"
#include "roster/database.h"
#include "storage/base/mutex.h"
#include "storage/disk/log_directory.h"
#include "storage/memory/store.h"

namespace roster {

// The store with the lock under which it changes. Readers hold it to take a view, the writer while
// it stages and applies one command.
struct SharedStore {
  Mutex mutex;
  Store store ABSL_GUARDED_BY(mutex);
};

// Invariants: (1) commands are applied and answered in the order of Submit; (2) `done` is called
// exactly once for each; (3) after a failure of the log nothing is applied any more.
class CommitQueue {
 public:
  // Lifetime: all outlive the queue.
  CommitQueue(const Options& options, const Environment& environment, SharedStore* store,
              LogDirectory* log, ViewClock* clock, RequestWindow requests);
  ~CommitQueue();

  void Submit(Batch batch, Database::WriteDone done) ABSL_LOCKS_EXCLUDED(mutex_);

  // Waits until what a view at this LSN shows may be answered. False when the log has failed
  // before: the answer is then to be marked. Thread: any but the loop's.
  bool WaitUntilAnswerable(Lsn lsn) ABSL_LOCKS_EXCLUDED(mutex_);

  // Refuses new commands, finishes those accepted and syncs. Errors: of the log.
  absl::Status Close() ABSL_LOCKS_EXCLUDED(mutex_);

  Lsn durable_lsn() const ABSL_LOCKS_EXCLUDED(mutex_);
  bool read_only() const ABSL_LOCKS_EXCLUDED(mutex_);
  uint64_t num_commits() const { return num_commits_; }
  uint64_t num_syncs() const { return num_syncs_; }

 private:
  struct Command {
    Batch batch;
    Database::WriteDone done;
  };
  struct Outcome {
    Database::WriteDone done;
    absl::StatusOr<WriteResult> result;
    bool committed = false;  // has a frame in the group
  };

  NextStep Step() ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<Command> TakeGroup() ABSL_LOCKS_EXCLUDED(mutex_);
  Outcome Process(Command command) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<WriteResult> Commit(const Batch& batch, bool* committed);
  std::optional<absl::StatusOr<WriteResult>> Repeat(const Batch& batch, uint64_t digest) const;
  absl::StatusOr<WriteResult> StageAll(const Batch& batch, Timestamp clock, Draft* draft);
  absl::Status Reserve(size_t payload_bytes, bool grows);
  absl::StatusOr<Lsn> ApplyAndAppend(const std::vector<Mutation>& mutations,
                                     const std::string& payload, Timestamp ceiling);
  // The store as the loop's thread reads it: it alone changes it, so it needs no lock to read.
  const Store& WriterStore() const ABSL_NO_THREAD_SAFETY_ANALYSIS;
  absl::Status Finish(std::vector<Outcome>* group) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status SyncLog() ABSL_LOCKS_EXCLUDED(mutex_);
  NextStep NextSync();
  void Latch(const absl::Status& why) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Latched() const ABSL_LOCKS_EXCLUDED(mutex_);

  const Options options_;
  const Environment environment_;
  SharedStore* const shared_;
  LogDirectory* const log_;
  ViewClock* const clock_;

  // Of the loop's thread.
  RequestWindow requests_;
  EventIdSource event_ids_;
  Timestamp group_ceiling_;   // the highest that frames of the group carry
  Lsn written_lsn_;           // handed to the kernel
  int64_t last_sync_us_ = 0;  // monotonic; with Durability::kInterval
  bool unsynced_ = false;
  std::atomic<uint64_t> num_commits_{0};
  std::atomic<uint64_t> num_syncs_{0};

  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<Command> queue_ ABSL_GUARDED_BY(mutex_);
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool idle_ ABSL_GUARDED_BY(mutex_) = true;  // the loop has nothing in hand
  Lsn answerable_lsn_ ABSL_GUARDED_BY(mutex_);
  Lsn durable_lsn_ ABSL_GUARDED_BY(mutex_);
  absl::Status latched_ ABSL_GUARDED_BY(mutex_);

  std::unique_ptr<Loop> loop_;  // last: its thread uses the members above
};

}  // namespace roster

#endif  // ROSTER_ENGINE_COMMIT_COMMIT_QUEUE_H_
