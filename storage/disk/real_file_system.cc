// SPDX-License-Identifier: Apache-2.0
//
// The operating system's files behind file_system.h. Every call is repeated when a signal broke it
// off; reads and writes go on until all is done.
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/disk/file_system.h"

namespace roster {
namespace {

constexpr mode_t kFileMode = 0600;  // the files hold personal data
constexpr mode_t kDirectoryMode = 0700;

absl::Status SystemError(std::string_view call, const std::string& path, int error) {
  const std::string message =
      StrCat(call, " failed: ", path, ": ", std::generic_category().message(error));
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return MakeError(ErrorCode::kDiskFull, message);
    case EEXIST:
      return MakeError(ErrorCode::kExists, message);
    case ENOENT:
      return absl::NotFoundError(message);
    default:
      return absl::InternalError(message);
  }
}

// Repeats a call that a signal broke off.
template <typename Call>
auto Retry(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

class RealFile final : public File {
 public:
  RealFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  ~RealFile() override {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  absl::StatusOr<size_t> Read(uint64_t offset, std::span<char> out) override {
    size_t done = 0;
    while (done < out.size()) {
      const ssize_t n = Retry([&] {
        return ::pread(descriptor_, out.data() + done, out.size() - done,
                       static_cast<off_t>(offset + done));
      });
      if (n < 0) return SystemError("read", path_, errno);
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  }

  absl::Status Write(uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = Retry([&] {
        return ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      });
      if (n < 0) return SystemError("write", path_, errno);
      if (n == 0) return SystemError("write", path_, EIO);
      bytes.remove_prefix(static_cast<size_t>(n));
      offset += static_cast<size_t>(n);
    }
    return absl::OkStatus();
  }

  absl::Status Sync() override {
    // Not repeated after EINTR: a second call could pass over what the first one lost.
    if (::fdatasync(descriptor_) != 0) return SystemError("fdatasync", path_, errno);
    return absl::OkStatus();
  }

  absl::Status Allocate(uint64_t size) override {
    int error = 0;
    do {
      error = ::posix_fallocate(descriptor_, 0, static_cast<off_t>(size));
    } while (error == EINTR);
    return error == 0 ? absl::OkStatus() : SystemError("allocate", path_, error);
  }

  absl::Status Truncate(uint64_t size) override {
    if (Retry([&] { return ::ftruncate(descriptor_, static_cast<off_t>(size)); }) != 0) {
      return SystemError("truncate", path_, errno);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<uint64_t> Size() override {
    struct stat info;
    if (::fstat(descriptor_, &info) != 0) return SystemError("stat", path_, errno);
    return static_cast<uint64_t>(info.st_size);
  }

  absl::Status Close() override {
    const int descriptor = descriptor_;
    descriptor_ = -1;
    // After EINTR Linux has closed it all the same.
    if (::close(descriptor) != 0 && errno != EINTR) return SystemError("close", path_, errno);
    return absl::OkStatus();
  }

 private:
  int descriptor_;
  const std::string path_;
};

// Closing the descriptor releases the lock; it belongs to this descriptor, not to the process.
class RealFileLock final : public FileLock {
 public:
  explicit RealFileLock(int descriptor) : descriptor_(descriptor) {}
  ~RealFileLock() override { ::close(descriptor_); }

 private:
  const int descriptor_;
};

int OpenFlags(OpenMode mode) {
  switch (mode) {
    case OpenMode::kRead:
      return O_RDONLY;
    case OpenMode::kReadWrite:
      return O_RDWR;
    case OpenMode::kCreateExclusive:
      return O_RDWR | O_CREAT | O_EXCL;
  }
  return O_RDONLY;
}

class SystemFileSystem final : public FileSystem {
 public:
  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    const int descriptor =
        Retry([&] { return ::open(path.c_str(), OpenFlags(mode) | O_CLOEXEC, kFileMode); });
    if (descriptor < 0) return SystemError("open", path, errno);
    return std::make_unique<RealFile>(descriptor, path);
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return SystemError("rename", from, errno);
    return absl::OkStatus();
  }

  absl::Status Remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return SystemError("remove", path, errno);
    return absl::OkStatus();
  }

  absl::Status RemoveDir(const std::string& directory) override {
    if (::rmdir(directory.c_str()) != 0) return SystemError("remove", directory, errno);
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override {
    DIR* const stream = ::opendir(directory.c_str());
    if (stream == nullptr) return SystemError("list", directory, errno);
    std::vector<std::string> names;
    errno = 0;
    for (const dirent* entry = ::readdir(stream); entry != nullptr; entry = ::readdir(stream)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
      errno = 0;
    }
    const int error = errno;
    ::closedir(stream);
    if (error != 0) return SystemError("list", directory, error);
    std::sort(names.begin(), names.end());
    return names;
  }

  absl::Status CreateDir(const std::string& directory) override {
    if (::mkdir(directory.c_str(), kDirectoryMode) == 0) return absl::OkStatus();
    const int error = errno;
    struct stat info;
    if (error == EEXIST && ::stat(directory.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
      return absl::OkStatus();
    }
    return SystemError("create directory", directory, error);
  }

  absl::Status SyncDir(const std::string& directory) override {
    const int descriptor =
        Retry([&] { return ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
    if (descriptor < 0) return SystemError("open directory", directory, errno);
    const int result = ::fsync(descriptor);
    const int error = errno;
    ::close(descriptor);
    return result == 0 ? absl::OkStatus() : SystemError("sync directory", directory, error);
  }

  absl::StatusOr<bool> Exists(const std::string& path) override {
    struct stat info;
    if (::stat(path.c_str(), &info) == 0) return true;
    if (errno == ENOENT) return false;
    return SystemError("stat", path, errno);
  }

  absl::StatusOr<uint64_t> FreeSpace(const std::string& directory) override {
    struct statvfs info;
    if (Retry([&] { return ::statvfs(directory.c_str(), &info); }) != 0) {
      return SystemError("statvfs", directory, errno);
    }
    return static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
  }

  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    const int descriptor =
        Retry([&] { return ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode); });
    if (descriptor < 0) return SystemError("open", path, errno);
    if (Retry([&] { return ::flock(descriptor, LOCK_EX | LOCK_NB); }) != 0) {
      const int error = errno;
      ::close(descriptor);
      if (error != EWOULDBLOCK) return SystemError("lock", path, error);
      return MakeError(ErrorCode::kLocked, StrCat("another process has it open: ", path));
    }
    return std::make_unique<RealFileLock>(descriptor);
  }
};

}  // namespace

FileSystem* RealFileSystem() {
  static auto* const file_system = new SystemFileSystem;
  return file_system;
}

absl::StatusOr<std::string> ReadWholeFile(FileSystem* fs, const std::string& path,
                                          uint64_t max_bytes) {
  ROSTER_ASSIGN_OR_RETURN(const auto file, fs->Open(path, OpenMode::kRead));
  ROSTER_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  if (size > max_bytes) return MakeError(ErrorCode::kLimit, StrCat("file too large: ", path));
  std::string bytes(size, '\0');
  ROSTER_ASSIGN_OR_RETURN(const size_t read, file->Read(0, bytes));
  bytes.resize(read);
  return bytes;
}

}  // namespace roster
