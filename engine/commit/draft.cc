// SPDX-License-Identifier: Apache-2.0
#include "engine/commit/draft.h"

#include "storage/base/check.h"

namespace roster {
namespace {

// What an overlay knows under a name, if anything.
template <typename Map, typename Key>
auto Lookup(const Map& map, const Key& key) -> std::optional<typename Map::mapped_type> {
  const auto it = map.find(key);
  if (it == map.end()) return std::nullopt;
  return it->second;
}

}  // namespace

std::optional<Declared<TraitId>> Draft::FindTrait(std::string_view name) const {
  const std::optional<TraitId> id = state_.schema->FindTrait(name);
  if (!id) return Lookup(new_traits_, name);
  const TraitInfo& trait = state_.schema->trait(*id);
  return Declared<TraitId>{*id, trait.type, trait.scale, trait.system};
}

Declared<TraitId> Draft::AddTrait(std::string_view name, ValueType type, uint8_t scale) {
  const Declared<TraitId> trait{{static_cast<uint16_t>(num_traits())}, type, scale};
  mutations_.push_back(DeclareTrait{std::string(name), type, scale});
  new_traits_.try_emplace(std::string(name), trait);
  return trait;
}

std::optional<EventTypeId> Draft::FindEvent(std::string_view name) const {
  const std::optional<EventTypeId> id = state_.schema->FindEvent(name);
  return id ? id : Lookup(new_events_, name);
}

EventTypeId Draft::AddEventType(std::string_view name) {
  const EventTypeId id{static_cast<uint16_t>(num_events())};
  mutations_.push_back(DeclareEvent{std::string(name)});
  new_events_.try_emplace(std::string(name), id);
  return id;
}

std::optional<Declared<PropertyId>> Draft::FindProperty(EventTypeId event,
                                                        std::string_view name) const {
  if (event.value < state_.partitions.size()) {
    const EventTypeInfo& info = state_.schema->event(event);
    if (const std::optional<PropertyId> id = info.FindProperty(name)) {
      const PropertyInfo& property = info.properties[id->value];
      return Declared<PropertyId>{*id, property.type, property.scale};
    }
  }
  const auto it = new_properties_.find(event);
  return it == new_properties_.end() ? std::nullopt : Lookup(it->second, name);
}

size_t Draft::num_properties(EventTypeId event) const {
  const auto it = new_properties_.find(event);
  const size_t added = it == new_properties_.end() ? 0 : it->second.size();
  const bool known = event.value < state_.partitions.size();
  // A new event type has the property for misfits.
  return added + (known ? state_.schema->event(event).properties.size() : 1);
}

Declared<PropertyId> Draft::AddProperty(EventTypeId event, std::string_view name, ValueType type,
                                        uint8_t scale) {
  const Declared<PropertyId> property{{static_cast<uint16_t>(num_properties(event))}, type, scale};
  mutations_.push_back(DeclareProperty{event, std::string(name), type, scale});
  new_properties_[event].try_emplace(std::string(name), property);
  return property;
}

std::optional<Draft::KnownIdentity> Draft::FindIdentity(NamespaceId name_space,
                                                        std::string_view value) const {
  if (const auto id = state_.identities.Find(name_space, value)) {
    return KnownIdentity{*id, Resolve(state_.ProfileAt(state_.identities.RowOf(*id)))};
  }
  if (new_identities_.empty()) return std::nullopt;
  auto found = Lookup(new_identities_, std::pair(name_space, std::string(value)));
  if (found) found->profile = Resolve(found->profile);
  return found;
}

std::vector<uint32_t> Draft::CountIdentities(ProfileId profile) const {
  std::vector<uint32_t> counts(state_.schema->namespaces().size());
  for (const ProfileId side : SidesOf(profile)) {
    if (const std::optional<RowId> row = state_.FindProfile(side)) {
      for (const IdentityId id : state_.identities.OfRow(*row)) {
        ++counts[state_.identities.NameOf(id).name_space.value];
      }
    }
    if (const auto added = Lookup(new_identity_counts_, side.value)) {
      for (size_t n = 0; n < counts.size(); ++n) counts[n] += (*added)[n];
    }
  }
  return counts;
}

Timestamp Draft::CreatedAt(ProfileId profile) const {
  if (const auto set = Lookup(new_values_, std::pair(profile.value, kCreatedAt))) return *set->time;
  if (const std::optional<RowId> row = state_.FindProfile(profile)) {
    return {state_.column(kCreatedAt).Bits(*row)};
  }
  return Lookup(new_profiles_, profile.value).value_or(Timestamp{});
}

bool Draft::HasEvent(ProfileId profile, EventTypeId event, EventId id) const {
  for (const ProfileId side : SidesOf(profile)) {
    if (new_event_ids_.contains({side.value, event, id})) return true;
    if (event.value >= state_.partitions.size()) continue;
    const std::optional<RowId> row = state_.FindProfile(side);
    if (row && state_.partition(event).Contains(*row, id)) return true;
  }
  return false;
}

TraitState Draft::TraitOf(ProfileId profile, TraitId trait) const {
  TraitState latest;
  for (const ProfileId side : SidesOf(profile)) {
    TraitState known;
    if (const auto set = Lookup(new_values_, std::pair(side.value, trait))) {
      known = *set;
    } else if (trait.value < state_.columns.size()) {
      if (const std::optional<RowId> row = state_.FindProfile(side)) {
        const std::optional<Stamp> stamp = state_.StampOf(trait, *row);
        if (stamp) known = {stamp->time, state_.column(trait).Get(*row)};
      }
    }
    if (known.time && (!latest.time ||
                       std::tie(*known.time, known.value) > std::tie(*latest.time, latest.value))) {
      latest = known;
    }
  }
  return latest;
}

ProfileId Draft::AddProfile(Timestamp created_at, std::string_view via) {
  const ProfileId id{state_.profiles.size() + new_profiles_.size() + 1};
  mutations_.push_back(CreateProfile{id, created_at, std::string(via)});
  new_profiles_.try_emplace(id.value, created_at);
  return id;
}

IdentityId Draft::Attach(AttachIdentity attach) {
  attach.identity.value = static_cast<uint32_t>(state_.identities.size() + new_identities_.size());
  const KnownIdentity added{attach.identity, attach.profile};
  ROSTER_CHECK(new_identities_.try_emplace({attach.name_space, attach.value}, added).second);
  std::vector<uint32_t>& counts = new_identity_counts_[attach.profile.value];
  counts.resize(state_.schema->namespaces().size());
  ++counts[attach.name_space.value];
  mutations_.push_back(std::move(attach));
  return added.id;
}

void Draft::Set(SetTrait set) {
  new_values_[{set.profile.value, set.trait}] = {set.time, set.value};
  mutations_.push_back(std::move(set));
}

void Draft::Add(AddEvent add) {
  new_event_ids_.emplace(add.profile.value, add.event, add.id);
  mutations_.push_back(std::move(add));
}

void Draft::Merge(MergeProfiles merge) {
  merged_[merge.loser.value] = merge.survivor.value;
  mutations_.push_back(merge);
}

ProfileId Draft::Resolve(ProfileId profile) const {
  if (merged_.empty()) return profile;
  while (const auto next = Lookup(merged_, profile.value)) profile.value = *next;
  return profile;
}

Draft::Sides Draft::SidesOf(ProfileId profile) const {
  Sides sides = {profile};
  for (const auto& [loser, survivor] : merged_) {
    if (Resolve({loser}) == profile) sides.push_back({loser});
  }
  return sides;
}

}  // namespace roster
