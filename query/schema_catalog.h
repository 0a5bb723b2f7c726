// SPDX-License-Identifier: Apache-2.0
//
// The catalog of what is declared in a schema. Thread rule: reads the schema only.
#ifndef ROSTER_QUERY_SCHEMA_CATALOG_H_
#define ROSTER_QUERY_SCHEMA_CATALOG_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "query/catalog.h"
#include "storage/base/text.h"
#include "storage/memory/schema.h"

namespace roster::query {

// Lifetime: the schema and the definitions outlive it. Null: no definitions.
class SchemaCatalog : public Catalog {
 public:
  explicit SchemaCatalog(const Schema& schema, const TextMap<std::string>* definitions = nullptr)
      : schema_(schema), definitions_(definitions) {}

  std::optional<TraitId> FindTrait(std::string_view name) const override;
  std::optional<NamespaceId> FindNamespace(std::string_view name) const override;
  std::optional<EventTypeId> FindEvent(std::string_view name) const override;
  std::optional<PropertyId> FindProperty(EventTypeId event, std::string_view name) const override;
  std::optional<TraitId> ArchivedTrait() const override;
  std::optional<EventTypeId> CallRecords() const override;
  bool IsSystem(TraitId trait) const override;
  ValueInfo TraitType(TraitId trait) const override;
  ValueInfo PropertyType(EventTypeId event, PropertyId property) const override;
  std::vector<std::string_view> TraitNames() const override;
  std::vector<std::string_view> NamespaceNames() const override;
  std::vector<std::string_view> EventNames() const override;
  std::vector<std::string_view> PropertyNames(EventTypeId event) const override;
  std::optional<std::string_view> FindDefinition(std::string_view kind,
                                                 std::string_view name) const override;
  std::vector<std::string_view> DefinitionNames(std::string_view kind) const override;

 private:
  const Schema& schema_;
  const TextMap<std::string>* definitions_;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_SCHEMA_CATALOG_H_
