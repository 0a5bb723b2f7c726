// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/schema.h"

#include "storage/base/check.h"
#include "storage/memory/people/own_names.h"

namespace roster {
namespace {

template <typename Id>
std::optional<Id> FindIn(const TextMap<uint16_t>& ids, std::string_view name) {
  const auto it = ids.find(name);
  if (it == ids.end()) return std::nullopt;
  return Id{it->second};
}

template <typename Id, typename Info>
Id AddTo(std::vector<Info>* infos, TextMap<uint16_t>* ids, Info info) {
  const auto id = static_cast<uint16_t>(infos->size());
  ROSTER_CHECK(ids->try_emplace(info.name, id).second);
  infos->push_back(std::move(info));
  return Id{id};
}

}  // namespace

std::optional<PropertyId> EventTypeInfo::FindProperty(std::string_view property) const {
  return FindIn<PropertyId>(property_ids, property);
}

Schema::Schema() {
  AddTrait({.name = "created_at", .type = ValueType::kTimestamp, .system = true});
  AddTrait({.name = "first_seen", .type = ValueType::kTimestamp, .system = true});
  AddTrait({.name = "last_seen", .type = ValueType::kTimestamp, .system = true});
  AddTrait({.name = "created_via", .type = ValueType::kText, .system = true});
}

std::optional<TraitId> Schema::FindTrait(std::string_view name) const {
  return FindIn<TraitId>(trait_ids_, name);
}

std::optional<EventTypeId> Schema::FindEvent(std::string_view name) const {
  return FindIn<EventTypeId>(event_ids_, name);
}

std::optional<NamespaceId> Schema::FindNamespace(std::string_view name) const {
  return FindIn<NamespaceId>(namespace_ids_, name);
}

TraitId Schema::AddTrait(TraitInfo info) {
  // Whichever is declared first.
  const std::optional<EventTypeId> records = FindEvent(TraitRecordsName(info.name));
  if (records && event(*records).properties.size() > kRecordValue.value) info.records = records;
  return AddTo<TraitId>(&traits_, &trait_ids_, std::move(info));
}

EventTypeId Schema::AddEvent(std::string name) {
  EventTypeInfo info;
  info.name = std::move(name);
  info.own = IsOwnName(info.name);
  info.call = info.name == kCallRecords;
  has_calls_ = has_calls_ || info.call;
  const EventTypeId id = AddTo<EventTypeId>(&events_, &event_ids_, std::move(info));
  AddProperty(id, {.name = "", .type = ValueType::kJson});
  return id;
}

PropertyId Schema::AddProperty(EventTypeId event, PropertyInfo info) {
  EventTypeInfo& type = events_[event.value];
  const bool is_home = info.name == kHomeProperty;
  ids_by_home_ = ids_by_home_ || (type.call && info.name == kIdsByHome);
  const auto id = AddTo<PropertyId>(&type.properties, &type.property_ids, std::move(info));
  if (is_home) type.home = id;
  if (id == kRecordValue && type.name.starts_with(kTraitRecords)) {
    const auto trait = FindTrait(std::string_view(type.name).substr(kTraitRecords.size()));
    if (trait) traits_[trait->value].records = event;
  }
  return id;
}

NamespaceId Schema::AddNamespace(NamespaceInfo info) {
  return AddTo<NamespaceId>(&namespaces_, &namespace_ids_, std::move(info));
}

void Schema::AlterTrait(TraitId id, const TraitInfo& info) {
  TraitInfo& known = traits_[id.value];
  known.display = info.display;
  known.policy = info.policy;
  known.searchable = info.searchable;
  known.indexed = info.indexed;
}

void Schema::AlterNamespace(NamespaceId id, const NamespaceInfo& info) {
  NamespaceInfo& known = namespaces_[id.value];
  known.kind = info.kind;
  known.rank = info.rank;
  known.limit = info.limit;
}

}  // namespace roster
