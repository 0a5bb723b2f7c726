// SPDX-License-Identifier: Apache-2.0
//
// What a profile is called by its traits. Thread rule: pure functions of an immutable state.
#ifndef ROSTER_ENGINE_READING_TRAITS_H_
#define ROSTER_ENGINE_READING_TRAITS_H_

#include <optional>
#include <string>
#include <string_view>

#include "roster/value.h"
#include "storage/memory/people/trait_writes.h"
#include "storage/memory/read_view.h"

namespace roster {

// Whether clients see a trait.
bool IsOfClients(const TraitInfo& info);

// The trait that identities of a namespace imply: the one of its name, where that is a text and
// clients'.
std::optional<TraitId> ImpliedTrait(const Schema& schema, NamespaceId space);

// The value of a text trait; empty where there is none.
std::string TextTrait(const State& state, RowId row, std::string_view name);
// `name`, else first and last name.
std::string NameOf(const State& state, RowId row);
// The first that is there: the name, email, phone, an external id. Source: CAPABILITIES.md T5.
std::string DisplayName(const State& state, RowId row);

}  // namespace roster

#endif  // ROSTER_ENGINE_READING_TRAITS_H_
