// SPDX-License-Identifier: Apache-2.0
//
// What names mean: the one interface through which the binder resolves them. Later segments and
// goals come through it too. Thread rule: as its implementation; the binder only reads.
#ifndef ROSTER_QUERY_CATALOG_H_
#define ROSTER_QUERY_CATALOG_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "roster/value.h"
#include "storage/base/ids.h"

namespace roster::query {

// The type of a trait or property. `scale`: digits after the point of a decimal.
struct ValueInfo {
  ValueType type = ValueType::kNone;
  uint8_t scale = 0;
  bool operator==(const ValueInfo&) const = default;
};

class Catalog {
 public:
  virtual ~Catalog() = default;

  virtual std::optional<TraitId> FindTrait(std::string_view name) const = 0;
  virtual std::optional<NamespaceId> FindNamespace(std::string_view name) const = 0;
  virtual std::optional<EventTypeId> FindEvent(std::string_view name) const = 0;
  virtual std::optional<PropertyId> FindProperty(EventTypeId event,
                                                 std::string_view name) const = 0;

  // The store's own, a boolean; none while nobody was ever archived.
  virtual std::optional<TraitId> ArchivedTrait() const = 0;

  // The store's own records of calls, which have a `channel`; none while there are none.
  virtual std::optional<EventTypeId> CallRecords() const = 0;
  // Whether the store itself keeps a trait.
  virtual bool IsSystem(TraitId trait) const = 0;

  virtual ValueInfo TraitType(TraitId trait) const = 0;
  virtual ValueInfo PropertyType(EventTypeId event, PropertyId property) const = 0;

  // All names of a kind, for suggestions and default columns. Lifetime: as the catalog.
  virtual std::vector<std::string_view> TraitNames() const = 0;
  virtual std::vector<std::string_view> NamespaceNames() const = 0;
  virtual std::vector<std::string_view> EventNames() const = 0;
  virtual std::vector<std::string_view> PropertyNames(EventTypeId event) const = 0;

  // The stored text of a definition, by its kind (declarations/names.h) and name; the names of a
  // kind. Lifetime: as the catalog. None by default.
  virtual std::optional<std::string_view> FindDefinition(std::string_view, std::string_view) const {
    return std::nullopt;
  }
  virtual std::vector<std::string_view> DefinitionNames(std::string_view) const { return {}; }

  // An identity's value as the store keeps it: what writing does to it (trim, lower case of an
  // email address, ...), so that a filter finds what a write stored. As it stands by default.
  virtual std::string NormalIdentity(NamespaceId, std::string_view value) const {
    return std::string(value);
  }
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_CATALOG_H_
