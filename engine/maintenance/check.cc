// SPDX-License-Identifier: Apache-2.0
//
// Implements CheckStore and VerifyStore: every file is read to its end, and what is wrong with one
// does not keep the others from being looked at.
#include <algorithm>

#include "engine/maintenance/load.h"
#include "engine/maintenance/log_files.h"
#include "roster/error.h"
#include "storage/base/digest.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/disk/file_names.h"
#include "storage/disk/snapshot_reader.h"

namespace roster {
namespace {

void Show(const ProgressFn& progress, std::string_view step, uint64_t done, uint64_t total) {
  if (progress) progress({step, done, total});
}

class Checker {
 public:
  Checker(const Environment& environment, std::string directory, Manifest manifest,
          const ProgressFn& progress)
      : environment_(environment),
        directory_(std::move(directory)),
        manifest_(std::move(manifest)),
        progress_(progress) {}

  absl::Status Check(const LogDirectory& log);
  absl::Status Load(const LogDirectory& log);
  // Of a directory whose manifest does not tell what belongs to the store.
  // `by_headers`: whatever has a header that holds was taken for named.
  absl::Status CheckUnopened(const absl::Status& why, bool by_headers);
  StoreReport TakeReport() { return std::move(report_); }

 private:
  absl::Status AddFiles();
  absl::Status CheckSnapshots();
  absl::Status CheckLog();
  void FindOldest();
  absl::Status CheckAsRestart(const LogDirectory& log);
  bool IsNamed(std::string_view name) const;
  FileReport* Find(std::string_view name);
  // Errors: those that are no finding.
  absl::Status Note(std::string_view name, const absl::Status& status);

