// SPDX-License-Identifier: Apache-2.0
//
// A file read front to back through a buffer that is no larger than its largest piece needs.
// Thread rule: not shared.
#ifndef ROSTER_STORAGE_DISK_FILE_WINDOW_H_
#define ROSTER_STORAGE_DISK_FILE_WINDOW_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "storage/disk/file_system.h"

namespace roster {

class FileWindow {
 public:
  // `size`: of the file.
  FileWindow(std::unique_ptr<File> file, uint64_t size);

  // The bytes [offset, offset + length), fewer at the file's end.
  // Lifetime: until the next call.
  absl::StatusOr<std::string_view> At(uint64_t offset, uint64_t length);

  uint64_t size() const { return size_; }

 private:
  const std::unique_ptr<File> file_;
  const uint64_t size_;
  std::string buffer_;
  uint64_t start_ = 0;   // of the buffer in the file
  uint64_t filled_ = 0;  // bytes of the buffer that are valid
};

}  // namespace roster

#endif  // ROSTER_STORAGE_DISK_FILE_WINDOW_H_
