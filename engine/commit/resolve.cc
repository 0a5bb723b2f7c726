// SPDX-License-Identifier: Apache-2.0
#include "engine/commit/resolve.h"

#include <algorithm>

#include "engine/limits.h"
#include "engine/normalise.h"
#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/base/unicode.h"

namespace roster {
namespace {

absl::Status CheckIdentity(const Schema& schema, const IdentityRef& ref) {
  if (FindInvalidUtf8(ref.space) || FindInvalidUtf8(ref.value)) {
    return MakeError(ErrorCode::kParse, "identity is not valid UTF-8");
  }
  if (!schema.FindNamespace(ref.space)) {
    return MakeError(ErrorCode::kNoTrait, StrCat("unknown namespace: ", ref.space));
  }
  if (ref.value.size() > kMaxIdentityBytes) {
    return MakeError(ErrorCode::kLimit, StrCat("identity longer than ", kMaxIdentityBytes,
                                               " bytes, namespace: ", ref.space));
  }
  return absl::OkStatus();
}

bool IsIdentified(const std::vector<uint32_t>& counts, const Schema& schema) {
  for (size_t n = 0; n < counts.size(); ++n) {
    if (counts[n] != 0 && schema.namespaces()[n].kind == NamespaceKind::kPerson) return true;
  }
  return false;
}

// R2: whether the profiles may become one with the new identities: the union keeps every limit and
// at most one side is identified.
bool MayUnite(const LookUp& found, const Draft& draft) {
  if (found.profiles.size() == 1 && found.unknown.empty()) return true;  // nothing changes
  const Schema& schema = *draft.state().schema;
  std::vector<uint32_t> all(schema.namespaces().size());
  int num_identified = 0;
  for (const ProfileId profile : found.profiles) {
    const std::vector<uint32_t> counts = draft.CountIdentities(profile);
    num_identified += IsIdentified(counts, schema);
    for (size_t n = 0; n < all.size(); ++n) all[n] += counts[n];
  }
  for (const UsableIdentity* identity : found.unknown) ++all[identity->name_space.value];
  for (size_t n = 0; n < all.size(); ++n) {
    if (all[n] > schema.namespaces()[n].limit) return false;
  }
  return num_identified <= 1;
}

// R4: identified over anonymous, else the earlier created, else the lower id.
ProfileId Survivor(const std::vector<ProfileId>& profiles, const Draft& draft) {
  const auto key = [&](ProfileId id) {
    const bool identified = IsIdentified(draft.CountIdentities(id), *draft.state().schema);
    return std::tuple(!identified, draft.CreatedAt(id), id);
  };
  return *std::min_element(profiles.begin(), profiles.end(),
                           [&](ProfileId a, ProfileId b) { return key(a) < key(b); });
}

}  // namespace

LookUp LookUpAll(const std::vector<UsableIdentity>& identities, const Draft& draft) {
  LookUp found;
  for (const UsableIdentity& identity : identities) {
    const auto known = draft.FindIdentity(identity.name_space, identity.value);
    if (&identity == &identities.front() && known) found.first = known->id;
    if (!known) {
      found.unknown.push_back(&identity);
    } else if (std::find(found.profiles.begin(), found.profiles.end(), known->profile) ==
               found.profiles.end()) {
      found.profiles.push_back(known->profile);
    }
  }
  return found;
}

absl::StatusOr<std::vector<UsableIdentity>> UsableIdentities(const Schema& schema,
                                                             const std::vector<IdentityRef>& refs,
                                                             std::vector<std::string>* warnings) {
  if (refs.size() > kMaxItemIdentities) {
    return MakeError(ErrorCode::kLimit,
                     StrCat("more than ", kMaxItemIdentities, " identities in one item"));
  }
  std::vector<UsableIdentity> usable;
  for (const IdentityRef& ref : refs) {
    ROSTER_RETURN_IF_ERROR(CheckIdentity(schema, ref));
    const NamespaceId id = *schema.FindNamespace(ref.space);
    UsableIdentity identity{id, NormaliseIdentity(ref.space, ref.value),
                            schema.name_space(id).rank};
    if (IsBlockedIdentity(identity.value)) {
      warnings->push_back(StrCat("blocked value is no identity: ", ref.space));
    } else {
      usable.push_back(std::move(identity));
    }
  }
  if (usable.empty()) {
    return MakeError(ErrorCode::kNoIdentity,
                     refs.empty() ? "no identity: give one of userId, anonymousId or identities"
                                  : "no usable identity: every value is blocked");
  }
  std::stable_sort(usable.begin(), usable.end(),
                   [](const auto& a, const auto& b) { return a.rank < b.rank; });
  std::vector<UsableIdentity> distinct;
  for (UsableIdentity& identity : usable) {
    if (std::find(distinct.begin(), distinct.end(), identity) == distinct.end()) {
      distinct.push_back(std::move(identity));
    }
  }
  return distinct;
}

Resolved ResolveProfile(std::vector<UsableIdentity> identities, LookUp found, Timestamp time,
                        Timestamp created_at, std::string_view via, Draft* draft,
                        std::vector<std::string>* warnings) {
  while (identities.size() > 1 && !MayUnite(found, *draft)) {
    const Schema& schema = *draft->state().schema;
    warnings->push_back(StrCat("identity left out, it would join two people or pass a limit: ",
                               schema.name_space(identities.back().name_space).name));
    identities.pop_back();
    found = LookUpAll(identities, *draft);
  }
  Resolved resolved;
  resolved.created = found.profiles.empty();
  resolved.profile =
      resolved.created ? draft->AddProfile(created_at, via) : Survivor(found.profiles, *draft);
  resolved.origin = found.first;
  for (const UsableIdentity* identity : found.unknown) {
    const IdentityId id =
        draft->Attach({resolved.profile, {}, identity->name_space, identity->value, time});
    if (identity == &identities.front()) resolved.origin = id;
    resolved.attached.push_back(*identity);
  }
  for (const ProfileId profile : found.profiles) {
    if (profile == resolved.profile) continue;
    draft->Merge({profile, resolved.profile, time, resolved.origin});
  }
  return resolved;
}

}  // namespace roster
