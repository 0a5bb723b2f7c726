// SPDX-License-Identifier: Apache-2.0
//
// The log files of a directory one by one, each judged by itself: for tools that must say what is
// whole beside what is damaged. Thread rule: one thread.
#ifndef ROSTER_ENGINE_MAINTENANCE_LOG_FILES_H_
#define ROSTER_ENGINE_MAINTENANCE_LOG_FILES_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/disk/file_system.h"
#include "storage/disk/manifest.h"
#include "storage/disk/wal_mark.h"
#include "storage/disk/wal_reader.h"

namespace roster {

class LogFiles {
 public:
  // By the manifest; when that is damaged, not there or not the one of these files, by the files
  // and what their headers say: then no file is taken to be closed. Errors: ERR (a newer format),
  // kInternal.
  static absl::StatusOr<LogFiles> Open(FileSystem* fs, const std::string& directory);

  // Oldest first.
  const std::vector<LogEntry>& entries() const { return manifest_.logs; }
  const std::vector<SnapshotEntry>& snapshots() const { return manifest_.snapshots; }
  const StoreUuid& uuid() const { return manifest_.uuid; }
  // OK, or what is wrong with them.
  const absl::Status& manifest_status() const { return manifest_status_; }
  const absl::Status& mark_status() const { return mark_status_; }
  // The manifest can be read, but an opening with it fails: it is of another store, or names files
  // that are not there and not those that are. Left by a crash it names too few at most.
  bool manifest_misplaced() const { return misplaced_; }
  // The highest LSN that manifest, mark and headers vouch for, readable or not.
  Lsn highest_lsn() const;

  // A reader of the commits of one file that come after an LSN.
  std::unique_ptr<WalReader> Reader(const LogEntry& entry, Lsn after) const;

 private:
  LogFiles(FileSystem* fs, std::string directory) : fs_(fs), directory_(std::move(directory)) {}
  // The UUIDs of the files, one each.
  std::vector<StoreUuid> TakeFiles(const std::vector<std::string>& names);
  void CompareWith(const Manifest& manifest, const std::vector<std::string>& names,
                   const std::vector<StoreUuid>& uuids);

  FileSystem* fs_;
  std::string directory_;
  Manifest manifest_;
  std::optional<WalMarkRecord> mark_;
  Lsn named_lsn_;  // by a manifest of the store, also by one that is older than the files
  bool misplaced_ = false;
  absl::Status manifest_status_;
  absl::Status mark_status_;
};

}  // namespace roster

#endif  // ROSTER_ENGINE_MAINTENANCE_LOG_FILES_H_
