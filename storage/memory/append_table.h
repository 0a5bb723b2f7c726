// SPDX-License-Identifier: Apache-2.0
//
// A vector that only grows and never moves what it holds, so that readers need no lock: a reader
// that learnt an index by a synchronised way may read that place for ever.
// Thread rule: one writer; any number of readers of places that were published to them.
#ifndef ROSTER_STORAGE_MEMORY_APPEND_TABLE_H_
#define ROSTER_STORAGE_MEMORY_APPEND_TABLE_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace roster {

// Segments of doubling size: segment s holds kFirst << s places.
template <typename T>
class AppendTable {
 public:
  // Thread: the writer; readers use a size that was published to them.
  size_t size() const { return size_; }
  const T& operator[](size_t i) const { return *Place(i); }

  void Append(T value) {
    const size_t segment = SegmentOf(size_);
    if (segments_[segment] == nullptr) segments_[segment].reset(new T[kFirst << segment]());
    *Place(size_) = std::move(value);
    ++size_;
  }
  size_t MemoryBytes() const {
    size_t places = 0;
    for (size_t s = 0; s < kSegments && segments_[s] != nullptr; ++s) places += kFirst << s;
    return places * sizeof(T);
  }

 private:
  static constexpr size_t kFirst = 16;
  static constexpr size_t kSegments = 40;

  static size_t SegmentOf(size_t i) {
    return static_cast<size_t>(std::bit_width(i / kFirst + 1)) - 1;
  }
  T* Place(size_t i) const {
    const size_t segment = SegmentOf(i);
    return &segments_[segment][i - kFirst * ((size_t{1} << segment) - 1)];
  }

  std::array<std::unique_ptr<T[]>, kSegments> segments_;
  size_t size_ = 0;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_APPEND_TABLE_H_
