// SPDX-License-Identifier: Apache-2.0
#include "engine/recovery.h"

#include <algorithm>
#include <memory>

#include "engine/checkpoint/snapshot_file.h"
#include "engine/identity/renormalise.h"
#include "engine/normalise.h"
#include "engine/replay.h"
#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/mutation.h"

namespace roster {
namespace {

std::vector<Mutation> InitialDeclarations() {
  std::vector<Mutation> mutations;
  const auto name_space = [&](const char* name, NamespaceKind kind, uint8_t rank, uint32_t limit) {
    mutations.push_back(DeclareNamespace{{name, kind, rank, limit}});
  };
  name_space("external_id", NamespaceKind::kPerson, 1, 1);
  name_space("email", NamespaceKind::kPerson, 2, 5);
  name_space("phone", NamespaceKind::kPerson, 3, 5);
  name_space("whatsapp", NamespaceKind::kContact, 4, 10);
  name_space("messenger", NamespaceKind::kContact, 4, 10);
  name_space("device_id", NamespaceKind::kDevice, 5, 50);
  name_space("anonymous_id", NamespaceKind::kAnonymous, 6, 100);
  for (const char* name :
       {"name", "first_name", "last_name", "email", "phone", "company", "title", "location",
        "country", "city", "language", "timezone", "avatar", "gender"}) {
    mutations.push_back(DeclareTrait{name, ValueType::kText});
  }
  mutations.push_back(DeclareTrait{"birthday", ValueType::kDate});
  mutations.push_back(DeclareTrait{"age", ValueType::kInteger});
  return mutations;
}

// Loads one snapshot. Errors: CORRUPT also when its file is missing.
absl::Status Load(const Environment& environment, const LogDirectory& log,
                  const SnapshotEntry& entry, Store* store, Recovered* recovered) {
  const auto reader = SnapshotReader::Open(environment.files, log.SnapshotPath(entry));
  if (absl::IsNotFound(reader.status())) {
    return MakeError(ErrorCode::kCorrupt, StrCat("a snapshot is missing: ", entry.name));
  }
  ROSTER_RETURN_IF_ERROR(reader.status());
  const SnapshotHeader& header = (*reader)->header();
  if (header.uuid != log.manifest().uuid || header.lsn != entry.lsn) {
    return MakeError(ErrorCode::kCorrupt,
                     StrCat("a snapshot has the name of another: ", entry.name));
  }
  ROSTER_RETURN_IF_ERROR(LoadSnapshot(**reader, environment.executor, store, &recovered->requests));
  recovered->clock.ms = header.clock.ms + 1;  // the ids of events of its millisecond are used
  recovered->report.snapshot =
      SnapshotInfo{.lsn = header.lsn, .clock = header.clock, .bytes = (*reader)->file_bytes()};
  return absl::OkStatus();
}

void Report(const Store& store, const WalEnd& end, Recovered* recovered) {
  recovered->clock = std::max({recovered->clock, store.clock(), end.clock_ceiling});
  recovered->report.num_commits = end.num_commits;
  recovered->report.torn_bytes = end.torn_bytes;
  if (end.torn_bytes != 0) recovered->report.torn_file = StrCat("log file ", end.file_number);
}

// A disk without space for a log file does not keep a store from being read: the log begins with
// the first commit for which there is space.
absl::Status StartLog(const WalEnd& end, LogDirectory* log, DiskReserve* reserve) {
  absl::Status started = log->StartWriting(end);
  if (!started.ok() && ErrorCodeOf(started) == ErrorCode::kDiskFull) {
    reserve->Release();
    started = log->StartWriting(end);
  }
  const bool full = !started.ok() && ErrorCodeOf(started) == ErrorCode::kDiskFull;
  return full ? absl::OkStatus() : started;
}

}  // namespace

absl::StatusOr<Recovered> Recover(const Environment& environment, std::string_view region,
                                  LogDirectory* log, DiskReserve* reserve, Store* store) {
  const std::vector<SnapshotEntry> snapshots = log->manifest().snapshots;
  absl::Status newest;  // why it was not used
  std::vector<Lsn> damaged;
  // The last turn is without a snapshot.
  for (size_t left = snapshots.size() + 1; left-- > 0;) {
    Recovered recovered;
    *store = Store();
    if (left > 0) {
      const absl::Status loaded = Load(environment, *log, snapshots[left - 1], store, &recovered);
      if (!loaded.ok() && ErrorCodeOf(loaded) != ErrorCode::kCorrupt) return loaded;
      if (newest.ok()) newest = loaded;
      if (!loaded.ok()) {
        damaged.push_back(snapshots[left - 1].lsn);
        continue;
      }
    }
    ROSTER_ASSIGN_OR_RETURN(const std::unique_ptr<WalReader> reader, log->Reader(store->lsn()));
    const absl::Status replayed =
        Replay(reader.get(), environment.executor, store, &recovered.requests);
    if (!newest.ok()) {
      const bool reached = replayed.ok() && store->lsn() >= snapshots.back().lsn;
      if (!reached && left > 0) continue;
      if (!reached) return newest;  // nothing stands in for it
      recovered.report.fallback = std::string(StdView(newest.message()));
    }
    ROSTER_RETURN_IF_ERROR(replayed);
    Report(*store, reader->end(), &recovered);
    if (const std::string made_by = log->manifest().normaliser;
        made_by != NormaliserVersion(region)) {
      ROSTER_ASSIGN_OR_RETURN(recovered.renormalised,
                              PlanRenormalise(store->state(), region, made_by, recovered.clock));
    }
    ROSTER_RETURN_IF_ERROR(StartLog(reader->end(), log, reserve));
    log->Distrust(damaged);
    return recovered;
  }
  return newest;
}

absl::Status WriteInitialCommit(Timestamp now, LogDirectory* log, Store* store) {
  std::string payload;
  EncodeCommitHeader({.received_at = now, .request_id = {}, .actor = {}, .outcome = {}}, &payload);
  ChangeSet changes;
  for (const Mutation& mutation : InitialDeclarations()) {
    EncodeMutation(mutation, &payload);
    store->Apply(mutation, &changes);
  }
  ROSTER_RETURN_IF_ERROR(log->Reserve(payload.size()));
  ROSTER_ASSIGN_OR_RETURN(const Lsn lsn, log->AppendCommit(payload, now));
  ROSTER_RETURN_IF_ERROR(log->Write());
  ROSTER_RETURN_IF_ERROR(log->Sync().status());
  store->FinishCommit(lsn);
  return absl::OkStatus();
}

}  // namespace roster
