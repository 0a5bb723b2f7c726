// SPDX-License-Identifier: Apache-2.0
//
// Commands on one profile. Each stands alone in its commit, is looked at against the state, and
// then done or refused whole. Thread rule: the writer's, under the store's lock. Source:
// IDENTITY.md R6-R17; server/PROTOCOL.md "People".
#ifndef ROSTER_ENGINE_BY_HAND_BY_HAND_H_
#define ROSTER_ENGINE_BY_HAND_BY_HAND_H_

#include "engine/commit/effects.h"
#include "roster/write.h"

namespace roster {

// Whether an item is of those that stand alone.
bool StandsAlone(const WriteItem& item);

// Errors, in the result's status: NOPROFILE, NOIDENTITY, NOTRAIT, TYPE, PARSE, EXISTS, CONFLICT,
// STALE, LIMIT; then nothing was done. Requires: StandsAlone.
ItemResult DoByHand(const WriteItem& item, const WriteOptions& options, Effects* effects);

}  // namespace roster

#endif  // ROSTER_ENGINE_BY_HAND_BY_HAND_H_
