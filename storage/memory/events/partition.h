// SPDX-License-Identifier: Apache-2.0
//
// Events of one type: a block for each chunk of rows. Sealing rewrites single blocks. Durable
// (through snapshots and the log). Thread rule: one writer; what a view holds is immutable.
#ifndef ROSTER_STORAGE_MEMORY_EVENTS_PARTITION_H_
#define ROSTER_STORAGE_MEMORY_EVENTS_PARTITION_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "roster/value.h"
#include "storage/base/ids.h"
#include "storage/memory/cells.h"
#include "storage/memory/cow.h"
#include "storage/memory/events/block.h"
#include "storage/memory/events/tail_index.h"

namespace roster {

// One event as it is added. Properties that are absent are missing.
struct NewEvent {
  EventId id;
  Timestamp time;
  IdentityId origin = kNoOrigin;
  absl::Span<const EventProperty> properties;
};

// Invariants: (1) an event is in the block of its row's chunk; (2) an id occurs once per row.
class EventPartition {
 public:
  EventPartition() : tails_(std::make_shared<std::vector<TailIndex>>()) {}

  size_t num_blocks() const { return blocks_.size(); }  // may be fewer than the store's chunks
  const EventBlock& block(size_t c) const { return *blocks_[c]; }
  uint64_t num_events() const { return num_events_; }  // of live rows
  const std::vector<CellType>& properties() const { return properties_; }

  // The row's events in (time, id) order. Cost: O(events of the row), and a pass over the row
  // offsets of its block's tail.
  std::vector<EventRef> EventsOf(RowId row) const;

  // Thread (all below): the writer.
  // Whether the row has an event with this id. Cost: O(log events of the row).
  bool Contains(RowId row, EventId id) const;
  uint64_t CountOf(RowId row) const;  // Cost: O(1)
  void AddProperty(CellType type) { properties_.push_back(std::move(type)); }
  // Adds an event. Requires: !Contains(row, event.id). Cost: O(1), and now and then a seal.
  void Add(RowId row, const NewEvent& event);
  // Adds the events of `from` to `to`, but for ids that `to` has. `from` is not live any more: its
  // own are not counted. Cost: O(events of `from`).
  void MoveEvents(RowId from, RowId to);

  // Adds a block behind the others, to load a state. `num_live`: its events of live rows.
  void AppendBlock(std::shared_ptr<const SealedEvents> sealed, uint64_t num_live);

  size_t MemoryBytes() const;

 private:
  // In (time, id) order, with the row's last event in the tail known.
  std::vector<EventRef> Ordered(const EventBlock& block, uint32_t row_offset, uint32_t last) const;
  void SealBlock(size_t chunk);

  std::vector<Cow<EventBlock>> blocks_;
  std::vector<CellType> properties_;  // by PropertyId
  uint64_t num_events_ = 0;
  // By block. Shared with the copies that views hold, but only the writer touches it.
  std::shared_ptr<std::vector<TailIndex>> tails_;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_EVENTS_PARTITION_H_
