// SPDX-License-Identifier: Apache-2.0
//
// The manifest: which files make up the store. A file that it does not name is not part of it.
// Replaced as a whole, atomically. Durable. Thread rule: plain values and functions without shared
// state; one writer per directory. Source: storage/FORMAT.md, "MANIFEST".
#ifndef ROSTER_STORAGE_DISK_MANIFEST_H_
#define ROSTER_STORAGE_DISK_MANIFEST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/disk/file_system.h"
#include "storage/disk/wal_format.h"

namespace roster {

inline constexpr uint64_t kManifestFormatVersion = 1;
// There is a line that says by what identities were normalised.
inline constexpr uint64_t kManifestNormaliser = 1;
inline constexpr uint64_t kManifestKnownFeatures = kManifestNormaliser;

// Where a log file that is no longer written ends. What stands behind the offset is not part of
// the log: it is the torn tail of a crash, whose verdict was given once and is remembered here.
struct ClosedLog {
  uint64_t end_offset = 0;
  Lsn end_lsn;
  WalChain chain;
  bool operator==(const ClosedLog&) const = default;
};

struct LogEntry {
  uint64_t number = 0;
  Lsn base_lsn;
  std::optional<ClosedLog> closed;  // none: the file that is being written
  bool operator==(const LogEntry&) const = default;
};

struct SnapshotEntry {
  std::string name;
  Lsn lsn;
  bool operator==(const SnapshotEntry&) const = default;
};

// Invariants:
// 1. Log numbers ascend and are below next_file_number; base LSNs do not descend; a closed file's
//    end LSN is not above the base LSN of the next (it is below after a RESUME: the LSNs between
//    are in a snapshot only).
// 2. Every log file but the last is closed.
// 3. Snapshot LSNs ascend, their names satisfy IsSnapshotName.
// 4. The normaliser is printable ASCII, and in the feature bits when it is not empty.
struct Manifest {
  StoreUuid uuid;
  uint64_t feature_bits = 0;
  uint64_t next_file_number = 1;
  // By what the identities of all files have their normal form; empty: not known. Set it by
  // SetNormaliser.
  std::string normaliser;
  std::vector<LogEntry> logs;            // oldest first
  std::vector<SnapshotEntry> snapshots;  // oldest first
  bool operator==(const Manifest&) const = default;

  void SetNormaliser(std::string version);

  // Whether the invariants hold.
  bool Valid() const;
};

std::string EncodeManifest(const Manifest& manifest);

// Errors: CORRUPT; ERR for a newer format version or unknown feature bits.
absl::StatusOr<Manifest> DecodeManifest(std::string_view text);

// Errors: kNotFound without one; as DecodeManifest; kInternal.
absl::StatusOr<Manifest> ReadManifest(FileSystem* fs, const std::string& directory);

// The two halves of PublishManifest. After a failed Prepare nothing has changed. After a failed
// Install it is unknown which of the two manifests a crash would leave: write nothing that is
// valid under one of them only.
// Requires: manifest.Valid().
// Errors: DISKFULL, CORRUPT when it does not read back as written, kInternal.
absl::Status PrepareManifest(FileSystem* fs, const std::string& directory,
                             const Manifest& manifest);
absl::Status InstallManifest(FileSystem* fs, const std::string& directory);

// Replaces the manifest: temporary file, write, sync, close, read back, rename, sync directory.
absl::Status PublishManifest(FileSystem* fs, const std::string& directory,
                             const Manifest& manifest);

}  // namespace roster

#endif  // ROSTER_STORAGE_DISK_MANIFEST_H_
