// SPDX-License-Identifier: Apache-2.0
#include "engine/maintenance/load.h"

#include <algorithm>
#include <utility>

#include "engine/checkpoint/snapshot_file.h"
#include "engine/maintenance/dump.h"
#include "engine/normalise.h"
#include "engine/replay.h"
#include "roster/error.h"
#include "storage/base/digest.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/disk/file_names.h"
#include "storage/disk/snapshot_reader.h"
#include "storage/memory/digest.h"

namespace roster {
namespace {

absl::Status BeforeOldest() {
  return MakeError(ErrorCode::kErr, "the point lies before the oldest state that is kept");
}

// The newest snapshot that is not behind the point.
absl::StatusOr<std::optional<SnapshotEntry>> BaseFor(const Environment& environment,
                                                     const LogDirectory& log,
                                                     const RestorePoint& point) {
  const Manifest manifest = log.manifest();
  for (auto it = manifest.snapshots.rbegin(); it != manifest.snapshots.rend(); ++it) {
    if (point.lsn && it->lsn > *point.lsn) continue;
    if (point.time) {
      ROSTER_ASSIGN_OR_RETURN(const auto reader,
                              SnapshotReader::Open(environment.files, log.SnapshotPath(*it)));
      if (reader->header().clock > *point.time) continue;
    }
    return *it;
  }
  const bool from_the_beginning =
      manifest.logs.empty() ? manifest.snapshots.empty() : manifest.logs[0].base_lsn == Lsn{};
  if (from_the_beginning) return std::nullopt;
  // A snapshot is made some time after the last commit in it: only loading it tells.
  if (point.time && !manifest.snapshots.empty()) return manifest.snapshots.front();
  return BeforeOldest();
}

bool IsAt(const RestorePoint& point, const Store& store) {
  return !point.lsn || store.lsn() >= *point.lsn;
}

}  // namespace

absl::Status CheckIsStore(const Environment& environment, const std::string& directory) {
  ROSTER_ASSIGN_OR_RETURN(const bool exists, environment.files->Exists(directory));
  if (!exists) return MakeError(ErrorCode::kErr, StrCat("no such directory: ", directory));
  // An empty directory would become a store.
  ROSTER_ASSIGN_OR_RETURN(const auto names, environment.files->List(directory));
  bool is_store = false;
  for (const std::string& name : names) is_store |= name == kManifestName || IsEngineFile(name);
  if (is_store) return absl::OkStatus();
  return MakeError(ErrorCode::kErr, StrCat("there is no store in this directory: ", directory));
}

absl::StatusOr<std::unique_ptr<LogDirectory>> OpenForReading(const Environment& environment,
                                                             const std::string& directory) {
  ROSTER_RETURN_IF_ERROR(CheckIsStore(environment, directory));
  return LogDirectory::Open(environment.files, environment.random, directory, {});
}

absl::StatusOr<std::unique_ptr<LoadedState>> LoadSnapshotAt(const Environment& environment,
                                                            const std::string& directory,
                                                            const StoreUuid& uuid,
                                                            const SnapshotEntry& entry) {
  auto state = std::make_unique<LoadedState>();
  ROSTER_ASSIGN_OR_RETURN(const auto reader,
                          SnapshotReader::Open(environment.files, JoinPath(directory, entry.name)));
  if (reader->header().uuid != uuid || reader->header().lsn != entry.lsn) {
    return MakeError(ErrorCode::kCorrupt,
                     StrCat("a snapshot has the name of another: ", entry.name));
  }
  ROSTER_RETURN_IF_ERROR(
      LoadSnapshot(*reader, environment.executor, &state->store, &state->requests));
  state->clock = std::max(reader->header().clock, state->store.clock());
  return state;
}

absl::StatusOr<std::unique_ptr<LoadedState>> LoadAt(const Environment& environment,
                                                    const LogDirectory& log,
                                                    const RestorePoint& point,
                                                    const ProgressFn& progress) {
  ROSTER_ASSIGN_OR_RETURN(const std::optional<SnapshotEntry> base,
                          BaseFor(environment, log, point));
  auto state = std::make_unique<LoadedState>();
  if (base) {
    if (progress) progress({StrCat("loading ", base->name), 0, 0});
    ROSTER_ASSIGN_OR_RETURN(state, LoadSnapshotAt(environment, ParentPath(log.SnapshotPath(*base)),
                                                  log.manifest().uuid, *base));
  }
  // Each commit brings the clock of its time.
  if (point.time && state->store.clock() > *point.time) return BeforeOldest();
  if (progress) progress({"reading the log", 0, 0});
  ROSTER_ASSIGN_OR_RETURN(const auto reader, log.Reader(state->store.lsn()));
  ReplayLimit limit;
  if (point.lsn) limit.lsn = *point.lsn;
  if (point.time) limit.received_at = *point.time;
  ROSTER_RETURN_IF_ERROR(Replay(reader.get(), environment.executor, &state->store, &state->requests,
                                limit, &state->clock));
  state->clock = std::max(state->clock, state->store.clock());
  state->store.SetDefaultRegion(std::string(RegionOf(log.manifest().normaliser)));
  if (point.time && state->store.lsn() == Lsn{}) {
    return MakeError(ErrorCode::kErr, "the point lies before the first commit");
  }
  if (!IsAt(point, state->store)) {
    return MakeError(ErrorCode::kErr, StrCat("the point lies behind the newest state, LSN ",
                                             state->store.lsn().value));
  }
  return state;
}

StoreReport ReportOf(const LoadedState& state) {
  const ReadView view = state.store.TakeView(state.clock);
  StoreReport report;
  report.lsn = view.lsn();
  report.clock = view.clock();
  report.num_profiles = view->num_profiles;
  report.num_events = view->num_events();
  report.num_identities = view->identities.num_attached();
  report.digest = DigestToHex(DigestOf(view));
  report.oldest = view.lsn();
  return report;
}

absl::StatusOr<StoreReport> MakeStore(const Environment& environment, const std::string& to,
                                      const LoadedState& state, const ProgressFn& progress) {
  if (progress) progress({StrCat("writing ", to), 0, 0});
  const Picture picture{state.store.TakeView(state.clock), state.store.Pending(),
                        state.requests.Entries()};
  ROSTER_RETURN_IF_ERROR(
      MakeStoreDirectory(environment.files, environment.random, to, picture, picture.view.clock())
          .status());
  return ReportOf(state);
}

absl::StatusOr<StoreReport> RestoreStore(const Environment& environment, const std::string& from,
                                         const std::string& to, const RestorePoint& point,
                                         const ProgressFn& progress) {
  ROSTER_ASSIGN_OR_RETURN(const auto log, OpenForReading(environment, from));
  ROSTER_ASSIGN_OR_RETURN(const auto state, LoadAt(environment, *log, point, progress));
  return MakeStore(environment, to, *state, progress);
}

absl::Status DumpStore(const Environment& environment, const std::string& directory,
                       const std::function<absl::Status(std::string_view line)>& take,
                       const ProgressFn& progress) {
  ROSTER_ASSIGN_OR_RETURN(const auto log, OpenForReading(environment, directory));
  ROSTER_ASSIGN_OR_RETURN(const auto state, LoadAt(environment, *log, {}, progress));
  return DumpView(state->store.TakeView(state->store.clock()), ReportOf(*state).digest,
                  state->clock, take, progress);
}

absl::StatusOr<StoreReport> RestoreDump(
    const Environment& environment,
    const std::function<absl::StatusOr<std::optional<std::string>>()>& next, const std::string& to,
    const ProgressFn& progress) {
  if (progress) progress({"reading the dump", 0, 0});
  LoadedState state;
  ROSTER_ASSIGN_OR_RETURN(state.clock, ReadDump(next, &state.store));
  return MakeStore(environment, to, state, progress);
}

absl::StatusOr<StoreReport> RestoreStore(const std::string& from, const std::string& to,
                                         const RestorePoint& point, const ProgressFn& progress) {
  return RestoreStore(Environment{}, from, to, point, progress);
}

absl::Status DumpStore(const std::string& directory,
                       const std::function<absl::Status(std::string_view line)>& take,
                       const ProgressFn& progress) {
  return DumpStore(Environment{}, directory, take, progress);
}

absl::StatusOr<StoreReport> RestoreDump(
    const std::function<absl::StatusOr<std::optional<std::string>>()>& next, const std::string& to,
    const ProgressFn& progress) {
  return RestoreDump(Environment{}, next, to, progress);
}

}  // namespace roster
