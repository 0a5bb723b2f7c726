// SPDX-License-Identifier: Apache-2.0
//
// A contiguous buffer that grows at its end and is shared with readers of a shorter state of it.
// Thread rule: one writer appends through the newest copy; a copy that a view holds sees only the
// elements it was copied with, which never change.
#ifndef ROSTER_STORAGE_MEMORY_EVENTS_APPEND_BUFFER_H_
#define ROSTER_STORAGE_MEMORY_EVENTS_APPEND_BUFFER_H_

#include <algorithm>
#include <cstddef>
#include <memory>

namespace roster {

// Invariants: (1) elements before size() never change; (2) appending past the capacity moves to a
// new buffer and leaves the old one to those who hold it.
template <typename T>
class AppendBuffer {
 public:
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const T* data() const { return data_.get(); }
  const T& operator[](size_t i) const { return data_[i]; }
  const T* begin() const { return data_.get(); }
  const T* end() const { return data_.get() + size_; }

  void Append(const T& value) {
    if (size_ == capacity_) Grow();
    data_[size_++] = value;
  }
  size_t MemoryBytes() const { return capacity_ * sizeof(T); }

 private:
  void Grow() {
    capacity_ = std::max<size_t>(4, capacity_ * 2);
    std::shared_ptr<T[]> grown(new T[capacity_]);
    std::copy(begin(), end(), grown.get());
    data_ = std::move(grown);
  }

  std::shared_ptr<T[]> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_EVENTS_APPEND_BUFFER_H_
