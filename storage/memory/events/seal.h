// SPDX-License-Identifier: Apache-2.0
//
// Sealing: a block's tail merged into its sealed part. Thread rule: pure functions.
#ifndef ROSTER_STORAGE_MEMORY_EVENTS_SEAL_H_
#define ROSTER_STORAGE_MEMORY_EVENTS_SEAL_H_

#include <cstddef>
#include <memory>

#include "storage/memory/events/block.h"

namespace roster {

// The number of events at which a block's tail is worth sealing.
size_t TailLimit(const EventBlock& block);

// The sealed part with the tail merged in. Cost: O(events of the block).
std::shared_ptr<const SealedEvents> Seal(const EventBlock& block, size_t num_properties);

// Fills in what is derived from `rows` and `ids`: run_begin, id_runs, by_id. For a block that is
// loaded. Requires: rows ascend and are below kChunkRows. False when a row has an id twice.
bool DeriveRuns(SealedEvents* sealed);

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_EVENTS_SEAL_H_
