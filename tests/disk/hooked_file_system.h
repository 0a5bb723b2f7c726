// SPDX-License-Identifier: Apache-2.0
//
// A file system that calls back before it opens or removes a file, for tests that do something at
// just that moment. Thread rule: that of the file system below; hooks are set before it is used.
#ifndef ROSTER_TESTS_DISK_HOOKED_FILE_SYSTEM_H_
#define ROSTER_TESTS_DISK_HOOKED_FILE_SYSTEM_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/disk/file_system.h"

namespace roster {

class HookedFileSystem final : public FileSystem {
 public:
  // Lifetime: `below` outlives this.
  explicit HookedFileSystem(FileSystem* below) : below_(below) {}

  std::function<void(const std::string& path, OpenMode mode)> on_open;
  std::function<void(const std::string& path)> on_remove;

  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    if (on_open) on_open(path, mode);
    return below_->Open(path, mode);
  }
  absl::Status Remove(const std::string& path) override {
    if (on_remove) on_remove(path);
    return below_->Remove(path);
  }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    return below_->Rename(from, to);
  }
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override {
    return below_->List(directory);
  }
  absl::Status CreateDir(const std::string& directory) override {
    return below_->CreateDir(directory);
  }
  absl::Status SyncDir(const std::string& directory) override { return below_->SyncDir(directory); }
  absl::StatusOr<bool> Exists(const std::string& path) override { return below_->Exists(path); }
  absl::StatusOr<uint64_t> FreeSpace(const std::string& directory) override {
    return below_->FreeSpace(directory);
  }
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    return below_->Lock(path);
  }

 private:
  FileSystem* const below_;
};

}  // namespace roster

#endif  // ROSTER_TESTS_DISK_HOOKED_FILE_SYSTEM_H_
