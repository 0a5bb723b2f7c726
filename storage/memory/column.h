// SPDX-License-Identifier: Apache-2.0
//
// The column of one trait: a typed, nullable cell for every row with a stamp: the time at which it
// was so and the identity by which it came. Durable (through snapshots and the log).
// Thread rule: one writer; a copy that a view holds is immutable.
#ifndef ROSTER_STORAGE_MEMORY_COLUMN_H_
#define ROSTER_STORAGE_MEMORY_COLUMN_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "roster/value.h"
#include "storage/base/ids.h"
#include "storage/memory/bitmap.h"
#include "storage/memory/cells.h"
#include "storage/memory/chunk.h"
#include "storage/memory/cow.h"
#include "storage/memory/packed_ints.h"
#include "storage/memory/traits/chunk_ints.h"
#include "storage/memory/traits/row_stamps.h"

namespace roster {

// The cells of kChunkRows rows. Cells of rows that are not `present` hold anything.
struct ColumnChunk {
  explicit ColumnChunk(ValueType type = ValueType::kNone) : cells(FormOf(type)) {}
  static ChunkInts::Form FormOf(ValueType type) {
    return type == ValueType::kNumber ? ChunkInts::Form::kWide : ChunkInts::Form::kNarrow;
  }

  ChunkInts cells;
  IntBounds bounds;  // hold every cell that was set since the chunk was made here
  ChunkBits present;
  // When and by whom the cell was last set or cleared; a row that is `stamped` but not `present`
  // was cleared, and the time keeps an older write that arrives later from bringing it back.
  ChunkBits stamped;
  // Where the stamp is, of rows that are stamped: in the first or second slot of the row's shared
  // stamps; both: the time is the cell and the origin here; neither: both are here.
  ChunkBits in_first;
  ChunkBits in_second;
  ChunkInts times{ChunkInts::Form::kUnscanned};
  ChunkInts origins{ChunkInts::Form::kUnscannedOrZero};  // as BitsOfOrigin

  // The slot of the row's shared stamps that has the stamp, if one has.
  std::optional<uint32_t> SlotOf(uint32_t i) const {
    if (in_first.Test(i) == in_second.Test(i)) return std::nullopt;
    return in_first.Test(i) ? 0 : 1;
  }
  // Requires: stamped; `shared` is of the same rows.
  Stamp StampAt(uint32_t i, const ChunkStamps& shared) const;
  size_t MemoryBytes() const {
    return sizeof(ColumnChunk) + cells.MemoryBytes() + times.MemoryBytes() + origins.MemoryBytes();
  }
  size_t BytesToCopy() const { return MemoryBytes(); }
};

// Invariants: (1) present implies stamped; (2) chunks past num_chunks() have no value.
class Column {
 public:
  Column() = default;
  explicit Column(CellType type) : type_(std::move(type)) {}

  const CellType& type() const { return type_; }
  // Chunks may be fewer than the store's: the rest is missing.
  size_t num_chunks() const { return chunks_.size(); }
  const ColumnChunk& chunk(size_t c) const { return *chunks_[c]; }

  bool Has(RowId row) const {
    return ChunkOf(row) < chunks_.size() && chunk(ChunkOf(row)).present.Test(OffsetOf(row));
  }
  // Requires: Has(row).
  int64_t Bits(RowId row) const { return chunk(ChunkOf(row)).cells.Get(OffsetOf(row)); }
  // Missing when the row has none.
  Value Get(RowId row) const { return Has(row) ? DecodeCell(type_, Bits(row)) : Value(); }
  // Whether it was ever set or cleared.
  bool IsStamped(RowId row) const {
    return ChunkOf(row) < chunks_.size() && chunk(ChunkOf(row)).stamped.Test(OffsetOf(row));
  }
  // Of the last set or clear; none when there was neither. `shared`, here and below: the state's.
  std::optional<Stamp> StampOf(RowId row, const RowStamps& shared) const;

  // Sets a cell, or clears it with nullopt. Thread: the writer.
  void Set(RowId row, std::optional<int64_t> bits, const Stamp& stamp, RowStamps* shared);
  // Forgets the row as if it had never been, and overwrites what it had. A text that no cell has
  // any more stays in the dictionary until a snapshot is loaded, which holds what is used. Thread:
  // the writer.
  void Forget(RowId row, RowStamps* shared);

  // Adds a chunk behind the others, to load a state. Requires: the chunk is of this column's type,
  // and all its stamps are in itself. Cost: O(rows).
  void AppendChunk(ColumnChunk chunk, RowStamps* shared);
  // Adds one without any cell; several in a row are the same one, until they are written to.
  void AppendEmpty();

  // Cost: O(1).
  size_t MemoryBytes() const;
  size_t BytesToCopy() const { return sizeof(Column) + BytesOf(chunks_); }

 private:
  CellType type_;
  std::vector<Cow<ColumnChunk>> chunks_;
  size_t chunk_bytes_ = 0;  // of all chunks
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_COLUMN_H_
