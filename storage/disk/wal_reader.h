// SPDX-License-Identifier: Apache-2.0
//
// Reads the log, commit by commit, through all its files, and gives the verdict on its end: clean,
// torn, or damaged. Writes nothing. Thread rule: not shared.
// Source: storage/FORMAT.md, "Log file" and "The verdict".
#ifndef ROSTER_STORAGE_DISK_WAL_READER_H_
#define ROSTER_STORAGE_DISK_WAL_READER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/disk/file_system.h"
#include "storage/disk/file_window.h"
#include "storage/disk/manifest.h"
#include "storage/disk/wal_format.h"
#include "storage/disk/wal_mark.h"

namespace roster {

// One commit, its frames joined.
// Lifetime: `bytes` until the reader's next call.
struct WalCommit {
  Lsn first_lsn;
  Lsn last_lsn;             // the commit's own LSN
  Timestamp clock_ceiling;  // of its last frame
  std::string_view bytes;
};

// Where the log ends, and how.
struct WalEnd {
  Lsn lsn;  // of the last whole commit, or the `after` of the reader if that is higher
  Timestamp clock_ceiling;   // the highest of the frames and the mark: recovery's clock starts here
  uint64_t num_commits = 0;  // that the reader returned

  // The file that was being written; file_number is 0 when the manifest names none.
  uint64_t file_number = 0;
  WalPosition position;         // behind the last whole commit
  uint64_t vouched_offset = 0;  // up to here the file is known to be durable
  // Bytes behind `position` that are not zeros, to the last such; 0: the end is clean.
  uint64_t torn_bytes = 0;
};

// Invariants:
// 1. Every commit returned stood in whole under a chain that reaches back to the file's header.
// 2. committed_ <= at_: what lies between is an unfinished commit, and partial_ holds its bytes.
class WalReader {
 public:
  // Reads the commits after `after` (the LSN of a snapshot; 0: all). `mark`: none only when the
  // manifest names no log file.
  WalReader(FileSystem* fs, std::string directory, Manifest manifest,
            std::optional<WalMarkRecord> mark, Lsn after);

  // The next commit, or nothing at the end; then `end` tells the rest.
  // Errors: CORRUPT for damage in acknowledged data, naming file, offset, LSN and what lies
  // behind; ERR for a newer format; kInternal. Any error is final.
  absl::StatusOr<std::optional<WalCommit>> Next();

  // Requires: Next returned nothing.
  const WalEnd& end() const { return end_; }

 private:
  // What the bytes behind a bad frame show.
  struct Behind {
    uint64_t last_nonzero = 0;  // end of the last byte that is not zero
    uint64_t num_frames = 0;    // valid headers
    Lsn first_lsn;
    Lsn last_lsn;
    uint64_t vouched_offset = 0;  // the highest durable offset they carry
  };

  absl::Status Start();
  absl::Status OpenFile(size_t index);
  absl::Status CheckFileHeader(const WalFileHeader& header);
  absl::StatusOr<bool> ReadFrame();
  absl::StatusOr<bool> FrameHolds(const WalFrameHeader& header, std::string_view header_bytes);
  WalCommit FinishCommit();
  absl::Status CloseFile();
  absl::Status FinishLog();
  absl::StatusOr<Behind> ScanBehind(uint64_t limit);
  absl::Status Damage(std::string_view what);
  const LogEntry& entry() const { return manifest_.logs[index_]; }

  FileSystem* const fs_;
  const std::string directory_;
  const Manifest manifest_;
  const std::optional<WalMarkRecord> mark_;
  const Lsn after_;

  bool started_ = false;
  bool finished_ = false;
  size_t index_ = 0;  // of the current file in manifest_.logs
  std::unique_ptr<FileWindow> window_;
  WalFileHeader header_;
  WalPosition at_;         // behind the last good frame
  WalPosition committed_;  // behind the last whole commit
  uint64_t vouched_ = 0;   // highest durable offset that a good frame or the mark carries

  Lsn commit_first_;  // of the commit that is being joined
  size_t commit_frames_ = 0;
  std::string partial_;       // its payload when it has several frames
  std::string_view payload_;  // of the last good frame
  WalEnd end_;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_DISK_WAL_READER_H_
