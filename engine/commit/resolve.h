// SPDX-License-Identifier: Apache-2.0
//
// Who is meant: identities of a command to the one profile that they point to, made, extended or
// merged where the rules allow it. Thread rule: the writer's, under the store's lock.
// Source: IDENTITY.md R0-R4, R11.
#ifndef ROSTER_ENGINE_COMMIT_RESOLVE_H_
#define ROSTER_ENGINE_COMMIT_RESOLVE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/commit/effects.h"
#include "roster/value.h"
#include "roster/write.h"

namespace roster {

// An identity that passed R0. `value` is normalised.
struct UsableIdentity {
  NamespaceId name_space;
  std::string value;
  NamespaceKind kind = NamespaceKind::kPerson;
  uint8_t rank = 0;
  bool operator==(const UsableIdentity&) const = default;
};

// The identities of an item that can be used, strongest rank first, each once; blocked ones
// become warnings, and are added to `blocked`, as they came, also when there is an error.
// Errors: NOTRAIT (unknown namespace), PARSE (not UTF-8), LIMIT (length), NOIDENTITY (none left).
absl::StatusOr<std::vector<UsableIdentity>> UsableIdentities(
    const State& state, const std::vector<IdentityRef>& refs, std::vector<std::string>* warnings,
    std::vector<IdentityRef>* blocked = nullptr);

// Whether a value is no identity, by the rules or by the operator's list. `value`: normalised.
bool IsBlocked(const State& state, const IdentityRef& ref, std::string_view value);
// Errors: NOTRAIT (unknown namespace), PARSE (not UTF-8), LIMIT (length).
absl::Status CheckIdentity(const Schema& schema, const IdentityRef& ref);

// Who a command is about, and what it may do to who that is.
struct Call {
  std::vector<UsableIdentity> identities;  // not empty
  Timestamp time;                          // of the item
  Timestamp created_at;                    // these two for a profile that has to be made
  std::string_view via;
  bool identifies = false;     // binds devices to the person that it names
  bool authenticated = false;  // the caller vouches that the identities are one person's
};

struct Resolved {
  ProfileId profile;
  bool created = false;
  IdentityId origin = kNoOrigin;  // the strongest identity that was used
  // The identities of a person or contact that were used, and whether the profile had not had it.
  std::vector<std::pair<IdentityId, bool>> named;
};

// An identity that belongs to somebody else by the rules is left out, with a warning, and a
// conflict is recorded.
Resolved Resolve(Call call, Effects* effects, std::vector<std::string>* warnings);

// Leaves a record of what was kept apart: the namespace of the identity, "two people", "limit" or
// "cap", and the other profile, if there is one.
struct Conflict {
  std::string space;
  std::string reason;
  ProfileId other;
};
void RecordConflict(const Conflict& conflict, const Resolved& resolved, Timestamp time,
                    Effects* effects);

// The profiles that a call would find, each once; makes nothing.
std::vector<ProfileId> FindProfiles(const Call& call, const Effects& effects);

// How many identities of a namespace a profile has that count.
uint32_t CountActive(const State& state, ProfileId profile, NamespaceId name_space);

// Why the two are not to be one, a line each: the limits that they would pass, but for those of 1,
// where a merge by hand retires the loser's (R7), and the caps of R11.
std::vector<std::string> ConflictsOfMerge(const State& state, ProfileId survivor, ProfileId loser);
void RetireBeyondLimit(ProfileId survivor, ProfileId loser, Effects* effects);

// Whether a person is known to be behind the profile.
bool IsIdentified(const State& state, ProfileId profile);
// Whether nothing but devices and anonymous ids is known of who it is; an orphan is not anonymous.
bool IsAnonymous(const State& state, ProfileId profile);

}  // namespace roster

#endif  // ROSTER_ENGINE_COMMIT_RESOLVE_H_
