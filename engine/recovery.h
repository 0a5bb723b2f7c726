// SPDX-License-Identifier: Apache-2.0
//
// Restart: the log's commits through the same Apply as live writes. Evaluates nothing, needs no
// policy, clock or random number. Thread rule: before the engine is shared.
// Source: ARCHITECTURE.md "Three walks", Restart.
#ifndef ROSTER_ENGINE_RECOVERY_H_
#define ROSTER_ENGINE_RECOVERY_H_

#include "absl/status/statusor.h"
#include "engine/commit/request_window.h"
#include "roster/database.h"
#include "storage/disk/log_directory.h"
#include "storage/memory/store.h"

namespace roster {

struct Recovered {
  RequestWindow requests;
  Timestamp clock;  // no view was later than this; the clock goes on from here
  RecoveryReport report;
};

// Replays the log into an empty store and makes the directory ready for writing; changes nothing
// on disk before the verdict is known. Errors: CORRUPT, with file and offset or LSN; DISKFULL.
absl::StatusOr<Recovered> Recover(LogDirectory* log, Executor* executor, Store* store);

// Writes the first commit of a new store, durably: the namespaces and traits that are there from
// the start. Errors: as LogDirectory.
absl::Status WriteInitialCommit(Timestamp now, LogDirectory* log, Store* store);

}  // namespace roster

#endif  // ROSTER_ENGINE_RECOVERY_H_
