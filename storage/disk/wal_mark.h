// SPDX-License-Identifier: Apache-2.0
//
// The durable mark: how far the log is known to be durable, kept outside the log. Recovery tells
// by it a torn tail (behind the mark) from lost acknowledged data (before it). It is written only
// after a sync returned, so it is a lower bound and may lag. Durable.
// Thread rule: not shared. Source: storage/FORMAT.md, "Durable mark".
#ifndef ROSTER_STORAGE_DISK_WAL_MARK_H_
#define ROSTER_STORAGE_DISK_WAL_MARK_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/disk/file_system.h"
#include "storage/disk/wal_format.h"

namespace roster {

// What a mark says.
struct WalMarkRecord {
  uint64_t file_number = 0;
  uint64_t durable_offset = 0;  // every byte of that file before it is durable
  Lsn durable_lsn;              // of the last frame before durable_offset
  Timestamp clock_ceiling;      // no view that anyone saw passes it
  bool operator==(const WalMarkRecord&) const = default;
};

// Reads the newest valid slot. Writes nothing.
// Errors: kNotFound without a file; CORRUPT when neither slot is valid for this store; ERR for a
// newer format version.
absl::StatusOr<WalMarkRecord> ReadWalMark(FileSystem* fs, const std::string& directory,
                                          const StoreUuid& uuid);

// How many of the two slots are valid: one is enough, and all that a torn write leaves.
// Errors: as ReadWalMark.
absl::StatusOr<int> CountMarkSlots(FileSystem* fs, const std::string& directory,
                                   const StoreUuid& uuid);

// Writes the mark. The two slots take turns, the one that holds the newest record never being
// overwritten, so that a torn write leaves the record before it.
class WalMark {
 public:
  // Makes the file with `record` in both slots, its bytes durable (its name is not: SyncDir).
  // Errors: EXISTS, DISKFULL, kInternal.
  static absl::StatusOr<std::unique_ptr<WalMark>> Create(FileSystem* fs,
                                                         const std::string& directory,
                                                         const StoreUuid& uuid,
                                                         const WalMarkRecord& record);
  // Opens an existing one to go on writing.
  // Errors: as ReadWalMark.
  static absl::StatusOr<std::unique_ptr<WalMark>> Open(FileSystem* fs, const std::string& directory,
                                                       const StoreUuid& uuid);

  // Writes the next slot; survives the end of the process, not a power failure.
  // Requires: `record` was true before the call: the sync of what it vouches for has returned.
  absl::Status Write(const WalMarkRecord& record);
  // Makes what was written durable. About once a second is enough.
  absl::Status Sync();

  // What was read or written last.
  const WalMarkRecord& newest() const { return newest_; }

 private:
  WalMark(std::unique_ptr<File> file, const StoreUuid& uuid, uint64_t sequence,
          const WalMarkRecord& newest);

  const std::unique_ptr<File> file_;
  const StoreUuid uuid_;
  uint64_t sequence_;  // of the newest record; its slot is sequence_ % 2
  WalMarkRecord newest_;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_DISK_WAL_MARK_H_
