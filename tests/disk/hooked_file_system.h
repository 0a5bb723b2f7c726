// SPDX-License-Identifier: Apache-2.0
//
// A file system that calls back before it opens, reads, syncs or removes a file, for tests that do
// something at just that moment.
// Thread rule: that of the file system below; hooks are set before it is used.
#ifndef ROSTER_TESTS_DISK_HOOKED_FILE_SYSTEM_H_
#define ROSTER_TESTS_DISK_HOOKED_FILE_SYSTEM_H_

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/disk/file_system.h"

namespace roster {

class HookedFile final : public File {
 public:
  using Hook = std::function<void(const std::string& path)>;

  // Lifetime: the hooks outlive this.
  HookedFile(std::unique_ptr<File> below, std::string path, const Hook* on_read,
             const Hook* on_sync)
      : below_(std::move(below)), path_(std::move(path)), on_read_(on_read), on_sync_(on_sync) {}

  absl::StatusOr<size_t> Read(uint64_t offset, std::span<char> out) override {
    if (*on_read_) (*on_read_)(path_);
    return below_->Read(offset, out);
  }
  absl::Status Write(uint64_t offset, std::string_view bytes) override {
    return below_->Write(offset, bytes);
  }
  absl::Status Sync() override {
    if (*on_sync_) (*on_sync_)(path_);
    return below_->Sync();
  }
  absl::Status Allocate(uint64_t size) override { return below_->Allocate(size); }
  absl::Status Truncate(uint64_t size) override { return below_->Truncate(size); }
  absl::StatusOr<uint64_t> Size() override { return below_->Size(); }
  absl::Status Close() override { return below_->Close(); }

 private:
  const std::unique_ptr<File> below_;
  const std::string path_;
  const Hook* const on_read_;
  const Hook* const on_sync_;
};

class HookedFileSystem final : public FileSystem {
 public:
  // Lifetime: `below` outlives this, and this its files.
  explicit HookedFileSystem(FileSystem* below) : below_(below) {}

  std::function<void(const std::string& path, OpenMode mode)> on_open;
  HookedFile::Hook on_read;
  HookedFile::Hook on_sync;
  HookedFile::Hook on_remove;

  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    if (on_open) on_open(path, mode);
    absl::StatusOr<std::unique_ptr<File>> file = below_->Open(path, mode);
    if (!file.ok()) return file;
    return std::make_unique<HookedFile>(*std::move(file), path, &on_read, &on_sync);
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
  absl::Status RemoveDir(const std::string& directory) override {
    return below_->RemoveDir(directory);
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
