// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/traits/row_stamps.h"

namespace roster {

std::optional<uint32_t> ChunkStamps::SlotFor(uint32_t i, const Stamp& stamp) const {
  std::optional<uint32_t> free;
  for (uint32_t s = 0; s < kSlots; ++s) {
    const uint8_t count = slots_[s].counts.empty() ? 0 : slots_[s].counts[i];
    if (count == 0) {
      if (!free) free = s;
    } else if (count != kMaxCount && Get(s, i) == stamp) {
      return s;
    }
  }
  return free;
}

void ChunkStamps::Refer(uint32_t slot, uint32_t i, const Stamp& stamp) {
  Slot& to = slots_[slot];
  if (to.counts.empty()) to.counts.resize(kChunkRows);
  if (to.counts[i]++ != 0) return;
  to.times.Set(i, stamp.time.ms);
  to.origins.Set(i, BitsOfOrigin(stamp.origin));
}

void ChunkStamps::Release(uint32_t slot, uint32_t i) {
  if (--slots_[slot].counts[i] != 0) return;
  slots_[slot].times.Forget(i);
  slots_[slot].origins.Forget(i);
}

size_t ChunkStamps::MemoryBytes() const {
  size_t bytes = 0;
  for (const Slot& slot : slots_) {
    bytes += slot.times.MemoryBytes() + slot.origins.MemoryBytes() + slot.counts.capacity();
  }
  return bytes;
}

const ChunkStamps& RowStamps::chunk(size_t c) const {
  static const auto* const empty = new ChunkStamps();
  return c < chunks_->size() ? *(*chunks_)[c] : *empty;
}

std::optional<uint32_t> RowStamps::Refer(RowId row, const Stamp& stamp) {
  // Looked for before anything is copied for it.
  const std::optional<uint32_t> slot = chunk(ChunkOf(row)).SlotFor(OffsetOf(row), stamp);
  if (!slot) return slot;
  bytes_ -= chunk(ChunkOf(row)).MemoryBytes();  // before the copy, which may take less
  ChunkStamps& stamps = MutableChunk(ChunkOf(row));
  stamps.Refer(*slot, OffsetOf(row), stamp);
  bytes_ += stamps.MemoryBytes();
  return slot;
}

void RowStamps::Release(uint32_t slot, RowId row) {
  bytes_ -= chunk(ChunkOf(row)).MemoryBytes();
  ChunkStamps& stamps = MutableChunk(ChunkOf(row));
  stamps.Release(slot, OffsetOf(row));
  bytes_ += stamps.MemoryBytes();
}

ChunkStamps& RowStamps::MutableChunk(size_t c) {
  std::vector<Cow<ChunkStamps>>& chunks = chunks_.Mutable();
  if (chunks.size() <= c) chunks.resize(c + 1);
  return chunks[c].Mutable();
}

}  // namespace roster
