// SPDX-License-Identifier: Apache-2.0
//
// The seam to the disk: everything that the engine does with files goes through these three
// interfaces. The real one is thin (real_file_system.cc); the tests' one loses, tears and fails.
// Thread rule: a FileSystem may be used from any thread; a File from several at once, as far as
// their calls do not touch the same bytes (Sync runs beside Write).
#ifndef ROSTER_STORAGE_DISK_FILE_SYSTEM_H_
#define ROSTER_STORAGE_DISK_FILE_SYSTEM_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace roster {

// An open file, addressed by offset. Destroying it closes it.
// Errors, of every method: DISKFULL when there is no space; otherwise what the system said, as
// absl::StatusCode::kInternal.
class File {
 public:
  virtual ~File() = default;

  // Fills `out` from `offset` on and returns how many bytes that were: fewer only at the file's
  // end.
  virtual absl::StatusOr<size_t> Read(uint64_t offset, std::span<char> out) = 0;
  // Writes all of `bytes`, growing the file when they pass its end. After an error any part of
  // them may have been written.
  virtual absl::Status Write(uint64_t offset, std::string_view bytes) = 0;
  // Makes the file's bytes and its size durable. After an error the bytes written since the last
  // successful Sync are in an unknown state, and another Sync that succeeds says nothing of them.
  virtual absl::Status Sync() = 0;
  // Reserves space for [0, size), growing the file with zeros to that size.
  // Errors: DISKFULL; the file may then have grown by a part.
  virtual absl::Status Allocate(uint64_t size) = 0;
  virtual absl::Status Truncate(uint64_t size) = 0;
  virtual absl::StatusOr<uint64_t> Size() = 0;
  // Never syncs. The file must not be used after it.
  virtual absl::Status Close() = 0;
};

// Held for as long as it lives; released by its destruction or the end of the process.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

enum class OpenMode : uint8_t {
  kRead,             // an existing file
  kReadWrite,        // an existing file
  kCreateExclusive,  // a new file, read and write; EXISTS when there is one
};

// Errors, of every method: absl::StatusCode::kNotFound when the path (or its directory) is not
// there, DISKFULL, otherwise kInternal with what the system said.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Errors: EXISTS for kCreateExclusive.
  virtual absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) = 0;
  // Replaces `to` when it exists: after a crash either the old or the new file bears the name.
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  virtual absl::Status Remove(const std::string& path) = 0;
  // The names in a directory, without path, sorted.
  virtual absl::StatusOr<std::vector<std::string>> List(const std::string& directory) = 0;
  // OK when it is there already.
  virtual absl::Status CreateDir(const std::string& directory) = 0;
  // Of an empty one.
  virtual absl::Status RemoveDir(const std::string& directory) = 0;
  // Makes the names in the directory durable (files created, renamed, removed).
  virtual absl::Status SyncDir(const std::string& directory) = 0;
  virtual absl::StatusOr<bool> Exists(const std::string& path) = 0;
  // Units: bytes that an ordinary user may still write below `directory`.
  virtual absl::StatusOr<uint64_t> FreeSpace(const std::string& directory) = 0;
  // Locks the file at `path`, creating it.
  // Errors: LOCKED when it is held, by another process or by another lock of this one.
  virtual absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;
};

// The operating system's; never destroyed.
FileSystem* RealFileSystem();

// The whole file.
// Errors: as Open and Read; LIMIT when it is larger than `max_bytes`.
absl::StatusOr<std::string> ReadWholeFile(FileSystem* fs, const std::string& path,
                                          uint64_t max_bytes);

}  // namespace roster

#endif  // ROSTER_STORAGE_DISK_FILE_SYSTEM_H_
