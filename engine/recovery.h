// SPDX-License-Identifier: Apache-2.0
//
// Restart: a snapshot, then the log's commits through the same Apply as live writes. Evaluates
// nothing, needs no policy, clock or random number. Thread rule: before the engine is shared.
// Source: ARCHITECTURE.md "Three walks", Restart.
#ifndef ROSTER_ENGINE_RECOVERY_H_
#define ROSTER_ENGINE_RECOVERY_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/commit/request_window.h"
#include "engine/environment.h"
#include "roster/database.h"
#include "storage/disk/disk_reserve.h"
#include "storage/disk/log_directory.h"
#include "storage/memory/change.h"
#include "storage/memory/store.h"

namespace roster {

struct Recovered {
  RequestWindow requests;
  Timestamp clock;  // no view was later than this; the clock goes on from here
  RecoveryReport report;
  // What makes identities those that they are by now, when the store was made otherwise.
  std::vector<std::vector<Mutation>> renormalised;
};

// Loads the newest snapshot into an empty store, replays the log behind it and makes the directory
// ready for writing; changes nothing on disk before the verdict is known. A newest snapshot that is
// damaged is stood in for by one before, or none, if the log from there reaches its LSN; the
// report says so. On a full disk `reserve` is let go. `region`: where numbers without a calling
// code are from.
// Errors: CORRUPT, with file and offset or LSN; ERR for newer formats; CONFLICT as PlanRenormalise;
// kInternal.
absl::StatusOr<Recovered> Recover(const Environment& environment, std::string_view region,
                                  LogDirectory* log, DiskReserve* reserve, Store* store);

// Writes the first commit of a new store, durably: the namespaces and traits that are there from
// the start. Errors: as LogDirectory.
absl::Status WriteInitialCommit(Timestamp now, LogDirectory* log, Store* store);

}  // namespace roster

#endif  // ROSTER_ENGINE_RECOVERY_H_
