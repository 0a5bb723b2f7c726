// SPDX-License-Identifier: Apache-2.0
//
// A state out of the files of a store, and files out of a state: what all tools are made of.
// Thread rule: one call per thread.
#ifndef ROSTER_ENGINE_MAINTENANCE_LOAD_H_
#define ROSTER_ENGINE_MAINTENANCE_LOAD_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/commit/request_window.h"
#include "engine/environment.h"
#include "roster/maintenance.h"
#include "storage/disk/log_directory.h"
#include "storage/memory/store.h"

namespace roster {

// A state that was read, apart from any engine.
struct LoadedState {
  Store store;
  RequestWindow requests;
  Timestamp clock;  // no commit and no snapshot in it is later
};

// Errors: ERR when there is no such directory, or no file of a store in it.
absl::Status CheckIsStore(const Environment& environment, const std::string& directory);

// Locks the directory of a store that exists. Errors: ERR when there is none; as
// LogDirectory::Open.
absl::StatusOr<std::unique_ptr<LogDirectory>> OpenForReading(const Environment& environment,
                                                             const std::string& directory);

// The state of one snapshot of a store. Errors: CORRUPT, also when it is another's; ERR; kInternal.
absl::StatusOr<std::unique_ptr<LoadedState>> LoadSnapshotAt(const Environment& environment,
                                                            const std::string& directory,
                                                            const StoreUuid& uuid,
                                                            const SnapshotEntry& entry);

// The state at a point: the newest snapshot before it, then the log.
// Errors: CORRUPT; ERR when the point is out of reach.
absl::StatusOr<std::unique_ptr<LoadedState>> LoadAt(const Environment& environment,
                                                    const LogDirectory& log,
                                                    const RestorePoint& point,
                                                    const ProgressFn& progress);

// What `state` is, in the words of a report.
StoreReport ReportOf(const LoadedState& state);

// Makes `to`, which does not exist or is empty, a store with this state and a UUID of its own.
// Errors: EXISTS, DISKFULL, kInternal; then at most an empty directory is left.
absl::StatusOr<StoreReport> MakeStore(const Environment& environment, const std::string& to,
                                      const LoadedState& state, const ProgressFn& progress);

// The functions of roster/maintenance.h with other seams.
absl::StatusOr<StoreReport> CheckStore(const Environment& environment, const std::string& directory,
                                       const ProgressFn& progress);
absl::StatusOr<StoreReport> VerifyStore(const Environment& environment,
                                        const std::string& directory, const ProgressFn& progress);
absl::StatusOr<StoreReport> RestoreStore(const Environment& environment, const std::string& from,
                                         const std::string& to, const RestorePoint& point,
                                         const ProgressFn& progress);
absl::Status DumpStore(const Environment& environment, const std::string& directory,
                       const std::function<absl::Status(std::string_view line)>& take,
                       const ProgressFn& progress);
absl::StatusOr<StoreReport> RestoreDump(
    const Environment& environment,
    const std::function<absl::StatusOr<std::optional<std::string>>()>& next, const std::string& to,
    const ProgressFn& progress);
absl::StatusOr<SalvageReport> SalvageStore(const Environment& environment, const std::string& from,
                                           const std::string& to, bool accept_loss,
                                           const ProgressFn& progress);

}  // namespace roster

#endif  // ROSTER_ENGINE_MAINTENANCE_LOAD_H_
