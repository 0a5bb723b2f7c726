// SPDX-License-Identifier: Apache-2.0
//
// Identities whose normal form has become another one since the store was last open: by another
// default region, rule for telephone numbers, or Unicode. Thread rule: before the engine is shared.
// Source: IDENTITY.md R0; engine/README.md "Identities".
#ifndef ROSTER_ENGINE_IDENTITY_RENORMALISE_H_
#define ROSTER_ENGINE_IDENTITY_RENORMALISE_H_

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/disk/log_directory.h"
#include "storage/memory/change.h"
#include "storage/memory/store.h"

namespace roster {

// What makes every identity one in the form that it has now. One mutation list for each: the old
// name becomes a former one, by which what came keeps its origin, and the new one is attached with
// the same standing and home, unless the profile has it. Values that are blocked follow.
// `made_by`: the version that the manifest has, for the error; `region`: that of the opening.
// Errors: CONFLICT: identities of two profiles would be one, or one of a device has another form.
// Cost: O(identities).
absl::StatusOr<std::vector<std::vector<Mutation>>> PlanRenormalise(const State& state,
                                                                   std::string_view region,
                                                                   std::string_view made_by,
                                                                   Timestamp now);

// Applies the lists and makes them durable, several in a commit. `log`: null for a store that
// keeps none. Errors: as LogDirectory; what was made durable before stays.
absl::Status WriteRenormalised(const std::vector<std::vector<Mutation>>& lists, Timestamp now,
                               LogDirectory* log, Store* store);

}  // namespace roster

#endif  // ROSTER_ENGINE_IDENTITY_RENORMALISE_H_
