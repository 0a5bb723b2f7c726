// SPDX-License-Identifier: Apache-2.0
//
// What the writer keeps beside a tail to find a row's events in it: the head of each row's chain
// and, for rows with many, their ids. Derived. Thread rule: the writer alone.
#ifndef ROSTER_STORAGE_MEMORY_EVENTS_TAIL_INDEX_H_
#define ROSTER_STORAGE_MEMORY_EVENTS_TAIL_INDEX_H_

#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "storage/memory/events/block.h"

namespace roster {

// Invariants: (1) it knows every event of the tail; (2) `ids_` has those of the rows with more than
// kLongChain events, and no others.
class TailIndex {
 public:
  // The place in the tail of the row's last event, or TailEvent::kNone. Cost: O(1).
  uint32_t LastOf(uint32_t row_offset) const { return ChainOf(row_offset).last; }
  uint32_t CountOf(uint32_t row_offset) const { return ChainOf(row_offset).count; }
  // Cost: O(1).
  bool Contains(const EventBlock& block, uint32_t row_offset, uint64_t id) const;

  // Takes up the tail's last event, which was just appended with `previous` = LastOf its row.
  void AddLast(const EventBlock& block);
  void Clear();

  size_t MemoryBytes() const;

 private:
  static constexpr uint32_t kLongChain = 32;
  struct Chain {
    uint32_t last = TailEvent::kNone;
    uint32_t count = 0;
  };
  using RowAndId = std::pair<uint16_t, uint64_t>;

  Chain ChainOf(uint32_t row_offset) const {
    const auto it = chains_.find(static_cast<uint16_t>(row_offset));
    return it == chains_.end() ? Chain{} : it->second;
  }

  absl::flat_hash_map<uint16_t, Chain> chains_;
  absl::flat_hash_set<RowAndId> ids_;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_EVENTS_TAIL_INDEX_H_
