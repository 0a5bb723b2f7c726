// SPDX-License-Identifier: Apache-2.0
//
// Writes one snapshot file, section by section. Memory: a few blocks. Durable once Finish returned.
// Thread rule: not shared. Source: storage/FORMAT.md, "Snapshot".
#ifndef ROSTER_STORAGE_DISK_SNAPSHOT_WRITER_H_
#define ROSTER_STORAGE_DISK_SNAPSHOT_WRITER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/base/digest.h"
#include "storage/disk/file_system.h"
#include "storage/disk/snapshot_format.h"

namespace roster {

// Invariants: (1) after an error every call gives that error and the file is of no use: the caller
// removes it; (2) what is in buffer_ stands in the file from written_ on.
class SnapshotWriter {
 public:
  // Creates `path`, which must not be there.
  // Errors: EXISTS, DISKFULL, kInternal.
  static absl::StatusOr<std::unique_ptr<SnapshotWriter>> Create(FileSystem* fs,
                                                                const std::string& path,
                                                                const SnapshotHeader& header);
  ~SnapshotWriter();

  // Requires (both): the name is new and has 1 to 255 bytes; no section is open.
  void BeginSection(std::string_view name);
  // Adds to the section that is open; any size. Errors: DISKFULL, kInternal.
  absl::Status Append(std::string_view raw);
  absl::Status EndSection();

  // Table and trailer, sync, close. Nothing may be called after it.
  // Errors: DISKFULL, kInternal.
  absl::Status Finish(const StateDigest& digest);

  // Of the file so far, and of what was appended.
  uint64_t bytes_written() const { return written_ + buffer_.size(); }
  uint64_t raw_bytes() const { return raw_bytes_; }

 private:
  SnapshotWriter(std::unique_ptr<File> file, const SnapshotHeader& header);

  void AddBlock(std::string_view raw);
  absl::Status Flush();
  absl::Status Fail(absl::Status status);

  const std::unique_ptr<File> file_;
  SnapshotCodec codec_;
  SnapshotChecksum header_checksum_;
  std::vector<SnapshotSection> sections_;
  bool section_open_ = false;
  struct RawHash;
  const std::unique_ptr<RawHash> raw_hash_;  // of the open section
  std::string block_;                        // its raw content since the last block
  std::string buffer_;                       // of the file, not yet handed over
  uint64_t written_ = 0;                     // bytes handed over
  uint64_t synced_ = 0;                      // of those, before the last sync
  uint64_t raw_bytes_ = 0;
  absl::Status status_;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_DISK_SNAPSHOT_WRITER_H_
