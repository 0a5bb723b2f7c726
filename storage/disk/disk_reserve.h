// SPDX-License-Identifier: Apache-2.0
//
// Space of the disk that is held by a file of its own and let go when the disk is full, so that a
// snapshot and what must not stop can go on. Holds no data.
// Thread rule: any thread. Source: storage/FORMAT.md, "The directory"; DURABILITY.md P13.
#ifndef ROSTER_STORAGE_DISK_DISK_RESERVE_H_
#define ROSTER_STORAGE_DISK_DISK_RESERVE_H_

#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "storage/base/mutex.h"
#include "storage/disk/file_system.h"

namespace roster {

class DiskReserve {
 public:
  // `bytes`: 0 for none. Requires: the directory is locked.
  DiskReserve(FileSystem* fs, const std::string& directory, uint64_t bytes);

  // Takes the space unless it is held. One that an earlier process left is taken over; one of
  // another size is made anew. Errors: DISKFULL, kInternal; then nothing is held.
  absl::Status Hold() ABSL_LOCKS_EXCLUDED(mutex_);
  // Gives the space back to the disk.
  void Release() ABSL_LOCKS_EXCLUDED(mutex_);
  // Gives it to one work, until Return: meanwhile Hold refuses, so that nobody else takes it away.
  void Lend() ABSL_LOCKS_EXCLUDED(mutex_);
  void Return() ABSL_LOCKS_EXCLUDED(mutex_);

  bool held() const ABSL_LOCKS_EXCLUDED(mutex_);
  // There is to be one, and it is not held.
  bool missing() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  absl::Status Make() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  FileSystem* const fs_;
  const std::string path_;
  const uint64_t bytes_;
  mutable Mutex mutex_;
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  bool lent_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_DISK_DISK_RESERVE_H_
