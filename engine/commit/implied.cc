// SPDX-License-Identifier: Apache-2.0
#include "engine/commit/implied.h"

#include <algorithm>
#include <string>
#include <vector>

#include "engine/reading/traits.h"
#include "storage/memory/people/implied_time.h"
#include "storage/memory/people/own_names.h"

namespace roster {

namespace {

// Whether the identity is known to have been said by then. Most calls come in order: they say
// nothing new of one that was said before, unless that was said by hand.
bool WasSaidBy(const State& state, RowId row, TraitId trait, IdentityId identity, Timestamp said) {
  const std::optional<EventTypeId> edits = state.schema->FindEvent(kEditRecords);
  const bool by_hand = edits && state.partition(*edits).HasAny(row);
  const Column& last_seen = state.column(kLastSeen);
  if (!by_hand && last_seen.Has(row) && said.ms >= last_seen.Bits(row)) return true;
  const std::vector<TraitWrite> writes = WritesOf(state, row, trait);
  return std::ranges::any_of(writes, [&](const TraitWrite& write) {
    const bool implied = write.said.origin == identity && IsImplied(write.said.time);
    return implied && SaidAt(write.said.time) <= said;
  });
}

}  // namespace

void Imply(ProfileId profile, IdentityId identity, Timestamp said, bool is_new, Effects* effects) {
  const State& state = effects->state();
  const IdentityName name = state.identities.NameOf(identity);
  const std::optional<TraitId> trait = ImpliedTrait(effects->schema(), name.name_space);
  if (!trait) return;
  const Timestamp time = ImpliedTime(said);
  const RowId row = *state.FindProfile(profile);
  const std::optional<Stamp> known = state.StampOf(*trait, row);
  const bool yields = !is_new && known && time <= known->time;
  if (yields && WasSaidBy(state, row, *trait, identity, said)) return;
  effects->Set({profile, *trait, std::string(name.value), time, identity});
}

}  // namespace roster
