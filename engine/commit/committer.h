// SPDX-License-Identifier: Apache-2.0
//
// One command into one commit: stage, reserve, apply, append. What comes after, writing and syncing
// for a group, is the queue's. Thread rule: the writer's.
// Source: ARCHITECTURE.md "Three walks", Write; engine/README.md "Writes".
#ifndef ROSTER_ENGINE_COMMIT_COMMITTER_H_
#define ROSTER_ENGINE_COMMIT_COMMITTER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/commit/draft.h"
#include "engine/commit/shared_store.h"
#include "engine/commit/stage.h"
#include "engine/view_clock.h"
#include "roster/database.h"
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
  // `log`: null for a store that keeps none. Lifetime: all outlive the committer.
  Committer(const Options& options, SharedStore* shared, LogDirectory* log, ViewClock* clock);

  // Refuses, repeats, or applies and appends. Requires: the log has not failed.
  Committed Commit(const Batch& batch);

  // The store, read by the writer's thread: it alone changes it, so it needs no lock to read.
  const Store& store() const ABSL_NO_THREAD_SAFETY_ANALYSIS { return shared_->store; }

 private:
  const RequestWindow& requests() const ABSL_NO_THREAD_SAFETY_ANALYSIS { return shared_->requests; }
  absl::StatusOr<WriteResult> TryCommit(const Batch& batch, Committed* committed);
  absl::Status CheckOptions(const WriteOptions& options) const;
  std::optional<absl::StatusOr<WriteResult>> Repeat(const Batch& batch, uint64_t digest) const;
  absl::StatusOr<WriteResult> StageAll(const Batch& batch, Timestamp clock, Draft* draft);
  absl::Status Reserve(size_t payload_bytes, bool grows);
  // Applies and appends; the outcome is kept under the command's request id.
  absl::StatusOr<Lsn> Apply(const Batch& batch, const std::vector<Mutation>& mutations,
                            const std::string& payload, Timestamp ceiling, FirstOutcome outcome);

  const Options options_;
  SharedStore* const shared_;
  LogDirectory* const log_;
  ViewClock* const clock_;
  EventIdSource event_ids_;
};

}  // namespace roster

#endif  // ROSTER_ENGINE_COMMIT_COMMITTER_H_
