// SPDX-License-Identifier: Apache-2.0
#include "engine/maintenance/log_files.h"

#include <algorithm>
#include <utility>

#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/disk/file_names.h"
#include "storage/disk/snapshot_reader.h"

namespace roster {
namespace {

bool IsDamage(const absl::Status& status) {
  return ErrorCodeOf(status) == ErrorCode::kCorrupt || absl::IsNotFound(status);
}

absl::StatusOr<WalFileHeader> ReadHeader(FileSystem* fs, const std::string& path) {
  ROSTER_ASSIGN_OR_RETURN(const auto file, fs->Open(path, OpenMode::kRead));
  std::string bytes(kWalFileHeaderBytes, '\0');
  ROSTER_ASSIGN_OR_RETURN(const size_t read, file->Read(0, bytes));
  bytes.resize(read);
  return DecodeWalFileHeader(bytes);
}

std::vector<std::string> NamesIn(const Manifest& manifest) {
  std::vector<std::string> names;
  for (const SnapshotEntry& snapshot : manifest.snapshots) names.push_back(snapshot.name);
  for (const LogEntry& log : manifest.logs) names.push_back(LogFileName(log.number));
  return names;
}

Lsn HighestIn(const Manifest& manifest) {
  Lsn highest;
  for (const SnapshotEntry& snapshot : manifest.snapshots)
    highest = std::max(highest, snapshot.lsn);
  for (const LogEntry& log : manifest.logs) {
    highest = std::max(highest, log.closed ? log.closed->end_lsn : log.base_lsn);
  }
  return highest;
}

}  // namespace

absl::StatusOr<LogFiles> LogFiles::Open(FileSystem* fs, const std::string& directory) {
  LogFiles files(fs, directory);
  auto manifest = ReadManifest(fs, directory);
  if (!manifest.ok() && !IsDamage(manifest.status())) return manifest.status();
  files.manifest_status_ = manifest.status();
  ROSTER_ASSIGN_OR_RETURN(const std::vector<std::string> names, fs->List(directory));
  const std::vector<StoreUuid> uuids = files.TakeFiles(names);
  if (manifest.ok()) {
    files.CompareWith(*manifest, names, uuids);
    if (files.manifest_status_.ok()) files.manifest_ = *std::move(manifest);
  }
  if (files.manifest_.logs.empty()) return files;
  const auto mark = ReadWalMark(fs, directory, files.manifest_.uuid);
  if (mark.ok()) {
    files.mark_ = *mark;
  } else if (IsDamage(mark.status())) {
    files.mark_status_ = mark.status();
  } else {
    return mark.status();
  }
  return files;
}

// What the manifest would have said, as far as the files tell it. Those without a header that
// holds are left out.
std::vector<StoreUuid> LogFiles::TakeFiles(const std::vector<std::string>& names) {
  std::vector<StoreUuid> uuids;
  for (const std::string& name : names) {
    const std::string path = JoinPath(directory_, name);
    if (IsSnapshotName(name)) {
      const auto snapshot = SnapshotReader::Open(fs_, path);
      if (snapshot.ok()) {
        uuids.push_back((*snapshot)->header().uuid);
        manifest_.snapshots.push_back({name, (*snapshot)->header().lsn});
      }
    }
    if (!ParseLogFileName(name)) continue;
    const auto header = ReadHeader(fs_, path);
    if (!header.ok()) continue;
    uuids.push_back(header->uuid);
    manifest_.logs.push_back({header->number, header->base_lsn, std::nullopt});
  }
  std::ranges::sort(manifest_.logs, {}, &LogEntry::number);
  std::ranges::sort(manifest_.snapshots, {}, &SnapshotEntry::lsn);
  ptrdiff_t most = 0;
  for (const StoreUuid& uuid : uuids) {
    const ptrdiff_t num = std::ranges::count(uuids, uuid);
    if (num >= most) manifest_.uuid = uuid;
    most = std::max(most, num);
  }
  return uuids;
}

// The manifest is of these files when it names all of them that are of its store.
void LogFiles::CompareWith(const Manifest& manifest, const std::vector<std::string>& names,
                           const std::vector<StoreUuid>& uuids) {
  const auto unfit = [&](std::string_view what) {
    manifest_status_ = MakeError(ErrorCode::kCorrupt, what);
  };
  if (!uuids.empty() && std::ranges::count(uuids, manifest.uuid) == 0) {
    misplaced_ = true;
    return unfit("MANIFEST is of another store than the files");
  }
  const std::vector<std::string> named = NamesIn(manifest);
  named_lsn_ = HighestIn(manifest);
  std::string unnamed;
  for (const std::string& found : NamesIn(manifest_)) {
    if (std::ranges::count(named, found) == 0) unnamed = found;
  }
  if (unnamed.empty()) return;
  unfit(StrCat("MANIFEST is older than the files: it does not name ", unnamed));
  for (const std::string& name : named) {
    if (std::ranges::count(names, name) > 0) continue;
    misplaced_ = true;
    return unfit(StrCat("MANIFEST does not fit the files: ", name, " is not there, and it does ",
                        "not name ", unnamed));
  }
}

Lsn LogFiles::highest_lsn() const {
  const Lsn durable = mark_ ? mark_->durable_lsn : Lsn{};
  return std::max({durable, named_lsn_, HighestIn(manifest_)});
}

std::unique_ptr<WalReader> LogFiles::Reader(const LogEntry& entry, Lsn after) const {
  Manifest one = manifest_;
  one.logs = {entry};
  // Without a mark of its own a file is vouched for by its frames alone.
  WalMarkRecord mark;
  if (mark_ && mark_->file_number == entry.number) mark = *mark_;
  mark.file_number = entry.number;
  return std::make_unique<WalReader>(fs_, directory_, std::move(one), mark,
                                     std::max(after, entry.base_lsn));
}

}  // namespace roster
