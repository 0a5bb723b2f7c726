// SPDX-License-Identifier: Apache-2.0
//
// Sets of rows: one bit a row, in chunks. Durable where the store holds one (live rows), derived
// where a plan makes one. Thread rule: as the Cow handles that hold it.
#ifndef ROSTER_STORAGE_MEMORY_BITMAP_H_
#define ROSTER_STORAGE_MEMORY_BITMAP_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "storage/memory/chunk.h"
#include "storage/memory/cow.h"

namespace roster {

// One bit for each row of a chunk.
class ChunkBits {
 public:
  static constexpr uint32_t kWords = kChunkRows / 64;

  bool Test(uint32_t i) const { return (words_[i / 64] >> (i % 64)) & 1; }
  void Set(uint32_t i) { words_[i / 64] |= uint64_t{1} << (i % 64); }
  void Clear(uint32_t i) { words_[i / 64] &= ~(uint64_t{1} << (i % 64)); }
  void Assign(uint32_t i, bool on) { on ? Set(i) : Clear(i); }
  void ClearAll() { words_.fill(0); }
  void SetAll() { words_.fill(~uint64_t{0}); }

  void And(const ChunkBits& other) {
    for (uint32_t w = 0; w < kWords; ++w) words_[w] &= other.words_[w];
  }
  void AndNot(const ChunkBits& other) {
    for (uint32_t w = 0; w < kWords; ++w) words_[w] &= ~other.words_[w];
  }
  void Or(const ChunkBits& other) {
    for (uint32_t w = 0; w < kWords; ++w) words_[w] |= other.words_[w];
  }
  uint32_t Count() const {
    uint32_t count = 0;
    for (const uint64_t word : words_) count += static_cast<uint32_t>(std::popcount(word));
    return count;
  }
  bool Any() const {
    return std::any_of(words_.begin(), words_.end(), [](uint64_t word) { return word != 0; });
  }
  // Calls f(offset) for each bit that is set, ascending.
  template <typename F>
  void ForEach(F&& f) const {
    for (uint32_t w = 0; w < kWords; ++w) {
      for (uint64_t word = words_[w]; word != 0; word &= word - 1) {
        f(w * 64 + static_cast<uint32_t>(std::countr_zero(word)));
      }
    }
  }
  uint64_t* words() { return words_.data(); }
  const uint64_t* words() const { return words_.data(); }
  bool operator==(const ChunkBits&) const = default;

 private:
  alignas(64) std::array<uint64_t, kWords> words_{};
};

// A set of rows over all chunks, shared copy on write. Rows past the last chunk are not in it.
class Bitmap {
 public:
  size_t num_chunks() const { return chunks_->size(); }
  const ChunkBits& chunk(size_t c) const { return *(*chunks_)[c]; }
  bool Test(RowId row) const {
    return ChunkOf(row) < num_chunks() && chunk(ChunkOf(row)).Test(OffsetOf(row));
  }
  void Set(RowId row) {
    std::vector<Cow<ChunkBits>>& chunks = chunks_.Mutable();
    while (chunks.size() <= ChunkOf(row)) AppendEmpty();
    chunks[ChunkOf(row)].Mutable().Set(OffsetOf(row));
  }
  void Clear(RowId row) {
    if (Test(row)) chunks_.Mutable()[ChunkOf(row)].Mutable().Clear(OffsetOf(row));
  }
  // Adds a chunk without any row behind the others; several in a row are the same one, until they
  // are written to.
  void AppendEmpty() {
    std::vector<Cow<ChunkBits>>& chunks = chunks_.Mutable();
    const bool repeats = !chunks.empty() && !chunks.back()->Any();
    chunks.push_back(repeats ? chunks.back() : Cow<ChunkBits>());
  }
  uint64_t Count() const {
    uint64_t count = 0;
    for (const Cow<ChunkBits>& bits : *chunks_) count += bits->Count();
    return count;
  }

 private:
  Cow<std::vector<Cow<ChunkBits>>> chunks_;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_BITMAP_H_
