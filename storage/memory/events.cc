// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/events.h"

#include <algorithm>

namespace roster {
namespace {

// A tail is sealed when it holds this part of its block, within the bounds: small tails keep reads
// quick, large blocks are not rewritten for a few events.
constexpr size_t kSealFraction = 4;
constexpr size_t kMinTail = 256;
constexpr size_t kMaxTail = 8192;

bool TailIsFull(const EventBlock& block) {
  return block.tail.size() >= std::clamp(block.sealed->size() / kSealFraction, kMinTail, kMaxTail);
}

std::shared_ptr<const SealedEvents> EmptySealed() {
  static const auto* const empty = [] {
    auto events = std::make_shared<SealedEvents>();
    events->run_begin.resize(kChunkRows + 1);
    return new std::shared_ptr<const SealedEvents>(std::move(events));
  }();
  return *empty;
}

// (row, time, id) of an event in either part: what a block is sorted by.
struct SortKey {
  uint32_t row;
  int64_t time;
  uint64_t id;
  auto operator<=>(const SortKey&) const = default;
};

SortKey KeyOf(const SealedEvents& sealed, size_t i) {
  return {sealed.rows[i], sealed.times.Get(i), sealed.ids[i]};
}

SortKey KeyOf(const TailEvent& event) { return {event.row_offset, event.time_ms, event.id}; }

// All events of a block in order.
std::vector<EventRef> MergeOrder(const EventBlock& block) {
  const std::vector<uint32_t> tail = SortedTail(block);
  std::vector<EventRef> order;
  order.reserve(block.sealed->size() + tail.size());
  uint32_t s = 0;
  for (const uint32_t t : tail) {
    const SortKey key = KeyOf(block.tail[t]);
    while (s < block.sealed->size() && KeyOf(*block.sealed, s) < key) order.push_back({false, s++});
    order.push_back({true, t});
  }
  while (s < block.sealed->size()) order.push_back({false, s++});
  return order;
}

// One value of every event, gathered in order.
template <typename F>
std::vector<int64_t> Gather(const std::vector<EventRef>& order, F&& value) {
  std::vector<int64_t> values;
  values.reserve(order.size());
  for (const EventRef event : order) values.push_back(value(event));
  return values;
}

// The tail's cells of every property, by tail position: where[property] lists (position, bits).
using TailCells = std::vector<std::vector<std::pair<uint32_t, int64_t>>>;

TailCells CellsOfTail(const EventBlock& block, size_t num_properties) {
  TailCells cells(num_properties);
  for (uint32_t t = 0; t < block.tail.size(); ++t) {
    for (const EventProperty& p : block.PropertiesOf(block.tail[t])) {
      cells[p.property.value].emplace_back(t, p.bits);
    }
  }
  return cells;
}

SealedProperty SealProperty(const EventBlock& block, const std::vector<EventRef>& order,
                            PropertyId id, const std::vector<std::pair<uint32_t, int64_t>>& tail) {
  std::vector<std::optional<int64_t>> of_tail(block.tail.size());
  for (const auto& [position, bits] : tail) of_tail[position] = bits;
  const SealedProperty* old = block.sealed->property(id);

  SealedProperty property;
  property.present.assign((order.size() + 63) / 64, 0);
  std::vector<int64_t> values(order.size());
  std::optional<int64_t> filler;  // in the places without a value, so that they cost no width
  size_t num_present = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    std::optional<int64_t> bits;
    if (order[i].in_tail) {
      bits = of_tail[order[i].index];
    } else if (old != nullptr && old->Has(order[i].index)) {
      bits = old->cells.Get(order[i].index);
    }
    if (!bits) continue;
    values[i] = *bits;
    property.present[i / 64] |= uint64_t{1} << (i % 64);
    ++num_present;
    filler = filler.value_or(*bits);
  }
  if (num_present == order.size()) {
    property.present.clear();
  } else if (filler) {
    for (size_t i = 0; i < values.size(); ++i) {
      if (!property.Has(i)) values[i] = *filler;
    }
  }
  property.cells = PackedInts::Of(values);
  return property;
}

}  // namespace

