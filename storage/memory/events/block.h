// SPDX-License-Identifier: Apache-2.0
//
// The events of one type for one chunk of rows: an immutable sealed part, sorted by (row, time, id)
// with a column per property, and a small tail of what came since. Durable (through snapshots and
// the log). Thread rule: one writer; what a view holds is immutable (a tail only grows past what
// it saw).
#ifndef ROSTER_STORAGE_MEMORY_EVENTS_BLOCK_H_
#define ROSTER_STORAGE_MEMORY_EVENTS_BLOCK_H_

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "roster/value.h"
#include "storage/base/ids.h"
#include "storage/memory/chunk.h"
#include "storage/memory/events/append_buffer.h"
#include "storage/memory/packed_ints.h"

namespace roster {

struct EventProperty {
  PropertyId property;
  int64_t bits = 0;
};

// The floor of a partition of which no event is too old.
inline constexpr int64_t kNoFloor = std::numeric_limits<int64_t>::min();

// A property of a sealed block. Shape: as many cells as events.
struct SealedProperty {
  PackedInts cells;               // anything where not present
  std::vector<uint64_t> present;  // a bit per event; empty: all present
  IntBounds bounds;               // of the cells; exact where the block was sealed here

  bool Has(size_t i) const { return present.empty() || ((present[i / 64] >> (i % 64)) & 1) != 0; }
};

// The part of `by_id` that lists one row's events.
struct IdRun {
  uint32_t row_offset = 0;
  uint32_t begin = 0;
};

// Invariants: (1) sorted by (row, time, id); (2) the events of row offset r are
// [run_begin[r], run_begin[r + 1]); (3) rows of more than kLongRun events, and no others, stand in
// `id_runs`, ascending, and `by_id` lists the places of their events in the order of their ids.
struct SealedEvents {
  static constexpr uint32_t kLongRun = 64;

  std::vector<uint32_t> run_begin;  // Shape: kChunkRows + 1
  std::vector<uint16_t> rows;       // row offsets in the chunk
  PackedInts times;                 // ms; may be split
  std::vector<uint64_t> ids;
  PackedInts origins;                      // IdentityId + 1; 0 is none
  std::vector<SealedProperty> properties;  // by PropertyId; may be fewer than are declared now
  IntBounds time_bounds;
  std::vector<IdRun> id_runs;
  std::vector<uint32_t> by_id;

  uint32_t size() const { return static_cast<uint32_t>(ids.size()); }
  // Null when no event of the block has the property (its cells are none).
  const SealedProperty* property(PropertyId id) const {
    if (id.value >= properties.size() || properties[id.value].cells.size() == 0) return nullptr;
    return &properties[id.value];
  }
  // Whether the row has an event with this id that is not before `floor_ms`.
  // Cost: O(log events of the row).
  bool Contains(uint32_t row_offset, uint64_t id, int64_t floor_ms) const;
  // The first event of the row that is not before `floor_ms`. Cost: O(log events of the row).
  uint32_t FirstFrom(uint32_t row_offset, int64_t floor_ms) const;
  // The places of a row's events by id; empty for a row of no more than kLongRun events.
  absl::Span<const uint32_t> ById(uint32_t row_offset) const;
  size_t MemoryBytes() const;
  size_t PropertyBytes() const;  // of these
};

// An event that is not sealed yet.
struct TailEvent {
  static constexpr uint32_t kNone = 0xffffffffu;

  int64_t time_ms = 0;
  uint64_t id = 0;
  uint32_t origin = 0;  // IdentityId + 1; 0 is none
  uint32_t first_property = 0;
  uint32_t previous = kNone;  // the place in the tail of the row's event before this one
  uint16_t row_offset = 0;    // in the chunk
  uint16_t num_properties = 0;
};

// The tail is in order of arrival.
struct EventBlock {
  EventBlock();
  std::shared_ptr<const SealedEvents> sealed;  // never null
  AppendBuffer<TailEvent> tail;
  AppendBuffer<uint16_t> tail_rows;  // the row offsets of the tail alone, for searches
  AppendBuffer<EventProperty> tail_properties;

  absl::Span<const EventProperty> PropertiesOf(const TailEvent& event) const {
    return {tail_properties.data() + event.first_property, event.num_properties};
  }
  // Thread: the writer. `first_property` and `num_properties` are filled in.
  void Append(TailEvent event, absl::Span<const EventProperty> properties);
  size_t TailBytes() const {
    return tail.MemoryBytes() + tail_rows.MemoryBytes() + tail_properties.MemoryBytes();
  }
  // The place in the tail of the row's last event, or kNone. Cost: a pass over tail_rows.
  uint32_t LastInTail(uint32_t row_offset) const;
  // Calls f(place in the tail) for the row's events, from `last` back.
  template <typename F>
  void ForEachInTail(uint32_t last, F&& f) const {
    for (uint32_t t = last; t != TailEvent::kNone; t = tail[t].previous) f(t);
  }
};

// Names one event of a block: in the sealed part, or in the tail.
struct EventRef {
  bool in_tail = false;
  uint32_t index = 0;
};

// Readers of one event. A property that is missing gives nullopt.
Timestamp TimeOf(const EventBlock& block, EventRef event);
EventId IdOf(const EventBlock& block, EventRef event);
IdentityId OriginOf(const EventBlock& block, EventRef event);
std::optional<int64_t> PropertyOf(const EventBlock& block, EventRef event, PropertyId property);

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_EVENTS_BLOCK_H_
