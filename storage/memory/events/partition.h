// SPDX-License-Identifier: Apache-2.0
//
// Events of one type: a block for each chunk of rows. Sealing rewrites single blocks. Durable
// (through snapshots and the log). Thread rule: one writer; what a view holds is immutable.
#ifndef ROSTER_STORAGE_MEMORY_EVENTS_PARTITION_H_
#define ROSTER_STORAGE_MEMORY_EVENTS_PARTITION_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
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
#include "storage/memory/events/hour_counts.h"
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

// What of an event matters to whether it moves.
struct EventSource {
  EventId id;
  Timestamp time;
  IdentityId origin = kNoOrigin;
  ProfileId home;  // 0: none
};

// Which events of a row are copied (null: all), and what becomes of their home.
struct CopyRules {
  std::function<bool(const EventSource&)> takes;
  std::optional<PropertyId> home_property;
  ProfileId home;  // that those without one get; 0: none
  // Whose home would be known without it: it is left out (null: nobody's is).
  std::function<bool(const EventSource&)> needs_no_home;
  bool keeps_home = true;
};

// Who seals a block whose tail is long: Add itself, or another thread by TakeJob and Install, and
// Add only when that one does not keep up.
enum class Sealing { kInline, kBackground };

// Events before the floor are gone for every reader here at once, and from the blocks when these
// are sealed next; where this says events, it means the others. Invariants: (1) an event is in the
// block of its row's chunk; (2) an id occurs once per row.
class EventPartition {
 public:
  EventPartition() : upkeep_(std::make_shared<Upkeep>()) {}

  size_t num_blocks() const { return blocks_.size(); }  // may be fewer than the store's chunks
  const EventBlock& block(size_t c) const { return *blocks_[c]; }
  uint64_t num_events() const { return num_events_; }  // of live rows
  const std::vector<CellType>& properties() const { return properties_; }
  int64_t floor_ms() const { return floor_ms_; }

  // The row's events in (time, id) order. Cost: O(events of the row), and a pass over the row
  // offsets of its block's tail.
  std::vector<EventRef> EventsOf(RowId row) const;

  // Thread (all below): the writer.
  // Whether the row has an event with this id. Cost: O(log events of the row).
  bool Contains(RowId row, EventId id) const;
  // Whether blocks hold anything of the row, also from before the floor. Cost: O(1).
  bool HasAny(RowId row) const;
  // The begin of the hour of the oldest event of a live row.
  std::optional<int64_t> oldest_ms() const { return upkeep_->hours.oldest_ms(); }
  void AddProperty(CellType type) { properties_.push_back(std::move(type)); }
  // Adds an event, if it is not before the floor. Requires: !Contains(row, event.id). Cost: O(1),
  // and now and then a seal.
  void Add(RowId row, const NewEvent& event, Sealing sealing);
  // Adds the events of `from` that the rules take to `to`, but for ids that `to` has. `from` keeps
  // its own. Cost: O(events of `from`).
  void CopyEvents(RowId from, RowId to, const CopyRules& rules, Sealing sealing);

  // The row is not live any more: its events do not count, and sealing drops them. Requires:
  // HasAny; TakePurged gives the row when it has not. Cost: O(events of the row).
  void Kill(RowId row);
  // Raises the floor to a whole hour. Cost: O(blocks and hours).
  void Expire(int64_t floor_ms);
  // Drops what is before the floor and takes the floor away. Cost: O(events).
  void LiftFloor();

  // Blocks with long tails or much to drop are due; those with anything to drop are stale.
  bool has_due() const { return !upkeep_->due.empty(); }
  bool has_stale() const { return !upkeep_->stale.empty(); }
  // The next block to seal: one that is due, or else, if asked for, one that is stale. Cost: O(1).
  std::optional<SealJob> TakeJob(bool or_stale);
  // To seal one block, whatever is to be done there.
  SealJob JobOf(uint32_t chunk) const;
  // Puts the result of a job in place; events that came meanwhile stay in the tail. A result that
  // another seal has overtaken is dropped. Cost: O(events that came meanwhile).
  void Install(const SealJob& job, std::shared_ptr<const SealedEvents> sealed);
  // The rows that were killed and of which no event is left, since it was last called.
  std::vector<RowId> TakePurged() { return std::exchange(upkeep_->purged, {}); }

  // Adds a block behind the others, to load a state. Requires: all its rows are live, and none of
  // its events is before the floor. Cost: O(events).
  void AppendBlock(std::shared_ptr<const SealedEvents> sealed);

  // Cost: O(properties).
  size_t MemoryBytes() const;
  size_t BytesToCopy() const {
    return sizeof(EventPartition) + BytesOf(blocks_) + BytesOf(properties_);
  }

 private:
  struct BlockUpkeep {
    TailIndex tail;
    uint32_t generation = 0;
    bool queued = false;         // stands in `due`
    std::vector<uint16_t> dead;  // rows that were killed and still have events here
    size_t num_dead_events = 0;
    int64_t min_tail_ms = std::numeric_limits<int64_t>::max();
  };
  // Shared with the copies that views hold, but only the writer touches it.
  struct Upkeep {
    std::vector<BlockUpkeep> blocks;
    std::deque<uint32_t> due;  // blocks to seal, oldest first
    std::set<uint32_t> stale;
    std::vector<RowId> purged;
    HourCounts hours;        // of the events of live rows
    size_t block_bytes = 0;  // of all blocks with what is here beside them
  };

  // In (time, id) order, with the row's last event in the tail known.
  std::vector<EventRef> Ordered(const EventBlock& block, uint32_t row_offset, uint32_t last) const;
  void SealIfLong(uint32_t chunk, Sealing sealing);
  void QueueDue(uint32_t chunk);
  // Of a block's tail and of what is kept beside it.
  size_t TailBytes(uint32_t chunk) const;
  // Whether the block has events from before the floor.
  bool HasExpired(uint32_t chunk) const;

  std::vector<Cow<EventBlock>> blocks_;
  std::vector<CellType> properties_;  // by PropertyId
  uint64_t num_events_ = 0;
  int64_t floor_ms_ = kNoFloor;
  std::shared_ptr<Upkeep> upkeep_;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_EVENTS_PARTITION_H_
