// SPDX-License-Identifier: Apache-2.0
#include "storage/disk/disk_reserve.h"

#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/disk/file_names.h"

namespace roster {

DiskReserve::DiskReserve(FileSystem* fs, const std::string& directory, uint64_t bytes)
    : fs_(fs), path_(JoinPath(directory, kReserveName)), bytes_(bytes) {}

absl::Status DiskReserve::Hold() {
  MutexLock lock(&mutex_);
  if (held_ || bytes_ == 0) return absl::OkStatus();
  if (lent_) return MakeError(ErrorCode::kDiskFull, "the reserve is in use");
  absl::Status made = Make();
  held_ = made.ok();
  if (!held_) fs_->Remove(path_).IgnoreError();
  return made;
}

absl::Status DiskReserve::Make() {
  ROSTER_ASSIGN_OR_RETURN(const bool exists, fs_->Exists(path_));
  if (exists) {
    ROSTER_ASSIGN_OR_RETURN(const auto file, fs_->Open(path_, OpenMode::kRead));
    ROSTER_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
    if (size == bytes_) return absl::OkStatus();
    ROSTER_RETURN_IF_ERROR(fs_->Remove(path_));
  }
  ROSTER_ASSIGN_OR_RETURN(const auto file, fs_->Open(path_, OpenMode::kCreateExclusive));
  return file->Allocate(bytes_);
}

void DiskReserve::Release() {
  MutexLock lock(&mutex_);
  held_ = false;
  fs_->Remove(path_).IgnoreError();
}

void DiskReserve::Lend() {
  Release();
  MutexLock lock(&mutex_);
  lent_ = true;
}

void DiskReserve::Return() {
  MutexLock lock(&mutex_);
  lent_ = false;
}

bool DiskReserve::held() const {
  MutexLock lock(&mutex_);
  return held_;
}

bool DiskReserve::missing() const {
  MutexLock lock(&mutex_);
  return bytes_ != 0 && !held_;
}

}  // namespace roster