EventBlock::EventBlock()
    : sealed(EmptySealed()),
      tail_ids(std::make_shared<absl::flat_hash_set<std::pair<uint32_t, uint64_t>>>()) {}

size_t SealedEvents::MemoryBytes() const {
  size_t bytes = run_begin.capacity() * sizeof(uint32_t) + rows.capacity() * sizeof(uint16_t) +
                 times.MemoryBytes() + ids.capacity() * sizeof(uint64_t) + origins.MemoryBytes();
  for (const SealedProperty& p : properties) {
    bytes += p.cells.MemoryBytes() + p.present.capacity() * sizeof(uint64_t);
  }
  return bytes;
}

bool EventPartition::Contains(RowId row, EventId id) const {
  if (ChunkOf(row) >= blocks_.size()) return false;
  const EventBlock& b = block(ChunkOf(row));
  const uint32_t offset = OffsetOf(row);
  const uint64_t* const ids = b.sealed->ids.data();
  const uint64_t* const end = ids + b.sealed->run_begin[offset + 1];
  if (std::find(ids + b.sealed->run_begin[offset], end, id.value) != end) return true;
  return b.tail_ids->contains({offset, id.value});
}

std::vector<EventRef> EventPartition::EventsOf(RowId row) const {
  std::vector<EventRef> events;
  if (ChunkOf(row) >= blocks_.size()) return events;
  const EventBlock& b = block(ChunkOf(row));
  const uint32_t offset = OffsetOf(row);
  for (uint32_t i = b.sealed->run_begin[offset]; i < b.sealed->run_begin[offset + 1]; ++i) {
    events.push_back({false, i});
  }
  const size_t num_sealed = events.size();
  for (uint32_t t = 0; t < b.tail.size(); ++t) {
    if (b.tail[t].row_offset == offset) events.push_back({true, t});
  }
  const auto key = [&](EventRef e) { return std::pair(TimeOf(b, e).ms, IdOf(b, e).value); };
  const auto before = [&](EventRef x, EventRef y) { return key(x) < key(y); };
  const auto tail_begin = events.begin() + static_cast<std::ptrdiff_t>(num_sealed);
  std::sort(tail_begin, events.end(), before);
  std::inplace_merge(events.begin(), tail_begin, events.end(), before);
  return events;
}

uint64_t EventPartition::CountOf(RowId row) const {
  if (ChunkOf(row) >= blocks_.size()) return 0;
  const EventBlock& b = block(ChunkOf(row));
  const uint32_t offset = OffsetOf(row);
  uint64_t count = b.sealed->run_begin[offset + 1] - b.sealed->run_begin[offset];
  for (const TailEvent& event : b.tail) count += event.row_offset == offset;
  return count;
}

void EventPartition::Add(RowId row, const NewEvent& event) {
  while (blocks_.size() <= ChunkOf(row)) blocks_.emplace_back();
  EventBlock& b = blocks_[ChunkOf(row)].Mutable();
  const uint32_t offset = OffsetOf(row);
  b.tail.Append({.time_ms = event.time.ms,
                 .id = event.id.value,
                 .row_offset = offset,
                 .origin = event.origin.value + 1,
                 .first_property = static_cast<uint32_t>(b.tail_properties.size()),
                 .num_properties = static_cast<uint32_t>(event.properties.size())});
  for (const EventProperty& p : event.properties) b.tail_properties.Append(p);
  b.tail_ids->emplace(offset, event.id.value);
  ++num_events_;
  if (!TailIsFull(b)) return;
  b.sealed = Seal(b, properties_.size());
  b.tail = {};
  b.tail_properties = {};
  b.tail_ids->clear();
}

