// SPDX-License-Identifier: Apache-2.0
#include "engine/commit/implied.h"

#include <string>

#include "storage/memory/people/implied_time.h"

namespace roster {

void Imply(ProfileId profile, IdentityId identity, Timestamp said, bool is_new, Effects* effects) {
  const State& state = effects->state();
  const IdentityName name = state.identities.NameOf(identity);
  const auto trait =
      effects->schema().FindTrait(effects->schema().name_space(name.name_space).name);
  if (!trait || effects->schema().trait(*trait).type != ValueType::kText) return;
  const Timestamp time = ImpliedTime(said);
  const std::optional<Stamp> known = state.StampOf(*trait, *state.FindProfile(profile));
  if (!is_new && known && time <= known->time) return;
  effects->Set({profile, *trait, std::string(name.value), time, identity});
}

}  // namespace roster
