// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/people/found_events.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "storage/memory/people/own_names.h"

namespace roster {

std::vector<FoundEvent> FindEvents(const State& state, RowId row) {
  std::vector<FoundEvent> found;
  for (size_t e = 0; e < state.partitions.size(); ++e) {
    const EventTypeId type{static_cast<uint16_t>(e)};
    if (state.schema->event(type).own) continue;
    const EventPartition& partition = state.partition(type);
    if (ChunkOf(row) >= partition.num_blocks()) continue;
    const EventBlock& block = partition.block(ChunkOf(row));
    const SealedEvents& sealed = *block.sealed;
    const uint32_t end = sealed.run_begin[OffsetOf(row) + 1];
    for (uint32_t i = sealed.FirstFrom(OffsetOf(row), partition.floor_ms()); i < end; ++i) {
      found.push_back({{sealed.times.Get(i)}, {sealed.ids[i]}, type, {false, i}});
    }
    block.ForEachInTail(block.LastInTail(OffsetOf(row)), [&](uint32_t t) {
      const TailEvent& event = block.tail[t];
      if (event.time_ms < partition.floor_ms()) return;
      found.push_back({{event.time_ms}, {event.id}, type, {true, t}});
    });
  }
  std::sort(found.begin(), found.end(), [&](const FoundEvent& a, const FoundEvent& b) {
    if (a.time != b.time) return a.time < b.time;
    if (a.id != b.id) return a.id < b.id;
    return state.schema->event(a.type).name < state.schema->event(b.type).name;
  });
  return found;
}

absl::Span<const FoundEvent> ComeBy(absl::Span<const FoundEvent> events, Timestamp clock) {
  const auto end = std::partition_point(
      events.begin(), events.end(), [&](const FoundEvent& event) { return event.time <= clock; });
  return events.first(static_cast<size_t>(end - events.begin()));
}

TextOfEvents::TextOfEvents(const State& state, RowId row, std::string_view property)
    : state_(state), row_(row) {
  property_of_type_.reserve(state.schema->events().size());
  for (const EventTypeInfo& type : state.schema->events()) {
    std::optional<PropertyId> id;
    if (!type.own) id = type.FindProperty(property);
    if (id && type.properties[id->value].type != ValueType::kText) id.reset();
    property_of_type_.push_back(id);
  }
}

std::optional<std::string_view> TextOfEvents::Of(const FoundEvent& event) const {
  const std::optional<PropertyId> property = property_of_type_[event.type.value];
  if (!property) return std::nullopt;
  const EventPartition& partition = state_.partition(event.type);
  const auto bits = PropertyOf(partition.block(ChunkOf(row_)), event.ref, *property);
  if (!bits) return std::nullopt;
  const Dictionary& texts = *partition.properties()[property->value].dictionary;
  return texts.Text(static_cast<uint32_t>(*bits));
}

std::string EventIdText(EventId id) { return absl::StrFormat("%016x", id.value); }

IdentityId OriginOf(const State& state, RowId row, const FoundEvent& event) {
  return OriginOf(state.partition(event.type).block(ChunkOf(row)), event.ref);
}

}  // namespace roster
