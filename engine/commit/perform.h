// SPDX-License-Identifier: Apache-2.0
//
// One checked item into effects. Calls are not refused any more: what cannot be done is left out,
// with a warning. Thread rule: the writer's, under the store's lock. Source: engine/README.md
// "Writes".
#ifndef ROSTER_ENGINE_COMMIT_PERFORM_H_
#define ROSTER_ENGINE_COMMIT_PERFORM_H_

#include "engine/by_hand/by_hand.h"
#include "engine/commit/check_item.h"
#include "engine/commit/effects.h"
#include "roster/write.h"

namespace roster {

ItemResult Perform(CheckedItem item, const WriteOptions& options, Effects* effects);

}  // namespace roster

#endif  // ROSTER_ENGINE_COMMIT_PERFORM_H_
