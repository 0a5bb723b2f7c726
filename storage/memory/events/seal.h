// SPDX-License-Identifier: Apache-2.0
//
// Sealing: a block's tail merged into its sealed part. Derived: it moves events, it changes none.
// Thread rule: pure functions of immutable blocks.
#ifndef ROSTER_STORAGE_MEMORY_EVENTS_SEAL_H_
#define ROSTER_STORAGE_MEMORY_EVENTS_SEAL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "storage/base/ids.h"
#include "storage/memory/cow.h"
#include "storage/memory/events/block.h"

namespace roster {

// The number of events at which a block's tail is worth sealing.
size_t TailLimit(const EventBlock& block);
// Whether the tail takes memory that is worth the work of sealing when nothing else is to be done.
bool IsLoose(const EventBlock& block);

// What sealing has to know beside the block. Events of dead rows and those before the floor are
// dropped.
struct SealRules {
  size_t num_properties = 0;
  int64_t floor_ms = kNoFloor;
  std::vector<uint16_t> dead_rows;  // offsets in the chunk
};

// The sealed part with the tail merged in. Cost: O(events of the block).
std::shared_ptr<const SealedEvents> Seal(const EventBlock& block, const SealRules& rules);

// An order to seal one block. It holds the block as it is now, so that it can be run while the
// writer goes on. Thread: Run from any; the rest is the writer's.
struct SealJob {
  EventTypeId event;
  uint32_t chunk = 0;
  uint32_t generation = 0;  // of the block: how often it was sealed
  Cow<EventBlock> block;
  SealRules rules;
  size_t num_dead_events = 0;

  std::shared_ptr<const SealedEvents> Run() const { return Seal(*block, rules); }
};

// Fills in what is derived from `rows`, `ids` and `times`: all that is no array of the file. For a
// block that is loaded. Requires: rows ascend and are below kChunkRows. False when a row has an id
// twice.
bool DeriveRuns(SealedEvents* sealed);

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_EVENTS_SEAL_H_
