// SPDX-License-Identifier: Apache-2.0
#include "tests/memory/store_model.h"

#include <algorithm>
#include <catch2/catch.hpp>

namespace roster {
namespace {

std::map<uint64_t, ModelEvent> EventsOf(const State& state, EventTypeId type, RowId row) {
  const EventPartition& partition = state.partition(type);
  std::map<uint64_t, ModelEvent> events;
  std::optional<std::pair<int64_t, uint64_t>> before;
  for (const EventRef ref : partition.EventsOf(row)) {
    const EventBlock& block = partition.block(ChunkOf(row));
    const EventId id = IdOf(block, ref);
    ModelEvent event{TimeOf(block, ref).ms, PropertyOf(block, ref, kModelNumber), {}};
    if (const auto code = PropertyOf(block, ref, kModelText)) {
      const CellType& cell = partition.properties()[kModelText.value];
      event.text = std::get<std::string>(DecodeCell(cell, *code));
    }
    REQUIRE((!before || *before < std::pair(event.time, id.value)));
    before = {event.time, id.value};
    REQUIRE(events.emplace(id.value, event).second);
  }
  return events;
}

ModelProfile ProfileAt(const State& state, RowId row) {
  ModelProfile profile;
  for (size_t e = 0; e < std::size(kModelEvents); ++e) {
    profile.events[e] = EventsOf(state, kModelEvents[e], row);
  }
  for (const TraitId trait : kModelTraits) {
    if (const auto stamp = state.StampOf(trait, row)) {
      profile.traits[trait.value] = {stamp->time.ms, state.column(trait).Get(row)};
    }
  }
  for (const IdentityId id : state.identities.OfRow(row)) {
    const IdentityName name = state.identities.NameOf(id);
    REQUIRE(state.FindIdentity(name.name_space, name.value) == row);
    profile.identities.emplace_back(name.value);
  }
  std::sort(profile.identities.begin(), profile.identities.end());
  return profile;
}

}  // namespace

uint64_t StoreModel::NumEvents(size_t type) const {
  uint64_t count = 0;
  for (const auto& [id, profile] : profiles) count += profile.events[type].size();
  return count;
}

void StoreModel::Merge(uint64_t loser, uint64_t survivor) {
  const ModelProfile from = profiles.at(loser);
  ModelProfile& to = profiles.at(survivor);
  for (size_t e = 0; e < std::size(kModelEvents); ++e) {
    to.events[e].insert(from.events[e].begin(), from.events[e].end());
  }
  for (const auto& [trait, theirs] : from.traits) {
    const auto ours = to.traits.find(trait);
    if (ours == to.traits.end() ||
        std::pair(theirs.time, theirs.value) > std::pair(ours->second.time, ours->second.value)) {
      to.traits[trait] = theirs;
    }
  }
  to.identities.insert(to.identities.end(), from.identities.begin(), from.identities.end());
  std::sort(to.identities.begin(), to.identities.end());
  profiles.erase(loser);
  for (auto& [id, who] : answers) who = who == loser ? survivor : who;
}

void StoreModel::Erase(uint64_t id) {
  profiles.erase(id);
  std::erase_if(answers, [&](const auto& answer) { return answer.second == id; });
}

void StoreModel::Expire(size_t type, int64_t before_ms) {
  if (before_ms <= floors[type]) return;
  floors[type] = before_ms;
  for (auto& [id, profile] : profiles) {
    std::erase_if(profile.events[type], [&](const auto& e) { return e.second.time < before_ms; });
  }
}

StoreModel ModelOf(const State& state) {
  StoreModel model;
  model.num_ids = state.profiles.size();
  for (uint64_t id = 1; id <= model.num_ids; ++id) {
    const std::optional<RowId> row = state.FindProfile({id});
    if (!row) continue;
    REQUIRE(state.live.Test(*row));
    model.answers[id] = state.ProfileAt(*row).value;
  }
  for (uint32_t r = 0; r < state.num_rows(); ++r) {
    if (!state.live.Test({r})) continue;
    const ProfileId id = state.ProfileAt({r});
    REQUIRE(state.FindProfile(id) == RowId{r});
    model.profiles[id.value] = ProfileAt(state, {r});
  }
  REQUIRE(model.profiles.size() == state.num_profiles);
  uint64_t num_events = 0;
  for (size_t e = 0; e < std::size(kModelEvents); ++e) {
    REQUIRE(state.partition(kModelEvents[e]).num_events() == model.NumEvents(e));
    model.floors[e] = state.partition(kModelEvents[e]).floor_ms();
    num_events += model.NumEvents(e);
  }
  REQUIRE(state.num_events == num_events);
  return model;
}

}  // namespace roster