  const Environment& environment_;
  const std::string directory_;
  const Manifest manifest_;
  const ProgressFn& progress_;
  StoreReport report_;
};

FileReport* Checker::Find(std::string_view name) {
  for (FileReport& file : report_.files) {
    if (file.name == name) return &file;
  }
  return &report_.files.emplace_back(FileReport{.name = std::string(name)});
}

absl::Status Checker::Note(std::string_view name, const absl::Status& status) {
  if (status.ok()) return status;
  if (ErrorCodeOf(status) != ErrorCode::kCorrupt && !absl::IsNotFound(status)) return status;
  FileReport* const file = Find(name);
  file->damaged = true;
  file->finding = StdView(status.message());
  return absl::OkStatus();
}

absl::Status Checker::AddFiles() {
  ROSTER_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          environment_.files->List(directory_));
  for (const std::string& name : names) {
    if (name != kManifestName && !IsEngineFile(name)) continue;
    ROSTER_ASSIGN_OR_RETURN(const auto file,
                            environment_.files->Open(JoinPath(directory_, name), OpenMode::kRead));
    ROSTER_ASSIGN_OR_RETURN(const uint64_t bytes, file->Size());
    FileReport* const report = Find(name);
    report->bytes = bytes;
    if (!IsNamed(name)) report->finding = "not of the store; the next opening removes it";
  }
  return absl::OkStatus();
}

bool Checker::IsNamed(std::string_view name) const {
  const auto of_log = [&](const LogEntry& log) { return LogFileName(log.number) == name; };
  const auto of_snapshot = [&](const SnapshotEntry& entry) { return entry.name == name; };
  return std::ranges::any_of(manifest_.logs, of_log) ||
         std::ranges::any_of(manifest_.snapshots, of_snapshot) || name == kManifestName ||
         name == kMarkName;
}

absl::Status Checker::CheckSnapshots() {
  for (const SnapshotEntry& snapshot : manifest_.snapshots) {
    const std::string step = StrCat("reading ", snapshot.name);
    ROSTER_RETURN_IF_ERROR(Note(
        snapshot.name, VerifySnapshotFile(environment_.files, JoinPath(directory_, snapshot.name),
                                          [&](uint64_t done, uint64_t total) {
                                            Show(progress_, step, done, total);
                                          })));
    if (Find(snapshot.name)->damaged) continue;
    ROSTER_ASSIGN_OR_RETURN(
        const auto reader,
        SnapshotReader::Open(environment_.files, JoinPath(directory_, snapshot.name)));
    report_.clock = std::max(report_.clock, reader->header().clock);
  }
  return absl::OkStatus();
}

// Damage in a file takes the states within it, and what comes before them is not all that is
// asked for: "from ... on" is every state up to the newest.
void Checker::FindOldest() {
  Lsn behind;
  for (size_t i = 0; i < manifest_.logs.size(); ++i) {
    if (!Find(LogFileName(manifest_.logs[i].number))->damaged) continue;
    if (i + 1 == manifest_.logs.size()) return;
    behind = manifest_.logs[i + 1].base_lsn;
  }
  const bool from_the_beginning =
      !manifest_.logs.empty() && manifest_.logs.front().base_lsn == Lsn{};
  if (from_the_beginning && behind == Lsn{}) report_.oldest = Lsn{};
  for (const SnapshotEntry& snapshot : manifest_.snapshots) {
    if (report_.oldest || Find(snapshot.name)->damaged || snapshot.lsn < behind) continue;
    report_.oldest = snapshot.lsn;
  }
}

// Each file by itself, so that damage in one does not hide that in the next.
absl::Status Checker::CheckLog() {
  ROSTER_ASSIGN_OR_RETURN(const LogFiles logs, LogFiles::Open(environment_.files, directory_));
  ROSTER_RETURN_IF_ERROR(Note(kMarkName, logs.mark_status()));
  if (!manifest_.logs.empty() && logs.mark_status().ok()) {
    ROSTER_ASSIGN_OR_RETURN(const int num_slots,
                            CountMarkSlots(environment_.files, directory_, manifest_.uuid));
    if (num_slots == 1) {
      Find(kMarkName)->finding = "one of its two slots does not hold; the other one stands in";
    }
  }
  for (const LogEntry& entry : manifest_.logs) {
    const std::string name = LogFileName(entry.number);
    Show(progress_, StrCat("reading ", name), 0, 0);
    const auto reader = logs.Reader(entry, {});
    absl::Status status;
    while (true) {
      const auto commit = reader->Next();
      status = commit.status();
      if (!commit.ok() || !commit->has_value()) break;
      ++report_.num_commits;
    }
    ROSTER_RETURN_IF_ERROR(Note(name, status));
    if (!status.ok()) continue;
    report_.lsn = std::max(report_.lsn, reader->end().lsn);
    report_.clock = std::max(report_.clock, reader->end().clock_ceiling);
    report_.torn_bytes += reader->end().torn_bytes;
  }
  return absl::OkStatus();
}

// Every file by itself. What ties them together cannot be told.
absl::Status Checker::CheckUnopened(const absl::Status& why, bool by_headers) {
  ROSTER_RETURN_IF_ERROR(AddFiles());
  ROSTER_RETURN_IF_ERROR(CheckSnapshots());
  ROSTER_RETURN_IF_ERROR(CheckLog());
  ROSTER_RETURN_IF_ERROR(Note(kManifestName, why));
  for (FileReport& file : report_.files) {
    if (IsNamed(file.name)) continue;
    file.finding = "the manifest does not name it";
    const bool damaged = ParseLogFileName(file.name) || IsSnapshotName(file.name);
    if (!by_headers || !damaged) continue;
    file.damaged = true;
    file.finding = "its header or its section table does not hold";
  }
  return absl::OkStatus();
}

absl::Status Checker::Check(const LogDirectory& log) {
  ROSTER_RETURN_IF_ERROR(AddFiles());
  ROSTER_RETURN_IF_ERROR(CheckSnapshots());
  ROSTER_RETURN_IF_ERROR(CheckLog());
  for (const SnapshotEntry& snapshot : manifest_.snapshots) {
    report_.lsn = std::max(report_.lsn, snapshot.lsn);
  }
  FindOldest();
  if (!report_.damaged()) return CheckAsRestart(log);
  for (FileReport& file : report_.files) {
    if (!IsNamed(file.name)) file.finding = "MANIFEST does not name it";
  }
  return absl::OkStatus();
}

// What ties the files together: chains, gaps, and what the mark says of them all.
absl::Status Checker::CheckAsRestart(const LogDirectory& log) {
  const Lsn after = manifest_.snapshots.empty() ? Lsn{} : manifest_.snapshots.back().lsn;
  const auto reader = log.Reader(after);
  absl::Status status = reader.status();
  while (status.ok()) {
    const auto commit = (*reader)->Next();
    status = commit.status();
    if (status.ok() && !commit->has_value()) break;
  }
  return Note(manifest_.logs.empty() ? kManifestName : LogFileName(manifest_.logs.back().number),
              status);
}

// Each snapshot has the state whose digest it carries, and the newest state can be had.
absl::Status Checker::Load(const LogDirectory& log) {
  for (const SnapshotEntry& snapshot : manifest_.snapshots) {
    if (Find(snapshot.name)->damaged) continue;
    Show(progress_, StrCat("loading ", snapshot.name), 0, 0);
    const auto loaded = LoadSnapshotAt(environment_, directory_, manifest_.uuid, snapshot);
    ROSTER_RETURN_IF_ERROR(Note(snapshot.name, loaded.status()));
    if (!loaded.ok()) continue;
    ROSTER_ASSIGN_OR_RETURN(const auto reader,
                            SnapshotReader::Open(environment_.files, log.SnapshotPath(snapshot)));
    const StoreReport state = ReportOf(**loaded);
    if (state.digest == DigestToHex(reader->digest())) continue;
    FileReport* const file = Find(snapshot.name);
    file->damaged = true;
    file->finding = StrCat("the state has digest ", state.digest, ", the file says ",
                           DigestToHex(reader->digest()));
  }
  const auto newest = LoadAt(environment_, log, {}, progress_);
  if (!newest.ok()) {
    if (report_.damaged()) return absl::OkStatus();  // it is said already
    return newest.status();
  }
  const StoreReport state = ReportOf(**newest);
  report_.lsn = state.lsn;
  report_.clock = std::max(report_.clock, state.clock);
  report_.num_profiles = state.num_profiles;
  report_.num_events = state.num_events;
  report_.num_identities = state.num_identities;
  report_.digest = state.digest;
  return absl::OkStatus();
}

absl::StatusOr<StoreReport> RunUnopened(const Environment& environment,
                                        const std::string& directory, const absl::Status& why,
                                        const ProgressFn& progress) {
  ROSTER_ASSIGN_OR_RETURN(const auto lock, environment.files->Lock(JoinPath(directory, kLockName)));
  ROSTER_ASSIGN_OR_RETURN(const LogFiles files, LogFiles::Open(environment.files, directory));
  Manifest manifest;
  manifest.uuid = files.uuid();
  manifest.logs = files.entries();
  manifest.snapshots = files.snapshots();
  Checker checker(environment, directory, std::move(manifest), progress);
  ROSTER_RETURN_IF_ERROR(checker.CheckUnopened(why, !files.manifest_status().ok()));
  return checker.TakeReport();
}

absl::StatusOr<StoreReport> Run(const Environment& environment, const std::string& directory,
                                bool load, const ProgressFn& progress) {
  auto log = OpenForReading(environment, directory);
  if (!log.ok() && ErrorCodeOf(log.status()) == ErrorCode::kCorrupt) {
    return RunUnopened(environment, directory, log.status(), progress);
  }
  ROSTER_RETURN_IF_ERROR(log.status());
  ROSTER_ASSIGN_OR_RETURN(const LogFiles files, LogFiles::Open(environment.files, directory));
  if (files.manifest_misplaced()) {
    log->reset();  // the lock with it
    return RunUnopened(environment, directory, files.manifest_status(), progress);
  }
  Checker checker(environment, directory, (*log)->manifest(), progress);
  ROSTER_RETURN_IF_ERROR(checker.Check(**log));
  if (load) ROSTER_RETURN_IF_ERROR(checker.Load(**log));
  return checker.TakeReport();
}

}  // namespace

absl::StatusOr<StoreReport> CheckStore(const Environment& environment, const std::string& directory,
                                       const ProgressFn& progress) {
  return Run(environment, directory, false, progress);
}

absl::StatusOr<StoreReport> VerifyStore(const Environment& environment,
                                        const std::string& directory, const ProgressFn& progress) {
  return Run(environment, directory, true, progress);
}

absl::StatusOr<StoreReport> CheckStore(const std::string& directory, const ProgressFn& progress) {
  return CheckStore(Environment{}, directory, progress);
}

absl::StatusOr<StoreReport> VerifyStore(const std::string& directory, const ProgressFn& progress) {
  return VerifyStore(Environment{}, directory, progress);
}

}  // namespace roster
