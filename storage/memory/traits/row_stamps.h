// SPDX-License-Identifier: Apache-2.0
//
// When and by whom the traits of a row were set, held once for those that came together: one
// command sets many traits, and a stamp beside each cell would take more than the cells.
// Durable, as a part of the cells: files hold a stamp for each. Thread rule: as Column.
#ifndef ROSTER_STORAGE_MEMORY_TRAITS_ROW_STAMPS_H_
#define ROSTER_STORAGE_MEMORY_TRAITS_ROW_STAMPS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "roster/value.h"
#include "storage/base/ids.h"
#include "storage/memory/chunk.h"
#include "storage/memory/cow.h"
#include "storage/memory/traits/chunk_ints.h"

namespace roster {

struct Stamp {
  Timestamp time;
  IdentityId origin = kNoOrigin;
  bool operator==(const Stamp&) const = default;
};

// How an origin stands among integers: IdentityId + 1; 0 is none.
inline int64_t BitsOfOrigin(IdentityId origin) { return static_cast<uint32_t>(origin.value + 1); }
inline IdentityId OriginOfBits(int64_t bits) { return {static_cast<uint32_t>(bits - 1)}; }

// The shared stamps of the rows of one chunk: kSlots a row, each with the number of cells that
// refer to it. Two, so that a command that sets all traits anew finds one that falls free.
// Invariants: (1) a slot changes only while no cell refers to it; (2) one that no cell refers to
// holds nothing.
class ChunkStamps {
 public:
  static constexpr uint32_t kSlots = 2;

  // Requires: a cell of row offset `i` refers to the slot.
  Stamp Get(uint32_t slot, uint32_t i) const {
    return {{slots_[slot].times.Get(i)}, OriginOfBits(slots_[slot].origins.Get(i))};
  }
  // A slot that has the stamp or is free. Nothing when there is none: the cell keeps the stamp
  // itself.
  std::optional<uint32_t> SlotFor(uint32_t i, const Stamp& stamp) const;
  // Refers a cell to a slot. Requires: SlotFor gave it.
  void Refer(uint32_t slot, uint32_t i, const Stamp& stamp);
  // Takes back what Refer did for a cell.
  void Release(uint32_t slot, uint32_t i);

  size_t MemoryBytes() const;
  size_t BytesToCopy() const { return sizeof(ChunkStamps) + MemoryBytes(); }

 private:
  struct Slot {
    ChunkInts times{ChunkInts::Form::kUnscanned};
    ChunkInts origins{ChunkInts::Form::kUnscannedOrZero};
    std::vector<uint8_t> counts;  // of cells, by row offset; empty: none refers to any
  };
  static constexpr uint8_t kMaxCount = 255;

  std::array<Slot, kSlots> slots_;
};

// The shared stamps of all rows, copy on write by chunk.
class RowStamps {
 public:
  // Of a chunk that no cell refers to it gives an empty one.
  const ChunkStamps& chunk(size_t c) const;

  // Thread (all below): the writer.
  // Refers a cell to a slot that has the stamp or is free. Nothing when there is none.
  std::optional<uint32_t> Refer(RowId row, const Stamp& stamp);
  // As that of ChunkStamps.
  void Release(uint32_t slot, RowId row);
  // Cost: O(1).
  size_t MemoryBytes() const { return bytes_; }

 private:
  ChunkStamps& MutableChunk(size_t c);

  Cow<std::vector<Cow<ChunkStamps>>> chunks_;
  size_t bytes_ = 0;  // of all chunks
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_TRAITS_ROW_STAMPS_H_
