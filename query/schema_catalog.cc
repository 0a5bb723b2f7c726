// SPDX-License-Identifier: Apache-2.0
#include "query/schema_catalog.h"

#include <algorithm>

#include "storage/memory/people/own_names.h"

namespace roster::query {
namespace {

template <typename Info>
std::vector<std::string_view> NamesOf(const std::vector<Info>& infos) {
  std::vector<std::string_view> names;
  for (const Info& info : infos) {
    if (!info.name.empty() && !IsOwnName(info.name)) names.push_back(info.name);
  }
  return names;
}

}  // namespace

std::optional<TraitId> SchemaCatalog::FindTrait(std::string_view name) const {
  if (IsOwnName(name)) return std::nullopt;
  return schema_.FindTrait(name);
}

std::optional<NamespaceId> SchemaCatalog::FindNamespace(std::string_view name) const {
  return schema_.FindNamespace(name);
}

std::optional<EventTypeId> SchemaCatalog::FindEvent(std::string_view name) const {
  if (IsOwnName(name)) return std::nullopt;
  return schema_.FindEvent(name);
}

// What is the store's own no name finds: its one property of every type has none.
std::optional<PropertyId> SchemaCatalog::FindProperty(EventTypeId event,
                                                      std::string_view name) const {
  if (name.empty() || IsOwnName(name)) return std::nullopt;
  return schema_.event(event).FindProperty(name);
}

std::optional<TraitId> SchemaCatalog::ArchivedTrait() const { return schema_.FindTrait(kArchived); }

std::optional<EventTypeId> SchemaCatalog::CallRecords() const {
  return schema_.FindEvent(kCallRecords);
}

bool SchemaCatalog::IsSystem(TraitId trait) const { return schema_.trait(trait).system; }

ValueInfo SchemaCatalog::TraitType(TraitId trait) const {
  return {schema_.trait(trait).type, schema_.trait(trait).scale};
}

ValueInfo SchemaCatalog::PropertyType(EventTypeId event, PropertyId property) const {
  const PropertyInfo& info = schema_.event(event).properties[property.value];
  return {info.type, info.scale};
}

std::vector<std::string_view> SchemaCatalog::TraitNames() const {
  return NamesOf(schema_.traits());
}

std::vector<std::string_view> SchemaCatalog::NamespaceNames() const {
  return NamesOf(schema_.namespaces());
}

std::vector<std::string_view> SchemaCatalog::EventNames() const {
  return NamesOf(schema_.events());
}

std::vector<std::string_view> SchemaCatalog::PropertyNames(EventTypeId event) const {
  return NamesOf(schema_.event(event).properties);
}

std::optional<std::string_view> SchemaCatalog::FindDefinition(std::string_view kind,
                                                              std::string_view name) const {
  if (definitions_ == nullptr) return std::nullopt;
  const auto found = definitions_->find(StrCat(kind, name));
  if (found == definitions_->end()) return std::nullopt;
  return found->second;
}

std::vector<std::string_view> SchemaCatalog::DefinitionNames(std::string_view kind) const {
  std::vector<std::string_view> names;
  if (definitions_ == nullptr) return names;
  for (const auto& [name, text] : *definitions_) {
    if (name.starts_with(kind)) names.push_back(std::string_view(name).substr(kind.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace roster::query
