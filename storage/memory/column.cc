// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/column.h"

#include <utility>

namespace roster {
namespace {

// Notes where the stamp of a cell that has its value is. The row must not refer to a slot.
void PlaceStamp(RowId row, const Stamp& stamp, ColumnChunk* c, RowStamps* shared) {
  const uint32_t i = OffsetOf(row);
  const bool is_cell = c->present.Test(i) && c->cells.Get(i) == stamp.time.ms;
  const std::optional<uint32_t> slot = is_cell ? std::nullopt : shared->Refer(row, stamp);
  c->in_first.Assign(i, is_cell || slot == 0u);
  c->in_second.Assign(i, is_cell || slot == 1u);
  if (slot) return;
  if (!is_cell) c->times.Set(i, stamp.time.ms);
  c->origins.Set(i, BitsOfOrigin(stamp.origin));
}

}  // namespace

Stamp ColumnChunk::StampAt(uint32_t i, const ChunkStamps& shared) const {
  if (const std::optional<uint32_t> slot = SlotOf(i)) return shared.Get(*slot, i);
  const int64_t time_ms = in_first.Test(i) ? cells.Get(i) : times.Get(i);
  return {{time_ms}, OriginOfBits(origins.Get(i))};
}

std::optional<Stamp> Column::StampOf(RowId row, const RowStamps& shared) const {
  if (!IsStamped(row)) return std::nullopt;
  return chunk(ChunkOf(row)).StampAt(OffsetOf(row), shared.chunk(ChunkOf(row)));
}

void Column::Set(RowId row, std::optional<int64_t> bits, const Stamp& stamp, RowStamps* shared) {
  while (chunks_.size() <= ChunkOf(row)) AppendEmpty();
  chunk_bytes_ -= chunk(ChunkOf(row)).MemoryBytes();  // before the copy, which may take less
  ColumnChunk& c = chunks_[ChunkOf(row)].Mutable();
  const uint32_t i = OffsetOf(row);
  if (bits) {
    c.cells.Set(i, *bits);
    c.bounds.Widen(*bits);
  }
  c.present.Assign(i, bits.has_value());
  if (c.stamped.Test(i)) {
    if (const std::optional<uint32_t> slot = c.SlotOf(i)) shared->Release(*slot, row);
  }
  c.stamped.Set(i);
  PlaceStamp(row, stamp, &c, shared);
  chunk_bytes_ += c.MemoryBytes();
}

void Column::AppendChunk(ColumnChunk chunk, RowStamps* shared) {
  const auto number = static_cast<uint32_t>(chunks_.size());
  const ColumnChunk none(type_.type);
  const ChunkInts times = std::exchange(chunk.times, none.times);
  const ChunkInts origins = std::exchange(chunk.origins, none.origins);
  chunk.stamped.ForEach([&](uint32_t i) {
    const Stamp stamp{{times.Get(i)}, OriginOfBits(origins.Get(i))};
    PlaceStamp(RowAt(number, i), stamp, &chunk, shared);
  });
  chunk_bytes_ += chunk.MemoryBytes();
  chunks_.emplace_back(std::move(chunk));
}

void Column::AppendEmpty() {
  if (!chunks_.empty() && !chunks_.back()->stamped.Any()) {
    chunks_.push_back(chunks_.back());
  } else {
    chunks_.emplace_back(ColumnChunk(type_.type));
    chunks_.back().Mutable().bounds = IntBounds::None();
  }
  chunk_bytes_ += chunks_.back()->MemoryBytes();
}

void Column::Forget(RowId row, RowStamps* shared) {
  if (!IsStamped(row)) return;
  chunk_bytes_ -= chunk(ChunkOf(row)).MemoryBytes();
  ColumnChunk& c = chunks_[ChunkOf(row)].Mutable();
  const uint32_t i = OffsetOf(row);
  if (const std::optional<uint32_t> slot = c.SlotOf(i)) shared->Release(*slot, row);
  c.present.Clear(i);
  c.stamped.Clear(i);
  c.in_first.Clear(i);
  c.in_second.Clear(i);
  c.cells.Forget(i);
  c.times.Forget(i);
  c.origins.Forget(i);
  chunk_bytes_ += c.MemoryBytes();
}

size_t Column::MemoryBytes() const {
  return chunk_bytes_ + (type_.dictionary ? type_.dictionary->MemoryBytes() : 0);
}

}  // namespace roster
