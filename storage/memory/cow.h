// SPDX-License-Identifier: Apache-2.0
//
// Copy on write: the mechanism of read views. A view copies handles; the writer copies a thing on
// the first write after a view took it, and writes in place once no view holds it any more.
// Thread rule: one writer per handle; handles of the same thing may be read and dropped anywhere.
#ifndef ROSTER_STORAGE_MEMORY_COW_H_
#define ROSTER_STORAGE_MEMORY_COW_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "storage/memory/chunk.h"

namespace roster {

// The bytes that writers of this thread have copied because another handle shared them: what a held
// view costs. Only differences of it mean anything.
inline uint64_t& CopiedBytes() {
  thread_local uint64_t bytes = 0;
  return bytes;
}

// What a copy of a value takes, where it says so or is a vector. Handles in it count as themselves.
template <typename T>
size_t BytesOf(const T& value) {
  if constexpr (requires { value.BytesToCopy(); }) {
    return value.BytesToCopy();
  } else {
    return sizeof(T);
  }
}
template <typename T>
size_t BytesOf(const std::vector<T>& values) {
  return values.size() * sizeof(T);
}

// A counted handle of a value. Invariants: (1) a value with more than one handle never changes;
// (2) only the writer makes handles of what it may still write (taking a view is the writer's).
template <typename T>
class Cow {
 public:
  Cow() : node_(new Node{}) {}
  explicit Cow(T value) : node_(new Node{{1}, std::move(value)}) {}
  Cow(const Cow& other) : node_(other.node_) {
    node_->refs.fetch_add(1, std::memory_order_relaxed);
  }
  Cow(Cow&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  Cow& operator=(Cow other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~Cow() { Release(); }

  const T& operator*() const { return node_->value; }
  const T* operator->() const { return &node_->value; }

  // Whether this is the only handle. Thread: the writer; everything that holders of other handles
  // did happened before.
  bool unique() const { return node_->refs.load(std::memory_order_acquire) == 1; }
  // The value to write to: copied first when another handle shares it.
  // Thread: the writer. The acquire pairs with the release of a view that was dropped elsewhere.
  T& Mutable() {
    if (!unique()) {
      Node* copy = new Node{{1}, node_->value};
      CopiedBytes() += BytesOf(node_->value);
      Release();
      node_ = copy;
    }
    return node_->value;
  }

 private:
  struct Node {
    std::atomic<uint32_t> refs{1};
    T value{};
  };

  void Release() {
    if (node_ != nullptr && node_->refs.fetch_sub(1, std::memory_order_acq_rel) == 1) delete node_;
  }

  Node* node_;
};

// A growing vector in copy-on-write chunks of kChunkRows. Copying the vector copies one handle.
template <typename T>
class CowVector {
 public:
  size_t size() const { return size_; }
  size_t num_chunks() const { return chunks_->size(); }
  const T& operator[](size_t i) const { return (*(*chunks_)[i / kChunkRows])[i % kChunkRows]; }
  // The values of one chunk. Shape: kChunkRows, those past size() are T{}.
  const T* chunk(size_t c) const { return (*chunks_)[c]->data(); }

  void PushBack(T value) {
    if (size_ % kChunkRows == 0) chunks_.Mutable().emplace_back(std::vector<T>(kChunkRows));
    ++size_;
    Set(size_ - 1, std::move(value));
  }
  void Set(size_t i, T value) {
    std::vector<Cow<std::vector<T>>>& chunks = chunks_.Mutable();
    const size_t c = i / kChunkRows;
    if (!chunks[c].unique()) num_repeated_ -= IsRepeated(c) + IsRepeated(c + 1);
    chunks[c].Mutable()[i % kChunkRows] = std::move(value);
  }
  // Adds as many of one value: whole chunks of them are the same one, until they are written to.
  void Append(size_t count, const T& value) {
    const bool has_whole = count >= kChunkRows + (kChunkRows - size_) % kChunkRows;
    for (; count != 0 && (!has_whole || size_ % kChunkRows != 0); --count) PushBack(value);
    if (!has_whole) return;
    const Cow<std::vector<T>> whole(std::vector<T>(kChunkRows, value));
    const size_t num_whole = count / kChunkRows;
    std::vector<Cow<std::vector<T>>>& chunks = chunks_.Mutable();
    chunks.insert(chunks.end(), num_whole, whole);
    num_repeated_ += num_whole - 1;
    size_ += num_whole * kChunkRows;
    for (count %= kChunkRows; count != 0; --count) PushBack(value);
  }
  // A chunk that is there several times in a row counts once.
  size_t MemoryBytes() const {
    return (chunks_->size() - num_repeated_) * kChunkRows * sizeof(T) + BytesOf(*chunks_);
  }

 private:
  bool IsRepeated(size_t c) const {
    return c != 0 && c < chunks_->size() && chunk(c) == chunk(c - 1);
  }

  Cow<std::vector<Cow<std::vector<T>>>> chunks_;
  size_t size_ = 0;
  size_t num_repeated_ = 0;  // chunks that are the one before them
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_COW_H_
