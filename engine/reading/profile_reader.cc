// SPDX-License-Identifier: Apache-2.0
#include "engine/reading/profile_reader.h"

#include <algorithm>
#include <tuple>

#include "engine/reading/profile_ref.h"
#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/memory/people/own_names.h"

namespace roster {
namespace {

IdentityRef RefOf(const State& state, IdentityId id) {
  const IdentityName name = state.identities.NameOf(id);
  return {state.schema->name_space(name.name_space).name, std::string(name.value)};
}

std::optional<IdentityRef> OriginRef(const State& state, IdentityId id) {
  if (id == kNoOrigin || !state.identities.IsAttached(id)) return std::nullopt;
  return RefOf(state, id);
}

std::optional<Timestamp> SystemTime(const State& state, TraitId trait, RowId row) {
  if (!state.column(trait).Has(row)) return std::nullopt;
  return Timestamp{state.column(trait).Bits(row)};
}

std::vector<TraitEntry> ReadTraits(const State& state, RowId row) {
  std::vector<TraitEntry> traits;
  for (size_t t = 0; t < state.columns.size(); ++t) {
    const TraitId id{static_cast<uint16_t>(t)};
    const Column& column = state.column(id);
    const TraitInfo& info = state.schema->trait(id);
    if (info.system || IsOwnName(info.name) || !column.Has(row)) continue;
    const Stamp stamp = *state.StampOf(id, row);
    traits.push_back({state.schema->trait(id).name, column.Get(row), stamp.time,
                      OriginRef(state, stamp.origin)});
  }
  std::sort(traits.begin(), traits.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return traits;
}

// An event of one type, found but not yet read.
struct Found {
  Timestamp time;
  EventId id;
  EventTypeId type;
  EventRef ref;
};

// The newest events over all types, newest first; counts by type on the way.
std::vector<Found> FindNewest(const ReadView& view, RowId row, uint32_t max_events,
                              std::vector<EventCount>* counts) {
  const State& state = view.state();
  std::vector<Found> found;
  for (size_t e = 0; e < state.partitions.size(); ++e) {
    const EventTypeId type{static_cast<uint16_t>(e)};
    if (state.schema->event(type).own) continue;
    const EventPartition& partition = state.partition(type);
    std::vector<EventRef> events = partition.EventsOf(row);
    if (events.empty()) continue;
    // Events of the future count when their time comes.
    const EventBlock& block = partition.block(ChunkOf(row));
    while (!events.empty() && TimeOf(block, events.back()) > view.clock()) events.pop_back();
    if (events.empty()) continue;
    counts->push_back({state.schema->event(type).name, events.size()});
    const size_t newest = std::min<size_t>(events.size(), max_events);
    for (size_t i = events.size() - newest; i < events.size(); ++i) {
      found.push_back({TimeOf(block, events[i]), IdOf(block, events[i]), type, events[i]});
    }
  }
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return std::tuple(a.time, a.id, a.type) > std::tuple(b.time, b.id, b.type);
  });
  if (found.size() > max_events) found.resize(max_events);
  return found;
}

EventEntry ReadEvent(const State& state, RowId row, const Found& found) {
  const EventPartition& partition = state.partition(found.type);
  const EventBlock& block = partition.block(ChunkOf(row));
  const EventTypeInfo& info = state.schema->event(found.type);
  EventEntry entry{.id = found.id.value,
                   .type = info.name,
                   .time = found.time,
                   .session = {},
                   .properties = {},
                   .origin = OriginRef(state, OriginOf(block, found.ref))};
  for (size_t p = 0; p < info.properties.size(); ++p) {
    const PropertyId id{static_cast<uint16_t>(p)};
    const std::optional<int64_t> bits = PropertyOf(block, found.ref, id);
    if (!bits || IsOwnName(info.properties[p].name)) continue;
    const std::string& name = id == kMisfits ? "misfits" : info.properties[p].name;
    entry.properties.push_back({name, DecodeCell(partition.properties()[p], *bits)});
  }
  return entry;
}

}  // namespace

absl::StatusOr<Profile> ReadProfile(const ReadView& view, const ProfileRef& ref,
                                    const GetOptions& options) {
  const State& state = view.state();
  ROSTER_ASSIGN_OR_RETURN(const RowId row, FindRow(state, ref));
  Profile profile;
  profile.id = state.ProfileAt(row);
  const auto* asked = std::get_if<ProfileId>(&ref);
  if (asked != nullptr && *asked != profile.id) profile.redirected_from = *asked;
  profile.created_at = SystemTime(state, kCreatedAt, row).value_or(Timestamp{});
  profile.first_seen = SystemTime(state, kFirstSeen, row);
  profile.last_seen = SystemTime(state, kLastSeen, row);
  profile.created_via = std::get<std::string>(state.column(kCreatedVia).Get(row));
  for (const IdentityId id : state.identities.OfRow(row)) {
    const IdentityStanding standing = state.identities.StandingOf(id);
    if (standing == IdentityStanding::kFormer) continue;
    profile.identities.push_back({RefOf(state, id), standing == IdentityStanding::kRetired});
  }
  profile.traits = ReadTraits(state, row);
  for (const Found& found : FindNewest(view, row, options.max_events, &profile.event_counts)) {
    profile.events.push_back(ReadEvent(state, row, found));
  }
  std::sort(profile.event_counts.begin(), profile.event_counts.end(),
            [](const auto& a, const auto& b) { return a.type < b.type; });
  return profile;
}

}  // namespace roster
