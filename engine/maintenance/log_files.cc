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

}  // namespace

absl::StatusOr<LogFiles> LogFiles::Open(FileSystem* fs, const std::string& directory) {
  LogFiles files(fs, directory);
  auto manifest = ReadManifest(fs, directory);
  if (manifest.ok()) {
    files.manifest_ = *std::move(manifest);
  } else if (IsDamage(manifest.status())) {
    files.manifest_status_ = manifest.status();
    ROSTER_RETURN_IF_ERROR(files.ListFiles());
  } else {
    return manifest.status();
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
absl::Status LogFiles::ListFiles() {
  ROSTER_ASSIGN_OR_RETURN(const std::vector<std::string> names, fs_->List(directory_));
  for (const std::string& name : names) {
    const std::string path = JoinPath(directory_, name);
    if (IsSnapshotName(name)) {
      const auto snapshot = SnapshotReader::Open(fs_, path);
      if (snapshot.ok()) {
        manifest_.uuid = (*snapshot)->header().uuid;
        manifest_.snapshots.push_back({name, (*snapshot)->header().lsn});
      }
    }
    if (!ParseLogFileName(name)) continue;
    const auto header = ReadHeader(fs_, path);
    if (!header.ok()) continue;
    manifest_.uuid = header->uuid;
    manifest_.logs.push_back({header->number, header->base_lsn, std::nullopt});
  }
  std::ranges::sort(manifest_.logs, {}, &LogEntry::number);
  std::ranges::sort(manifest_.snapshots, {}, &SnapshotEntry::lsn);
  return absl::OkStatus();
}

std::optional<Lsn> LogFiles::durable_lsn() const {
  if (!mark_) return std::nullopt;
  return mark_->durable_lsn;
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