void EventPartition::CopyEvents(RowId from, RowId to) {
  if (ChunkOf(from) >= blocks_.size()) return;
  const Cow<EventBlock> source = blocks_[ChunkOf(from)];  // stays as it is while `to` grows
  std::vector<EventProperty> properties;
  for (const EventRef event : EventsOf(from)) {
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

size_t EventPartition::MemoryBytes() const {
  size_t bytes = 0;
  for (const CellType& type : properties_) {
    if (type.dictionary) bytes += type.dictionary->MemoryBytes();
  }
  for (const Cow<EventBlock>& b : blocks_) {
    bytes += sizeof(EventBlock) + b->sealed->MemoryBytes() + b->tail.MemoryBytes() +
             b->tail_properties.MemoryBytes() +
             b->tail_ids->capacity() * (sizeof(std::pair<uint32_t, uint64_t>) + 1);
  }
  return bytes;
}

Timestamp TimeOf(const EventBlock& block, EventRef event) {
  return {event.in_tail ? block.tail[event.index].time_ms : block.sealed->times.Get(event.index)};
}

EventId IdOf(const EventBlock& block, EventRef event) {
  return {event.in_tail ? block.tail[event.index].id : block.sealed->ids[event.index]};
}

IdentityId OriginOf(const EventBlock& block, EventRef event) {
  const auto stored = event.in_tail ? block.tail[event.index].origin
                                    : static_cast<uint32_t>(block.sealed->origins.Get(event.index));
  return {stored - 1};
}

std::optional<int64_t> PropertyOf(const EventBlock& block, EventRef event, PropertyId property) {
  if (event.in_tail) {
    for (const EventProperty& p : block.PropertiesOf(block.tail[event.index])) {
      if (p.property == property) return p.bits;
    }
    return std::nullopt;
  }
  const SealedProperty* p = block.sealed->property(property);
  if (p == nullptr || !p->Has(event.index)) return std::nullopt;
  return p->cells.Get(event.index);
}

std::vector<uint32_t> SortedTail(const EventBlock& block) {
  std::vector<uint32_t> order(block.tail.size());
  for (uint32_t t = 0; t < order.size(); ++t) order[t] = t;
  std::sort(order.begin(), order.end(),
            [&](uint32_t x, uint32_t y) { return KeyOf(block.tail[x]) < KeyOf(block.tail[y]); });
  return order;
}

std::shared_ptr<const SealedEvents> Seal(const EventBlock& block, size_t num_properties) {
  const std::vector<EventRef> order = MergeOrder(block);
  auto sealed = std::make_shared<SealedEvents>();
  sealed->rows.reserve(order.size());
  sealed->ids.reserve(order.size());
  sealed->run_begin.assign(kChunkRows + 1, 0);
  for (const EventRef event : order) {
    const uint32_t row =
        event.in_tail ? block.tail[event.index].row_offset : block.sealed->rows[event.index];
    sealed->rows.push_back(static_cast<uint16_t>(row));
    sealed->ids.push_back(IdOf(block, event).value);
    ++sealed->run_begin[row + 1];
  }
  for (uint32_t r = 0; r < kChunkRows; ++r) sealed->run_begin[r + 1] += sealed->run_begin[r];
  sealed->times = PackedInts::Of(Gather(order, [&](EventRef e) { return TimeOf(block, e).ms; }));
  sealed->origins = PackedInts::Of(Gather(order, [&](EventRef e) {
    return static_cast<int64_t>(static_cast<uint32_t>(OriginOf(block, e).value + 1));
  }));
  const TailCells cells = CellsOfTail(block, num_properties);
  for (size_t p = 0; p < num_properties; ++p) {
    const PropertyId id{static_cast<uint16_t>(p)};
    const SealedProperty* old = block.sealed->property(id);
    const bool used = !cells[p].empty() || (old != nullptr && old->cells.size() != 0);
    sealed->properties.push_back(used ? SealProperty(block, order, id, cells[p])
                                      : SealedProperty{});
  }
  return sealed;
}

}  // namespace roster
