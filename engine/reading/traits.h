// SPDX-License-Identifier: Apache-2.0
//
// What is known of a profile's traits: what is shown, and all that was ever said of them.
// Thread rule: pure functions of an immutable state. Source: trait_policy.h.
#ifndef ROSTER_ENGINE_READING_TRAITS_H_
#define ROSTER_ENGINE_READING_TRAITS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "roster/value.h"
#include "storage/memory/people/trait_policy.h"
#include "storage/memory/read_view.h"

namespace roster {

// Whether clients see a trait.
bool IsOfClients(const TraitInfo& info);

// The trait that identities of a namespace imply: the one of its name, where that is a text and
// clients'.
std::optional<TraitId> ImpliedTrait(const Schema& schema, NamespaceId space);

// One write of a trait with the profile id under which it came.
struct TraitWrite {
  TraitRecord said;
  ProfileId home;
};

// All that is kept of a trait, each once, in no order: its records, and its cell where that is no
// fold of several.
std::vector<TraitWrite> WritesOf(const State& state, RowId row, TraitId trait);

// What the trait's policy makes of writes, also of several profiles'.
std::optional<FoldedTrait> FoldWrites(const State& state, TraitId trait,
                                      absl::Span<const TraitWrite> writes);

// The value of a text trait; empty where there is none.
std::string TextTrait(const State& state, RowId row, std::string_view name);
// `name`, else first and last name.
std::string NameOf(const State& state, RowId row);
// The first that is there: the name, email, phone, an external id. Source: CAPABILITIES.md T5.
std::string DisplayName(const State& state, RowId row);

}  // namespace roster

#endif  // ROSTER_ENGINE_READING_TRAITS_H_
