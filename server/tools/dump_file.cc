// SPDX-License-Identifier: Apache-2.0
#include "server/tools/dump_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "roster/error.h"

namespace roster::server {
namespace {

constexpr int kOwnerOnly = 0600;

absl::Status SystemError(const std::string& what, int error) {
  const ErrorCode code =
      error == ENOSPC || error == EDQUOT ? ErrorCode::kDiskFull : ErrorCode::kErr;
  return MakeError(code, what + ": " + std::generic_category().message(error));
}

void SyncFolderOf(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

absl::StatusOr<DumpFile> DumpFile::Open(const std::string& path) {
  if (path.empty()) return DumpFile(stdout, "", "");
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  const bool in_place = std::filesystem::exists(status) && !is_regular_file(status);
  // A link stays one: the file that it leads to is replaced.
  std::string target = path;
  if (!in_place && std::filesystem::exists(status)) {
    target = std::filesystem::canonical(path, error).string();
    if (error) return SystemError("the dump cannot be made: " + path, error.value());
  }
  const std::string opened = in_place ? path : target + ".tmp";
  if (!in_place) ::unlink(opened.c_str());
  const int how = in_place ? 0 : O_CREAT | O_EXCL;
  const int descriptor = ::open(opened.c_str(), O_WRONLY | O_CLOEXEC | how, kOwnerOnly);
  if (descriptor < 0) return SystemError("the dump cannot be made: " + opened, errno);
  std::FILE* const file = ::fdopen(descriptor, "w");
  if (file == nullptr) return SystemError("the dump cannot be made: " + opened, errno);
  return DumpFile(file, target, in_place ? "" : opened);
}

DumpFile::DumpFile(std::FILE* file, std::string path, std::string temporary)
    : file_(file), path_(std::move(path)), temporary_(std::move(temporary)) {}

DumpFile::DumpFile(DumpFile&& other) noexcept
    : file_(std::exchange(other.file_, nullptr)),
      path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, "")) {}

DumpFile::~DumpFile() {
  if (file_ != nullptr && file_ != stdout) std::fclose(file_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

absl::Status DumpFile::Failed(const char* what) const {
  const int error = errno;
  const std::string& name = temporary_.empty() ? path_ : temporary_;
  return SystemError(std::string(what) + (name.empty() ? "standard output" : name), error);
}

absl::Status DumpFile::Add(std::string_view line) {
  const bool written = std::fwrite(line.data(), 1, line.size(), file_) == line.size() &&
                       std::fputc('\n', file_) != EOF;
  return written ? absl::OkStatus() : Failed("the dump cannot be written: ");
}

absl::Status DumpFile::Publish() {
  if (std::fflush(file_) != 0) return Failed("the dump cannot be written: ");
  if (temporary_.empty()) return absl::OkStatus();
  if (::fsync(::fileno(file_)) != 0) return Failed("the dump cannot be synced: ");
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return Failed("the dump cannot be given its name: ");
  }
  temporary_.clear();
  SyncFolderOf(path_);
  return absl::OkStatus();
}

}  // namespace roster::server
