// SPDX-License-Identifier: Apache-2.0
//
// The traits that identities imply. Thread rule: the writer's. Source:
// storage/memory/people/implied_time.h.
#ifndef ROSTER_ENGINE_COMMIT_IMPLIED_H_
#define ROSTER_ENGINE_COMMIT_IMPLIED_H_

#include "engine/commit/effects.h"

namespace roster {

// Writes what an identity of a profile implies, when it has a trait of its namespace's name.
// `is_new`: the identity was just attached.
void Imply(ProfileId profile, IdentityId identity, Timestamp said, bool is_new, Effects* effects);

}  // namespace roster

#endif  // ROSTER_ENGINE_COMMIT_IMPLIED_H_
