// SPDX-License-Identifier: Apache-2.0
//
// What an operator does with the files of a store: check, dump, verify, restore, salvage. A store
// that is being served is backed up by Database::Backup. Everything here reads its source and never
// changes it; what it makes is a new directory, complete or empty.
// Thread rule: one call per thread; a call holds the LOCK of the directory that it reads.
// Source: DURABILITY.md P5-P9; server/OPERATIONS.md says what to do when.
#ifndef ROSTER_MAINTENANCE_H_
#define ROSTER_MAINTENANCE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "roster/value.h"

namespace roster {

// How far long work has come: `done` of `total` (0: not known) in the units of the step.
struct WorkProgress {
  std::string_view step;  // "reading wal-00000003.log"
  uint64_t done = 0;
  uint64_t total = 0;
};
using ProgressFn = std::function<void(const WorkProgress&)>;

// One file of a store.
struct FileReport {
  std::string name;
  uint64_t bytes = 0;
  bool damaged = false;
  std::string finding;  // empty: whole; otherwise what is wrong, with offset and LSN
};

// A store as its files tell it.
struct StoreReport {
  Lsn lsn;  // of the newest state; of a damaged store that was not loaded what its files speak of
  Timestamp clock;
  uint64_t num_profiles = 0;  // these three by VerifyStore and what makes a store
  uint64_t num_events = 0;
  uint64_t num_identities = 0;
  std::string digest;         // of the logical state, 32 hexadecimal digits; as the line above
  uint64_t num_commits = 0;   // in the log
  uint64_t torn_bytes = 0;    // behind the log's end: never acknowledged
  std::optional<Lsn> oldest;  // from here on RestoreStore gives every state up to the newest
  std::vector<FileReport> files;

  bool damaged() const {
    for (const FileReport& file : files) {
      if (file.damaged) return true;
    }
    return false;
  }
};

// Reads every byte of every file and checks every checksum, as a restart would, without building
// the state. Damage is a finding of the report; without a manifest that holds and is of these
// files each is judged by itself, and nothing is loaded. Errors: LOCKED, ERR (a newer format, not a
// store). Cost: one pass over the files; memory of one section.
absl::StatusOr<StoreReport> CheckStore(const std::string& directory,
                                       const ProgressFn& progress = {});

// CheckStore, and then loads each snapshot, compares its state with the digest that it carries, and
// loads the newest state.
// Errors: as CheckStore. Cost: as a restart, for each snapshot.
absl::StatusOr<StoreReport> VerifyStore(const std::string& directory,
                                        const ProgressFn& progress = {});

// A state between the oldest kept snapshot and now: the newest by default, the one at an LSN, or
// the last one at or before a time.
struct RestorePoint {
  std::optional<Lsn> lsn;
  std::optional<Timestamp> time;
};

// Makes `to`, a new directory, with the state that `from` had at the point.
// Errors: LOCKED; CORRUPT; EXISTS when `to` is not empty; ERR when the point is not within reach
// (the message says what is); DISKFULL.
absl::StatusOr<StoreReport> RestoreStore(const std::string& from, const std::string& to,
                                         const RestorePoint& point,
                                         const ProgressFn& progress = {});

// The newest state as lines of JSON, one call of `take` each, without line ends. RestoreDump makes
// an equal state of them. Errors: as RestoreStore; of `take`.
absl::Status DumpStore(const std::string& directory,
                       const std::function<absl::Status(std::string_view line)>& take,
                       const ProgressFn& progress = {});

// Makes `to`, a new directory, of the lines of a dump. `next` gives them one by one and nothing at
// the end. Errors: PARSE with the line: the dump is cut or changed; ERR: a newer one; EXISTS;
// DISKFULL; of `next`.
absl::StatusOr<StoreReport> RestoreDump(
    const std::function<absl::StatusOr<std::optional<std::string>>()>& next, const std::string& to,
    const ProgressFn& progress = {});

// What a damaged store has lost.
struct Loss {
  std::string file;
  std::string what;          // "commits LSN 41 to 57: not readable"
  uint64_t num_commits = 0;  // that are known to have been there
};
struct SalvageReport {
  StoreReport store;         // what was made
  std::vector<Loss> losses;  // empty: nothing was lost
};

// Makes `to`, a new directory, with the newest state that is certain: of the snapshots and the log
// of `from`, whatever is damaged, the longest history without a gap. Nothing behind a gap is
// applied; it is reported. `from` does not change.
// Errors: LOCKED; CORRUPT when not even one state is certain, or when something would be lost and
// `accept_loss` is false (the message says what); EXISTS; DISKFULL.
absl::StatusOr<SalvageReport> SalvageStore(const std::string& from, const std::string& to,
                                           bool accept_loss, const ProgressFn& progress = {});

}  // namespace roster

#endif  // ROSTER_MAINTENANCE_H_
