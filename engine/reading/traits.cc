// SPDX-License-Identifier: Apache-2.0
#include "engine/reading/traits.h"

#include <optional>

#include "storage/memory/people/own_names.h"

namespace roster {

bool IsOfClients(const TraitInfo& info) { return !info.system && !IsOwnName(info.name); }

std::optional<TraitId> ImpliedTrait(const Schema& schema, NamespaceId space) {
  const std::optional<TraitId> trait = schema.FindTrait(schema.name_space(space).name);
  if (!trait) return std::nullopt;
  const TraitInfo& info = schema.trait(*trait);
  return IsOfClients(info) && info.type == ValueType::kText ? trait : std::nullopt;
}

std::string TextTrait(const State& state, RowId row, std::string_view name) {
  const std::optional<TraitId> trait = state.schema->FindTrait(name);
  if (!trait) return {};
  Value value = state.column(*trait).Get(row);
  auto* text = std::get_if<std::string>(&value);
  return text != nullptr ? std::move(*text) : std::string();
}

std::string NameOf(const State& state, RowId row) {
  std::string name = TextTrait(state, row, "name");
  if (!name.empty()) return name;
  name = TextTrait(state, row, "first_name");
  const std::string last = TextTrait(state, row, "last_name");
  if (!name.empty() && !last.empty()) name += " ";
  return name + last;
}

std::string DisplayName(const State& state, RowId row) {
  std::string shown = NameOf(state, row);
  if (shown.empty()) shown = TextTrait(state, row, "email");
  if (shown.empty()) shown = TextTrait(state, row, "phone");
  if (!shown.empty()) return shown;
  const std::optional<NamespaceId> external = state.schema->FindNamespace("external_id");
  for (const IdentityId id : state.identities.OfRow(row)) {
    const IdentityName name = state.identities.NameOf(id);
    if (name.name_space == external &&
        state.identities.StandingOf(id) == IdentityStanding::kActive) {
      return std::string(name.value);
    }
  }
  return {};
}

}  // namespace roster
