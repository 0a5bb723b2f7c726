// SPDX-License-Identifier: Apache-2.0
//
// A file system in memory for tests that behaves as badly as a real one may: what is not synced
// can be lost, kept or torn by a power failure, any call can fail, space can run out.
//
// The model. A file is what programs see plus what is durable, and between the two the changes
// since the last sync, each with the whole 512-byte sectors that it left behind: a crash leaves of
// each sector some version, independently of all others. A directory is the same with names: an
// unsynced create, remove or rename is lost or kept by itself (a rename as a whole). Files, sectors
// and names know no order among each other. A failed sync orphans the changes before it: programs
// go on seeing them, a later sync passes over them, a crash may lose them. Directories themselves
// are durable at once.
// Thread rule: may be used from any thread. It must outlive the files that it opened.
#ifndef ROSTER_TESTS_DISK_FAULTY_FILE_SYSTEM_H_
#define ROSTER_TESTS_DISK_FAULTY_FILE_SYSTEM_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/base/mutex.h"
#include "storage/disk/file_system.h"

namespace roster {

enum class Fault : uint8_t { kIoError, kDiskFull };

enum class FileCall : uint8_t {
  kOpen,
  kRead,
  kWrite,
  kSync,
  kAllocate,
  kTruncate,
  kSize,
  kClose,
  kRename,
  kRemove,
  kList,
  kCreateDir,
  kSyncDir,
  kExists,
  kFreeSpace,
  kLock,
};

class FaultyFileSystem final : public FileSystem {
 public:
  FaultyFileSystem();
  ~FaultyFileSystem() override;

  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override;
  absl::Status CreateDir(const std::string& directory) override;
  absl::Status RemoveDir(const std::string& directory) override;
  absl::Status SyncDir(const std::string& directory) override;
  absl::StatusOr<bool> Exists(const std::string& path) override;
  absl::StatusOr<uint64_t> FreeSpace(const std::string& directory) override;
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override;

  // How many calls were made of this and of all files. The first one is number 1.
  uint64_t num_calls() const;
  uint64_t num_calls(FileCall kind) const;

  // Makes call number `call` fail, and with `from_then_on` all after it. A write that fails has
  // written its first half.
  void FailCall(uint64_t call, Fault fault, bool from_then_on);
  // The same for the next call of one kind.
  void FailNext(FileCall kind, Fault fault, bool from_then_on = false);
  // Calls after number `call` fail and have no effect: the machine is off. See CrashImage.
  void PowerOffAfter(uint64_t call);
  void ClearFaults();
  // Files together may have so many bytes, counting reserved ones; more is DISKFULL.
  void SetCapacity(uint64_t bytes);

  // What a machine may find after a power failure now. Equal seeds give equal images; about one in
  // four loses, and one in four keeps, all that was not synced. Locks, faults and the capacity are
  // not taken over.
  std::unique_ptr<FaultyFileSystem> CrashImage(uint64_t seed) const;
  // What programs see, made durable, as a file system of its own.
  std::unique_ptr<FaultyFileSystem> Clone() const;

  // All files by path, as programs see them.
  std::map<std::string, std::string> Files() const;
  // The file, durable at once, from nowhere or in place of what it was.
  void SetFile(const std::string& path, std::string bytes);
  std::string GetFile(const std::string& path) const;

 private:
  friend class FaultyFile;
  friend class FaultyFileLock;
  struct Change;
  struct Inode;
  struct NameChange;
  struct Plan;

  absl::Status Begin(FileCall kind) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckSpace(const Inode& inode, uint64_t new_size) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Resize(Inode* inode, uint64_t size) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WriteBytes(Inode* inode, uint64_t offset, std::string_view bytes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  std::set<std::string> directories_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::shared_ptr<Inode>> names_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::shared_ptr<Inode>> durable_names_ ABSL_GUARDED_BY(mutex_);
  std::vector<NameChange> name_changes_ ABSL_GUARDED_BY(mutex_);  // not durable yet, in order
  std::set<std::string> locks_ ABSL_GUARDED_BY(mutex_);
  std::optional<uint64_t> capacity_ ABSL_GUARDED_BY(mutex_);
  std::map<FileCall, uint64_t> calls_ ABSL_GUARDED_BY(mutex_);
  uint64_t num_calls_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Plan> plans_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace roster

#endif  // ROSTER_TESTS_DISK_FAULTY_FILE_SYSTEM_H_
