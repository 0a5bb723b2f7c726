// SPDX-License-Identifier: Apache-2.0
#include "engine/reading/events.h"

#include <optional>
#include <string>

#include "engine/reading/profile_ref.h"
#include "storage/memory/people/own_names.h"

namespace roster {

EventEntry ReadEvent(const State& state, RowId row, const FoundEvent& event) {
  const EventPartition& partition = state.partition(event.type);
  const EventBlock& block = partition.block(ChunkOf(row));
  const EventTypeInfo& info = state.schema->event(event.type);
  EventEntry entry{.id = event.id.value,
                   .type = info.name,
                   .time = event.time,
                   .session = {},
                   .properties = {},
                   .origin = OriginRef(state, OriginOf(block, event.ref))};
  for (size_t p = 0; p < info.properties.size(); ++p) {
    const PropertyId id{static_cast<uint16_t>(p)};
    const std::optional<int64_t> bits = PropertyOf(block, event.ref, id);
    if (!bits) continue;
    const std::string& name = id == kMisfits ? "misfits" : info.properties[p].name;
    // What it is of is told apart from what it has.
    if (name == kSessionProperty && info.properties[p].type == ValueType::kText) continue;
    if (name == kImportantProperty) entry.important = *bits != 0;
    if (!IsOwnName(name)) {
      entry.properties.push_back({name, DecodeCell(partition.properties()[p], *bits)});
    }
  }
  return entry;
}

}  // namespace roster
