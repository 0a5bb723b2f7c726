// SPDX-License-Identifier: Apache-2.0
//
// Integers by row of a chunk, a list while they are few, so that a trait that hardly anyone has
// takes hardly anything. Thread rule: as its owner.
#ifndef ROSTER_STORAGE_MEMORY_TRAITS_CHUNK_INTS_H_
#define ROSTER_STORAGE_MEMORY_TRAITS_CHUNK_INTS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/memory/bitmap.h"
#include "storage/memory/chunk.h"
#include "storage/memory/packed_ints.h"

namespace roster {

// Invariants: (1) `rows_` ascends and `values_` are theirs, at most kFew; (2) both are empty once
// there is an array, which stays.
class ChunkInts {
 public:
  static constexpr size_t kFew = 512;

  // What the array is: one that is scanned, of narrow integers or of doubles as bits; or one that
  // is not, where a row that was never set reads as anything or as 0.
  enum class Form : uint8_t { kNarrow, kWide, kUnscanned, kUnscannedOrZero };

  explicit ChunkInts(Form form = Form::kNarrow) : form_(form) {}
  // Of the rows of a set, to load them. Shape: as many values as rows are set, in their order.
  static ChunkInts Of(Form form, const ChunkBits& rows, const PackedInts& values);

  // Of a row that was not set, but for kUnscannedOrZero, anything. Cost: O(log kFew).
  int64_t Get(uint32_t i) const { return array_.size() != 0 ? array_.Get(i) : InList(i); }
  // Null while they are few: then they are to be asked for one by one.
  const PackedInts* array() const { return array_.size() != 0 ? &array_ : nullptr; }

  // Cost: O(kFew); O(kChunkRows) when the array begins or gets wider.
  void Set(uint32_t i, int64_t value);
  // As if the row had not been set; overwrites what stood there.
  void Forget(uint32_t i);

  size_t MemoryBytes() const {
    return array_.MemoryBytes() + rows_.capacity() * sizeof(uint16_t) +
           values_.capacity() * sizeof(int64_t);
  }

 private:
  size_t PlaceOf(uint32_t i) const;
  bool IsAt(size_t place, uint32_t i) const { return place < rows_.size() && rows_[place] == i; }
  int64_t InList(uint32_t i) const;
  // An array with room for values between the two.
  PackedInts MakeArray(int64_t low, int64_t high) const;
  void BeginArray(int64_t value);

  Form form_;
  std::vector<uint16_t> rows_;
  std::vector<int64_t> values_;
  PackedInts array_;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_TRAITS_CHUNK_INTS_H_
