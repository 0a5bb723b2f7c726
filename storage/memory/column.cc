// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/column.h"

#include <utility>

namespace roster {

std::optional<Timestamp> Column::TimeOf(RowId row) const {
  if (ChunkOf(row) >= chunks_.size()) return std::nullopt;
  const ColumnChunk& c = chunk(ChunkOf(row));
  if (!c.stamped.Test(OffsetOf(row))) return std::nullopt;
  return Timestamp{c.times.Get(OffsetOf(row))};
}

IdentityId Column::OriginOf(RowId row) const {
  if (!TimeOf(row)) return kNoOrigin;
  return IdentityId{static_cast<uint32_t>(chunk(ChunkOf(row)).origins.Get(OffsetOf(row)) - 1)};
}

void Column::Set(RowId row, std::optional<int64_t> bits, Timestamp time, IdentityId origin) {
  while (chunks_.size() <= ChunkOf(row)) {
    chunks_.emplace_back(ColumnChunk(type_.type));
    chunks_.back().Mutable().bounds = IntBounds::None();
    chunk_bytes_ += chunks_.back()->MemoryBytes();
  }
  ColumnChunk& c = chunks_[ChunkOf(row)].Mutable();
  chunk_bytes_ -= c.MemoryBytes();
  const uint32_t i = OffsetOf(row);
  if (bits) {
    c.cells.Set(i, *bits);
    c.bounds.Widen(*bits);
  }
  c.present.Assign(i, bits.has_value());
  c.stamped.Set(i);
  c.times.Set(i, time.ms);
  c.origins.Set(i, static_cast<uint32_t>(origin.value + 1));
  chunk_bytes_ += c.MemoryBytes();
}

void Column::AppendChunk(ColumnChunk chunk) {
  chunk_bytes_ += chunk.MemoryBytes();
  chunks_.emplace_back(std::move(chunk));
}

void Column::Forget(RowId row) {
  if (!TimeOf(row)) return;
  ColumnChunk& c = chunks_[ChunkOf(row)].Mutable();
  c.present.Clear(OffsetOf(row));
  c.stamped.Clear(OffsetOf(row));
  c.cells.Forget(OffsetOf(row));
  c.times.Forget(OffsetOf(row));
  c.origins.Forget(OffsetOf(row));
}

size_t Column::MemoryBytes() const {
  return chunk_bytes_ + (type_.dictionary ? type_.dictionary->MemoryBytes() : 0);
}

}  // namespace roster
