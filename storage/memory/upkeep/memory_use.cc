// SPDX-License-Identifier: Apache-2.0
//
// Store: what its structures take.
#include "storage/memory/upkeep/memory_use.h"

#include <array>

#include "storage/memory/store.h"

namespace roster {
namespace {

size_t DictionaryBytes(const CellType& type) {
  return type.dictionary ? type.dictionary->MemoryBytes() : 0;
}

MemoryUse OfColumn(const Column& column) {
  uint64_t cells = 0;
  uint64_t times = 0;
  uint64_t origins = 0;
  for (size_t c = 0; c < column.num_chunks(); ++c) {
    cells += column.chunk(c).cells.MemoryBytes();
    times += column.chunk(c).times.MemoryBytes();
    origins += column.chunk(c).origins.MemoryBytes();
  }
  return {.kind = MemoryUse::Kind::kTrait,
          .name = {},
          .parts = {{"cells", cells},
                    {"times", times},
                    {"origins", origins},
                    {"bitmaps", column.num_chunks() * sizeof(ColumnChunk)},
                    {"dictionary", DictionaryBytes(column.type())}}};
}

MemoryUse OfPartition(const EventPartition& events) {
  enum : uint8_t { kIds, kTimes, kRows, kOrigins, kProperties, kTail, kDictionary, kNumParts };
  std::array<uint64_t, kNumParts> sums{};
  for (size_t c = 0; c < events.num_blocks(); ++c) {
    const EventBlock& block = events.block(c);
    const SealedEvents& sealed = *block.sealed;
    const uint64_t properties = sealed.PropertyBytes();
    const uint64_t ids = sealed.ids.capacity() * sizeof(uint64_t);
    sums[kIds] += ids;
    sums[kTimes] += sealed.times.MemoryBytes();
    sums[kOrigins] += sealed.origins.MemoryBytes();
    sums[kProperties] += properties;
    sums[kRows] += sealed.MemoryBytes() - ids - sealed.times.MemoryBytes() -
                   sealed.origins.MemoryBytes() - properties;
  }
  for (const CellType& type : events.properties()) sums[kDictionary] += DictionaryBytes(type);
  sums[kTail] = events.MemoryBytes();
  for (size_t part = 0; part < kNumParts; ++part) {
    if (part != kTail) sums[kTail] -= sums[part];
  }
  return {.kind = MemoryUse::Kind::kEventType,
          .name = {},
          .parts = {{"ids", sums[kIds]},
                    {"times", sums[kTimes]},
                    {"rows", sums[kRows]},
                    {"origins", sums[kOrigins]},
                    {"properties", sums[kProperties]},
                    {"tail", sums[kTail]},
                    {"dictionary", sums[kDictionary]}}};
}

}  // namespace

size_t Store::MemoryBytes() const {
  size_t bytes = state_.identities.MemoryBytes() + state_.profiles.MemoryBytes() +
                 seen_later_.MemoryBytes() + devices_.MemoryBytes() +
                 state_.profile_of_row.MemoryBytes() + state_.stamps.MemoryBytes() +
                 state_.seen_order->MemoryBytes() + state_.live.num_chunks() * sizeof(ChunkBits);
  for (const Cow<Column>& column : state_.columns) bytes += column->MemoryBytes();
  for (const Cow<EventPartition>& events : state_.partitions) bytes += events->MemoryBytes();
  return bytes;
}

std::vector<MemoryUse> Store::MemoryUses() const {
  std::vector<MemoryUse> uses;
  for (size_t t = 0; t < state_.columns.size(); ++t) {
    uses.push_back(OfColumn(*state_.columns[t]));
    uses.back().name = state_.schema->traits()[t].name;
  }
  for (size_t e = 0; e < state_.partitions.size(); ++e) {
    uses.push_back(OfPartition(*state_.partitions[e]));
    uses.back().name = state_.schema->events()[e].name;
  }
  uses.push_back(
      {.kind = MemoryUse::Kind::kIdentities,
       .name = {},
       .parts = {{"names", state_.identities.NameBytes()},
                 {"places", state_.identities.MemoryBytes() - state_.identities.NameBytes()}}});
  uses.push_back(
      {.kind = MemoryUse::Kind::kRows,
       .name = {},
       .parts = {{"profiles", state_.profiles.MemoryBytes() + state_.profile_of_row.MemoryBytes()},
                 {"stamps", state_.stamps.MemoryBytes()},
                 {"live", state_.live.num_chunks() * sizeof(ChunkBits)},
                 {"seen_order", state_.seen_order->MemoryBytes()},
                 {"seen_later", seen_later_.MemoryBytes()},
                 {"devices", devices_.MemoryBytes()}}});
  return uses;
}

}  // namespace roster
