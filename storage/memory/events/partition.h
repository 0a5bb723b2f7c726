// SPDX-License-Identifier: Apache-2.0
//
// Events of one type: a block for each chunk of rows. Sealing rewrites single blocks. Durable
// (through snapshots and the log). Thread rule: one writer; what a view holds is immutable.
#ifndef ROSTER_STORAGE_MEMORY_EVENTS_PARTITION_H_
#define ROSTER_STORAGE_MEMORY_EVENTS_PARTITION_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "roster/value.h"
#include "storage/base/ids.h"
#include "storage/memory/cells.h"
#include "storage/memory/cow.h"
#include "storage/memory/events/block.h"
#include "storage/memory/events/seal.h"
#include "storage/memory/events/tail_index.h"

namespace roster {

// One event as it is added. Properties that are absent are missing.
struct NewEvent {
  EventId id;
  Timestamp time;
  IdentityId origin = kNoOrigin;
  absl::Span<const EventProperty> properties;
};

// Who seals a block whose tail is long: Add itself, or another thread by TakeJob and Install, and
// Add only when that one does not keep up.
enum class Sealing { kInline, kBackground };

// Invariants: (1) an event is in the block of its row's chunk; (2) an id occurs once per row.
class EventPartition {
 public:
  EventPartition() : upkeep_(std::make_shared<Upkeep>()) {}

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
  void Add(RowId row, const NewEvent& event, Sealing sealing);
  // Adds the events of `from` to `to`, but for ids that `to` has. `from` keeps its own.
  // Cost: O(events of `from`).
  void CopyEvents(RowId from, RowId to, Sealing sealing);

  // The row is not live any more: its events do not count, and sealing drops them. Whether it has
  // any; then TakePurged gives it when they are gone. Cost: O(1).
  bool Kill(RowId row);

  // Blocks with long tails or much to drop are due; those with anything to drop are stale.
  bool has_due() const { return !upkeep_->due.empty(); }
  bool has_stale() const { return !upkeep_->stale.empty(); }
  // The next block to seal: one that is due, or else, if asked for, one that is stale. Cost: O(1).
  std::optional<SealJob> TakeJob(bool or_stale);
  // Puts the result of a job in place; events that came meanwhile stay in the tail. A result that
  // another seal has overtaken is dropped. Cost: O(events that came meanwhile).
  void Install(const SealJob& job, std::shared_ptr<const SealedEvents> sealed);
  // The rows that were killed and of which no event is left, since it was last called.
  std::vector<RowId> TakePurged() { return std::exchange(upkeep_->purged, {}); }

  size_t MemoryBytes() const;

 private:
  struct BlockUpkeep {
    TailIndex tail;
    uint32_t generation = 0;
    bool queued = false;         // stands in `due`
    std::vector<uint16_t> dead;  // rows that were killed and still have events here
    size_t num_dead_events = 0;
  };
  // Shared with the copies that views hold, but only the writer touches it.
  struct Upkeep {
    std::vector<BlockUpkeep> blocks;
    std::deque<uint32_t> due;  // blocks to seal, oldest first
    std::set<uint32_t> stale;
    std::vector<RowId> purged;
  };

  // In (time, id) order, with the row's last event in the tail known.
  std::vector<EventRef> Ordered(const EventBlock& block, uint32_t row_offset, uint32_t last) const;
  SealJob JobOf(uint32_t chunk) const;
  void SealIfLong(uint32_t chunk, Sealing sealing);
  void QueueDue(uint32_t chunk);

  std::vector<Cow<EventBlock>> blocks_;
  std::vector<CellType> properties_;  // by PropertyId
  uint64_t num_events_ = 0;
  std::shared_ptr<Upkeep> upkeep_;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_EVENTS_PARTITION_H_
