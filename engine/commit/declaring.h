// SPDX-License-Identifier: Apache-2.0
//
// A statement that says what there is, into effects: traits, event types, namespaces, goals,
// interests, engagement, retention. Thread rule: the writer's, under the store's lock.
// Source: query/LANGUAGE.md "Declarations".
#ifndef ROSTER_ENGINE_COMMIT_DECLARING_H_
#define ROSTER_ENGINE_COMMIT_DECLARING_H_

#include "absl/status/status.h"
#include "engine/commit/effects.h"
#include "roster/write.h"

namespace roster {

// Errors: PARSE, TYPE, NOTRAIT with a position; EXISTS, LIMIT, CONFLICT; then nothing was done.
absl::Status DoDeclare(const Declare& item, Effects* effects);

}  // namespace roster

#endif  // ROSTER_ENGINE_COMMIT_DECLARING_H_
