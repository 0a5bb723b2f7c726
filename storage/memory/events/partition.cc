// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/events/partition.h"

#include <algorithm>

#include "storage/memory/events/seal.h"

namespace roster {

std::vector<EventRef> EventPartition::EventsOf(RowId row) const {
  if (ChunkOf(row) >= blocks_.size()) return {};
  const EventBlock& b = block(ChunkOf(row));
  return Ordered(b, OffsetOf(row), b.LastInTail(OffsetOf(row)));
}

std::vector<EventRef> EventPartition::Ordered(const EventBlock& b, uint32_t row_offset,
                                              uint32_t last) const {
  std::vector<EventRef> events;
  for (uint32_t i = b.sealed->run_begin[row_offset]; i < b.sealed->run_begin[row_offset + 1]; ++i) {
    events.push_back({false, i});
  }
  const auto num_sealed = static_cast<std::ptrdiff_t>(events.size());
  b.ForEachInTail(last, [&](uint32_t t) { events.push_back({true, t}); });
  const auto key = [&](EventRef e) { return std::pair(TimeOf(b, e).ms, IdOf(b, e).value); };
  const auto before = [&](EventRef x, EventRef y) { return key(x) < key(y); };
  const auto tail_begin = events.begin() + num_sealed;
  std::reverse(tail_begin, events.end());
  if (!std::is_sorted(tail_begin, events.end(), before)) {
    std::sort(tail_begin, events.end(), before);
  }
  std::inplace_merge(events.begin(), tail_begin, events.end(), before);
  return events;
}

bool EventPartition::Contains(RowId row, EventId id) const {
  if (ChunkOf(row) >= blocks_.size()) return false;
  const EventBlock& b = block(ChunkOf(row));
  return b.sealed->Contains(OffsetOf(row), id.value) ||
         (*tails_)[ChunkOf(row)].Contains(b, OffsetOf(row), id.value);
}

uint64_t EventPartition::CountOf(RowId row) const {
  if (ChunkOf(row) >= blocks_.size()) return 0;
  const SealedEvents& sealed = *block(ChunkOf(row)).sealed;
  const uint32_t offset = OffsetOf(row);
  return sealed.run_begin[offset + 1] - sealed.run_begin[offset] +
         (*tails_)[ChunkOf(row)].CountOf(offset);
}

void EventPartition::Add(RowId row, const NewEvent& event) {
  const uint32_t chunk = ChunkOf(row);
  while (blocks_.size() <= chunk) blocks_.emplace_back();
  while (tails_->size() <= chunk) tails_->emplace_back();
  EventBlock& b = blocks_[chunk].Mutable();
  const auto offset = static_cast<uint16_t>(OffsetOf(row));
  b.tail.Append({.time_ms = event.time.ms,
                 .id = event.id.value,
                 .origin = event.origin.value + 1,
                 .first_property = static_cast<uint32_t>(b.tail_properties.size()),
                 .previous = (*tails_)[chunk].LastOf(offset),
                 .row_offset = offset,
                 .num_properties = static_cast<uint16_t>(event.properties.size())});
  b.tail_rows.Append(offset);
  for (const EventProperty& p : event.properties) b.tail_properties.Append(p);
  (*tails_)[chunk].AddLast(b);
  ++num_events_;
  if (b.tail.size() >= TailLimit(b)) SealBlock(chunk);
}

void EventPartition::SealBlock(size_t chunk) {
  EventBlock& b = blocks_[chunk].Mutable();
  b.sealed = Seal(b, properties_.size());
  b.tail = {};
  b.tail_rows = {};
  b.tail_properties = {};
  (*tails_)[chunk].Clear();
}

void EventPartition::MoveEvents(RowId from, RowId to) {
  if (ChunkOf(from) >= blocks_.size()) return;
  num_events_ -= CountOf(from);
  const Cow<EventBlock> source = blocks_[ChunkOf(from)];  // stays as it is while `to` grows
  const uint32_t last = (*tails_)[ChunkOf(from)].LastOf(OffsetOf(from));
  std::vector<EventProperty> properties;
  for (const EventRef event : Ordered(*source, OffsetOf(from), last)) {
    const EventId id = IdOf(*source, event);
    if (Contains(to, id)) continue;
    properties.clear();
    for (size_t p = 0; p < properties_.size(); ++p) {
      const PropertyId property{static_cast<uint16_t>(p)};
      if (const auto bits = PropertyOf(*source, event, property)) {
        properties.push_back({property, *bits});
      }
    }
    Add(to, {.id = id,
             .time = TimeOf(*source, event),
             .origin = OriginOf(*source, event),
             .properties = properties});
  }
}

void EventPartition::AppendBlock(std::shared_ptr<const SealedEvents> sealed, uint64_t num_live) {
  tails_->emplace_back();
  blocks_.emplace_back().Mutable().sealed = std::move(sealed);
  num_events_ += num_live;
}

size_t EventPartition::MemoryBytes() const {
  size_t bytes = 0;
  for (const CellType& type : properties_) {
    if (type.dictionary) bytes += type.dictionary->MemoryBytes();
  }
  for (const Cow<EventBlock>& b : blocks_) {
    bytes += sizeof(EventBlock) + b->sealed->MemoryBytes() + b->tail.MemoryBytes() +
             b->tail_rows.MemoryBytes() + b->tail_properties.MemoryBytes();
  }
  for (const TailIndex& tail : *tails_) bytes += tail.MemoryBytes();
  return bytes;
}

}  // namespace roster
