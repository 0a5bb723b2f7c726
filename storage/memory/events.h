// SPDX-License-Identifier: Apache-2.0
//
// Events, by type: for each chunk of rows an immutable sealed block, sorted by (row, time, id) with
// a column per property, and a small tail of what came since. Sealing merges a tail into a new
// block; it rewrites single blocks. Durable (through snapshots and the log).
// Thread rule: one writer; what a view holds is immutable (a tail only grows past what it saw).
#ifndef ROSTER_STORAGE_MEMORY_EVENTS_H_
#define ROSTER_STORAGE_MEMORY_EVENTS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/types/span.h"
#include "roster/value.h"
#include "storage/base/ids.h"
#include "storage/memory/append_buffer.h"
#include "storage/memory/cells.h"
#include "storage/memory/chunk.h"
#include "storage/memory/cow.h"
#include "storage/memory/packed_ints.h"

namespace roster {

struct EventProperty {
  PropertyId property;
  int64_t bits = 0;
};

// One event as it is added. Properties that are absent are missing.
struct NewEvent {
  EventId id;
  Timestamp time;
  IdentityId origin = kNoOrigin;
  absl::Span<const EventProperty> properties;
};

// A property of a sealed block. Shape: as many cells as events.
struct SealedProperty {
  PackedInts cells;               // anything where not present
  std::vector<uint64_t> present;  // a bit per event; empty: all present

  bool Has(size_t i) const { return present.empty() || ((present[i / 64] >> (i % 64)) & 1) != 0; }
};

// Invariants: (1) sorted by (row, time, id); (2) the events of row offset r are
// [run_begin[r], run_begin[r + 1]); (3) no (row, id) twice.
struct SealedEvents {
  std::vector<uint32_t> run_begin;  // Shape: kChunkRows + 1
  std::vector<uint16_t> rows;       // row offsets in the chunk
  PackedInts times;                 // ms
  std::vector<uint64_t> ids;
  PackedInts origins;                      // IdentityId + 1; 0 is none
  std::vector<SealedProperty> properties;  // by PropertyId; may be fewer than are declared now

  uint32_t size() const { return static_cast<uint32_t>(rows.size()); }
  // Null when no event of the block has the property.
  const SealedProperty* property(PropertyId id) const {
    return id.value < properties.size() ? &properties[id.value] : nullptr;
  }
  size_t MemoryBytes() const;
};

struct TailEvent {
  int64_t time_ms = 0;
  uint64_t id = 0;
  uint32_t row_offset = 0;  // in the chunk
  uint32_t origin = 0;      // IdentityId + 1; 0 is none
  uint32_t first_property = 0;
  uint32_t num_properties = 0;
};

// The events of one type for one chunk of rows. The tail is in order of arrival.
struct EventBlock {
  EventBlock();
  std::shared_ptr<const SealedEvents> sealed;  // never null
  AppendBuffer<TailEvent> tail;
  AppendBuffer<EventProperty> tail_properties;
  // (row offset, id) of the tail's events, for repeats. Only the writer touches it.
  std::shared_ptr<absl::flat_hash_set<std::pair<uint32_t, uint64_t>>> tail_ids;

  absl::Span<const EventProperty> PropertiesOf(const TailEvent& event) const {
    return {tail_properties.data() + event.first_property, event.num_properties};
  }
};

// Names one event of a block: in the sealed part, or in the tail.
struct EventRef {
  bool in_tail = false;
  uint32_t index = 0;
};

// Invariants: (1) an event is in the block of its row's chunk; (2) an id occurs once per row.
class EventPartition {
 public:
  size_t num_blocks() const { return blocks_.size(); }  // may be fewer than the store's chunks
  const EventBlock& block(size_t c) const { return *blocks_[c]; }
  uint64_t num_events() const { return num_events_; }
  const std::vector<CellType>& properties() const { return properties_; }

  // Whether the row has an event with this id. Thread: the writer. Cost: O(events of the row).
  bool Contains(RowId row, EventId id) const;
  // The row's events in (time, id) order. Cost: O(events of the row + tail of its block).
  std::vector<EventRef> EventsOf(RowId row) const;
  uint64_t CountOf(RowId row) const;

  // Thread (all below): the writer.
  void AddProperty(CellType type) { properties_.push_back(std::move(type)); }
  // Adds an event. Requires: !Contains(row, event.id).
  void Add(RowId row, const NewEvent& event);
  // Adds the events of `from` to `to`, but for ids that `to` has. `from` keeps its own.
  void CopyEvents(RowId from, RowId to);

  size_t MemoryBytes() const;

 private:
  std::vector<Cow<EventBlock>> blocks_;
  std::vector<CellType> properties_;  // by PropertyId
  uint64_t num_events_ = 0;
};

// Readers of one event. A property that is missing gives nullopt.
Timestamp TimeOf(const EventBlock& block, EventRef event);
EventId IdOf(const EventBlock& block, EventRef event);
IdentityId OriginOf(const EventBlock& block, EventRef event);
std::optional<int64_t> PropertyOf(const EventBlock& block, EventRef event, PropertyId property);

// The tail's events sorted by (row offset, time, id), as indexes into the tail.
std::vector<uint32_t> SortedTail(const EventBlock& block);

// The block with its tail merged in. Cost: O(events of the block).
std::shared_ptr<const SealedEvents> Seal(const EventBlock& block, size_t num_properties);

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_EVENTS_H_
