// SPDX-License-Identifier: Apache-2.0
//
// Who is meant: identities of a command to the one profile that they point to, made, extended or
// merged where the rules allow it. Thread rule: the writer's. Source: IDENTITY.md R0-R2, R4.
#ifndef ROSTER_ENGINE_COMMIT_RESOLVE_H_
#define ROSTER_ENGINE_COMMIT_RESOLVE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/commit/draft.h"
#include "roster/value.h"
#include "roster/write.h"

namespace roster {

// An identity that passed R0. `value` is normalised.
struct UsableIdentity {
  NamespaceId name_space;
  std::string value;
  uint8_t rank = 0;
  bool operator==(const UsableIdentity&) const = default;
};

// The identities of an item that can be used, strongest rank first, each once; blocked ones
// become warnings.
// Errors: NOTRAIT (unknown namespace), PARSE (not UTF-8), LIMIT (length), NOIDENTITY (none left).
absl::StatusOr<std::vector<UsableIdentity>> UsableIdentities(const Schema& schema,
                                                             const std::vector<IdentityRef>& refs,
                                                             std::vector<std::string>* warnings);

// What identities point to. Lifetime: the identities'.
struct LookUp {
  std::vector<ProfileId> profiles;  // each once, in the order of the identities
  std::vector<const UsableIdentity*> unknown;
  IdentityId first = kNoOrigin;  // the number of the first identity, when somebody has it
};
LookUp LookUpAll(const std::vector<UsableIdentity>& identities, const Draft& draft);

struct Resolved {
  ProfileId profile;
  bool created = false;
  IdentityId origin = kNoOrigin;         // the strongest identity that was used
  std::vector<UsableIdentity> attached;  // those that the profile did not have
};

// Resolves, adding to the draft the profile, identities and merge that it takes. An identity that
// belongs to somebody else by the rules is left out, with a warning. Requires: not empty, and
// `found` is theirs. `time`: of the item; `created_at` and `via` are for a profile that has to be
// made.
Resolved ResolveProfile(std::vector<UsableIdentity> identities, LookUp found, Timestamp time,
                        Timestamp created_at, std::string_view via, Draft* draft,
                        std::vector<std::string>* warnings);

}  // namespace roster

#endif  // ROSTER_ENGINE_COMMIT_RESOLVE_H_
