// SPDX-License-Identifier: Apache-2.0
//
// Whether somebody of whom only devices are known gets a profile. Thread rule: the writer's.
// Source: query/LANGUAGE.md "Declarations", "Anonymous profiles".
#ifndef ROSTER_ENGINE_COMMIT_ANONYMOUS_H_
#define ROSTER_ENGINE_COMMIT_ANONYMOUS_H_

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "engine/commit/names.h"
#include "engine/commit/resolve.h"

namespace roster {

// Looks at a call before any item of its command is done: a device is known when it has somebody at
// the time, or when an item before this one names it. `event`: its type, empty for what is none.
// Errors: NOIDENTITY. Cost: parsing the setting, if there is one and only devices are named.
absl::Status CheckAnonymous(const std::vector<UsableIdentity>& identities, Timestamp time,
                            std::string_view event, const Names& names);

// After an item was not refused: who comes after it finds its devices.
void NoteDevices(const std::vector<UsableIdentity>& identities, Names* names);

}  // namespace roster

#endif  // ROSTER_ENGINE_COMMIT_ANONYMOUS_H_
