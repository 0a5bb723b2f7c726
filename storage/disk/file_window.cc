// SPDX-License-Identifier: Apache-2.0
//
// Implements file_window.h.
#include "storage/disk/file_window.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "storage/base/status_macros.h"

namespace roster {
namespace {

constexpr uint64_t kReadAheadBytes = 1u << 20;

}  // namespace

FileWindow::FileWindow(std::unique_ptr<File> file, uint64_t size)
    : file_(std::move(file)), size_(size) {}

absl::StatusOr<std::string_view> FileWindow::At(uint64_t offset, uint64_t length) {
  if (offset >= size_) return std::string_view();
  length = std::min(length, size_ - offset);
  const bool inside = offset >= start_ && offset + length <= start_ + filled_;
  if (!inside) {
    const uint64_t wanted = std::min(std::max(length, kReadAheadBytes), size_ - offset);
    if (buffer_.size() < wanted) buffer_.resize(wanted);
    // What the buffer holds already moves to its front.
    uint64_t kept = 0;
    if (offset >= start_ && offset < start_ + filled_) {
      kept = start_ + filled_ - offset;
      std::memmove(buffer_.data(), buffer_.data() + (offset - start_), kept);
    }
    start_ = offset;
    filled_ = kept;
    ROSTER_ASSIGN_OR_RETURN(
        const size_t read,
        file_->Read(offset + kept, std::span<char>(buffer_.data() + kept, wanted - kept)));
    filled_ += read;
    length = std::min(length, filled_);
  }
  return std::string_view(buffer_.data() + (offset - start_), length);
}

}  // namespace roster
