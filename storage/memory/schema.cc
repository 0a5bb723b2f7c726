// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/schema.h"

#include "storage/base/check.h"

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
  return AddTo<TraitId>(&traits_, &trait_ids_, std::move(info));
}

EventTypeId Schema::AddEvent(std::string name) {
  EventTypeInfo info;
  info.name = std::move(name);
  const EventTypeId id = AddTo<EventTypeId>(&events_, &event_ids_, std::move(info));
  AddProperty(id, {.name = "", .type = ValueType::kJson});
  return id;
}

PropertyId Schema::AddProperty(EventTypeId event, PropertyInfo info) {
  EventTypeInfo& type = events_[event.value];
  return AddTo<PropertyId>(&type.properties, &type.property_ids, std::move(info));
}

NamespaceId Schema::AddNamespace(NamespaceInfo info) {
  return AddTo<NamespaceId>(&namespaces_, &namespace_ids_, std::move(info));
}

}  // namespace roster
