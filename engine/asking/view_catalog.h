// SPDX-License-Identifier: Apache-2.0
//
// What names mean in a view: as the schema has them, identities in the form in which writes keep
// them. Thread rule: as the view.
#ifndef ROSTER_ENGINE_ASKING_VIEW_CATALOG_H_
#define ROSTER_ENGINE_ASKING_VIEW_CATALOG_H_

#include <string>
#include <string_view>

#include "engine/normalise.h"
#include "query/schema_catalog.h"
#include "storage/memory/read_view.h"

namespace roster {

class ViewCatalog final : public query::SchemaCatalog {
 public:
  // Lifetime: the view's.
  explicit ViewCatalog(const State& state)
      : query::SchemaCatalog(*state.schema, &*state.definitions), state_(state) {}

  std::string NormalIdentity(NamespaceId id, std::string_view value) const override {
    return NormaliseIdentity(state_.schema->name_space(id).name, value, state_.default_region);
  }

 private:
  const State& state_;
};

}  // namespace roster

#endif  // ROSTER_ENGINE_ASKING_VIEW_CATALOG_H_
