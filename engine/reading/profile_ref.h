// SPDX-License-Identifier: Apache-2.0
//
// Profiles by the names that people give them, and the version of one. Thread rule: pure functions
// of an immutable state.
#ifndef ROSTER_ENGINE_READING_PROFILE_REF_H_
#define ROSTER_ENGINE_READING_PROFILE_REF_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "roster/write.h"
#include "storage/memory/read_view.h"

namespace roster {

// Errors: NOPROFILE, NOTRAIT (unknown namespace), PARSE (not UTF-8).
absl::StatusOr<RowId> FindRow(const State& state, const ProfileRef& ref);

// The number of an identity that is there. Errors: NOPROFILE, NOTRAIT, PARSE.
absl::StatusOr<IdentityId> FindIdentity(const State& state, const IdentityRef& ref);

// Requires: it is attached.
IdentityRef RefOf(const State& state, IdentityId id);
// Nothing where none vouched, or it was erased since.
std::optional<IdentityRef> OriginRef(const State& state, IdentityId id);

// Changes with every edit of the profile, not with its events: 16 hexadecimal digits.
// Cost: O(what the profile holds, without its events).
std::string VersionOf(const State& state, RowId row);

}  // namespace roster

#endif  // ROSTER_ENGINE_READING_PROFILE_REF_H_
