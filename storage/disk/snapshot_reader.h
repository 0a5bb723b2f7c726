// SPDX-License-Identifier: Apache-2.0
//
// Reads a snapshot file by section. Writes nothing. What it returns is as it was written by
// somebody; whether it makes sense is for the caller to check.
// Thread rule: const methods from any thread at once. Source: storage/FORMAT.md, "Snapshot".
#ifndef ROSTER_STORAGE_DISK_SNAPSHOT_READER_H_
#define ROSTER_STORAGE_DISK_SNAPSHOT_READER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/base/digest.h"
#include "storage/base/text.h"
#include "storage/disk/file_system.h"
#include "storage/disk/snapshot_format.h"

namespace roster {

class SnapshotReader {
 public:
  // Reads header, trailer and table, and sees to it that they account for every byte.
  // Errors: kNotFound; CORRUPT with file and offset; ERR for a newer format; kInternal.
  static absl::StatusOr<std::unique_ptr<SnapshotReader>> Open(FileSystem* fs,
                                                              const std::string& path);

  const std::string& path() const { return path_; }
  const SnapshotHeader& header() const { return header_; }
  const StateDigest& digest() const { return trailer_.digest; }
  uint64_t file_bytes() const { return file_bytes_; }
  // In the order of the file.
  const std::vector<SnapshotSection>& sections() const { return sections_; }
  // Null when there is none.
  const SnapshotSection* Find(std::string_view name) const;

  // The whole raw content, every checksum of it checked. Cost: its size in memory.
  // Errors: CORRUPT with file and offset, also of a section that says it is larger than it can be;
  // kInternal.
  absl::StatusOr<std::string> Read(const SnapshotSection& section) const;

  // Checks every block and the section's checksum. `each_block`: gets the stored bytes of each.
  // Cost: memory of two blocks. Errors: as Read.
  absl::Status Verify(const SnapshotSection& section,
                      const std::function<void(uint64_t stored_bytes)>& each_block) const;

  // A CORRUPT error that names this file and section: its content does not make sense.
  absl::Status Damage(const SnapshotSection& section, std::string_view what) const;

 private:
  SnapshotReader(std::string path, std::unique_ptr<File> file, uint64_t file_bytes);

  absl::Status ReadFrame();
  // [offset, offset + bytes) of the file. Errors: CORRUPT when it is shorter.
  absl::StatusOr<std::string> ReadBytes(uint64_t offset, uint64_t bytes) const;
  // Calls take(block, offset) for each stored block of the section, headers counted.
  absl::Status ForEachBlock(
      const SnapshotSection& section,
      const std::function<absl::Status(std::string_view block, uint64_t offset)>& take) const;
  absl::Status DamageAt(uint64_t offset, std::string_view what) const;

  const std::string path_;
  const std::unique_ptr<File> file_;
  const uint64_t file_bytes_;
  SnapshotHeader header_;
  SnapshotTrailer trailer_;
  std::vector<SnapshotSection> sections_;
  TextMap<size_t> by_name_;
};

// Whether every byte of a snapshot file is as it was written: all checksums, all blocks
// decompressed. `progress` (may be null) gets bytes of the file done and in all.
// Cost: one read of the file, memory of two blocks.
// Errors: as SnapshotReader::Open and Read.
absl::Status VerifySnapshotFile(FileSystem* fs, const std::string& path,
                                const std::function<void(uint64_t done, uint64_t total)>& progress);

}  // namespace roster

#endif  // ROSTER_STORAGE_DISK_SNAPSHOT_READER_H_
