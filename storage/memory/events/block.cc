// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/events/block.h"

namespace roster {
namespace {

std::shared_ptr<const SealedEvents> EmptySealed() {
  static const auto* const empty = [] {
    auto events = std::make_shared<SealedEvents>();
    events->run_begin.resize(kChunkRows + 1);
    return new std::shared_ptr<const SealedEvents>(std::move(events));
  }();
  return *empty;
}

}  // namespace

EventBlock::EventBlock() : sealed(EmptySealed()) {}

bool SealedEvents::Contains(uint32_t row_offset, uint64_t id) const {
  const uint32_t begin = run_begin[row_offset];
  const uint32_t end = run_begin[row_offset + 1];
  if (end - begin <= kLongRun) {
    return std::find(ids.data() + begin, ids.data() + end, id) != ids.data() + end;
  }
  const absl::Span<const uint32_t> places = ById(row_offset);
  const auto found =
      std::lower_bound(places.begin(), places.end(), id,
                       [&](uint32_t place, uint64_t wanted) { return ids[place] < wanted; });
  return found != places.end() && ids[*found] == id;
}

absl::Span<const uint32_t> SealedEvents::ById(uint32_t row_offset) const {
  const uint32_t size = run_begin[row_offset + 1] - run_begin[row_offset];
  if (size <= kLongRun) return {};
  const auto run = std::lower_bound(
      id_runs.begin(), id_runs.end(), row_offset,
      [](const IdRun& known, uint32_t offset) { return known.row_offset < offset; });
  return {by_id.data() + run->begin, size};
}

size_t SealedEvents::MemoryBytes() const {
  size_t bytes = run_begin.capacity() * sizeof(uint32_t) + rows.capacity() * sizeof(uint16_t) +
                 times.MemoryBytes() + ids.capacity() * sizeof(uint64_t) + origins.MemoryBytes() +
                 id_runs.capacity() * sizeof(IdRun) + by_id.capacity() * sizeof(uint32_t);
  for (const SealedProperty& p : properties) {
    bytes += sizeof(p) + p.cells.MemoryBytes() + p.present.capacity() * sizeof(uint64_t);
  }
  return bytes;
}

// In steps that the compiler turns into comparisons of many rows at once.
uint32_t EventBlock::LastInTail(uint32_t row_offset) const {
  constexpr size_t kStep = 64;
  const uint16_t* const rows = tail_rows.data();
  const auto wanted = static_cast<uint16_t>(row_offset);
  size_t end = tail_rows.size();
  while (end >= kStep) {
    uint16_t any = 0;
    for (size_t i = end - kStep; i < end; ++i) any |= static_cast<uint16_t>(rows[i] == wanted);
    if (any != 0) break;
    end -= kStep;
  }
  while (end > 0 && rows[end - 1] != wanted) --end;
  return end == 0 ? TailEvent::kNone : static_cast<uint32_t>(end - 1);
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

}  // namespace roster
