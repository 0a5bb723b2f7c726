// SPDX-License-Identifier: Apache-2.0
//
// Profiles by hand and whose identities are: create, set, attach, detach, move, split, erase.
// Source: IDENTITY.md R10, R13-R16.
#include <algorithm>
#include <limits>

#include "engine/by_hand/hand.h"
#include "engine/commit/device_owner.h"
#include "engine/commit/implied.h"
#include "engine/commit/resolve.h"
#include "engine/limits.h"
#include "engine/reading/profile_ref.h"
#include "engine/reading/traits.h"
#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/memory/people/implied_time.h"
#include "storage/memory/people/merges.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/people/own_records.h"

namespace roster {
namespace {

constexpr Timestamp kBegin{std::numeric_limits<int64_t>::min()};
constexpr Timestamp kEnd{std::numeric_limits<int64_t>::max()};

std::string IdText(ProfileId id) { return StrCat("p", id.value); }

void WarnOfCreatedAt(const CheckedTraits& traits, std::vector<std::string>* warnings) {
  if (!traits.created_at) return;
  warnings->push_back("trait is taken from an `identify` only, left out: created_at");
}

}  // namespace

void Hand::AttachNew(Target target, const UsableIdentity& identity) {
  const ProfileId profile = target.profile;
  const auto known = state().identities.Find(identity.name_space, identity.value);
  const IdentityId id =
      known ? *known
            : effects_->Attach(profile, identity.name_space, identity.value, effects_->clock());
  if (target.home != profile) {
    effects_->Do(MoveIdentity{id, profile, IdentityStanding::kActive, target.home});
  }
  if (!IsOfDevice(identity.kind)) {
    return Imply(profile, id, effects_->clock(), !known, effects_);
  }
  if (IsIdentified(state(), profile)) {
    Claim(id, profile, kNoOrigin, effects_->clock(), effects_);
  } else if (known) {
    FillGap(id, effects_->clock(), profile, effects_);
  }
}

absl::StatusOr<ItemResult> Hand::Do(const Create& item) {
  std::vector<std::string> warnings;
  std::vector<UsableIdentity> identities;
  if (!item.identities.empty()) {
    ROSTER_ASSIGN_OR_RETURN(identities,
                            UsableIdentities(effects_->state(), item.identities, &warnings));
  } else if (!item.orphan) {
    return MakeError(ErrorCode::kNoIdentity,
                     "no identity: give one, or say that an orphan is meant");
  }
  std::vector<uint32_t> counts(effects_->schema().namespaces().size());
  for (const UsableIdentity& identity : identities) {
    const NamespaceInfo& space = effects_->schema().name_space(identity.name_space);
    if (++counts[identity.name_space.value] > space.limit) {
      return MakeError(ErrorCode::kLimit, StrCat("more identities than a profile may have, of ",
                                                 space.name, ": ", space.limit));
    }
    const auto known = state().identities.Find(identity.name_space, identity.value);
    if (!known || state().identities.StandingOf(*known) == IdentityStanding::kLoggedOut) continue;
    return MakeError(ErrorCode::kExists,
                     StrCat("an identity is known already, of ", IdText(OwnerOf(*known))));
  }
  Names names(effects_->store(), effects_->declares_traits());
  ROSTER_ASSIGN_OR_RETURN(CheckedTraits traits, CheckTraits(item.traits, &names, &warnings));
  WarnOfCreatedAt(traits, &warnings);
  ROSTER_RETURN_IF_ERROR(CheckSource(item.source));
  const ProfileId profile =
      effects_->AddProfile(effects_->clock(), item.source.empty() ? "manual" : item.source);
  Change change;
  for (const UsableIdentity& identity : identities) {  // strongest first: devices come last
    AttachNew({profile, profile}, identity);
    change.AddIdentity(effects_->schema().name_space(identity.name_space).name, {}, identity.value);
  }
  SetTraits({profile, profile}, std::move(traits.fields), &change);
  Trace({profile, profile}, "create", change.ToJson());
  return ItemResult{
      .status = {}, .profile = profile, .created = true, .warnings = std::move(warnings)};
}

// An address that is no more does not speak for the trait.
void Hand::TakeBackImplied(ProfileId profile, IdentityId identity) {
  const NamespaceId space = state().identities.NameOf(identity).name_space;
  const std::string type = TraitRecordsName(effects_->schema().name_space(space).name);
  std::vector<EventId> implied;
  for (const OwnRecord& write : OwnRecordsOf(state(), RowOf(profile), type)) {
    if (IsImplied(write.time()) && write.origin() == identity) implied.push_back(write.id());
  }
  for (const EventId id : implied) {
    effects_->Do(RemoveRecord{profile, *effects_->schema().FindEvent(type), id});
  }
}

void Hand::Replace(Target target, const UsableIdentity& identity, std::vector<IdentityId>* former,
                   Change* change) {
  const ProfileId profile = target.profile;
  const std::string& space = effects_->schema().name_space(identity.name_space).name;
  TextList before;
  bool has = false;
  for (const IdentityId old : state().identities.OfRow(RowOf(profile))) {
    const IdentityName name = state().identities.NameOf(old);
    if (name.name_space != identity.name_space) continue;
    if (state().identities.StandingOf(old) == IdentityStanding::kFormer) continue;
    if (name.value == identity.value) {
      has = true;
      continue;
    }
    before.emplace_back(name.value);
    effects_->Do(MoveIdentity{old, profile, IdentityStanding::kFormer});
    former->push_back(old);
  }
  Value after;
  if (!identity.value.empty()) after = identity.value;
  if (!identity.value.empty() && !has) {
    HoldVisits(profile, effects_);
    AttachNew(target, identity);
  }
  for (const std::string& old : before) change->AddIdentity(space, old, {});
  change->AddIdentity(space, {}, after);
}

// An empty value takes the namespace's identities away.
absl::StatusOr<ItemResult> Hand::Do(const Edit& item) {
  ROSTER_ASSIGN_OR_RETURN(const Target target, Find(item.profile));
  for (const Field& field : item.traits) {
    if (!item.known_only || effects_->schema().FindTrait(field.key)) continue;
    return MakeError(ErrorCode::kNoTrait, StrCat("unknown trait: ", field.key));
  }
  std::vector<std::string> warnings;
  Names names(effects_->store(), effects_->declares_traits());
  ROSTER_ASSIGN_OR_RETURN(CheckedTraits traits, CheckTraits(item.traits, &names, &warnings));
  WarnOfCreatedAt(traits, &warnings);
  std::vector<UsableIdentity> identities;
  for (const IdentityRef& ref : item.identities) {
    const auto space = effects_->schema().FindNamespace(ref.space);
    if (!space) return MakeError(ErrorCode::kNoTrait, StrCat("unknown namespace: ", ref.space));
    if (IsOfDevice(effects_->schema().name_space(*space).kind)) {
      return MakeError(ErrorCode::kErr, "a device is attached, detached or moved");
    }
    UsableIdentity identity{*space, {}};
    if (!ref.value.empty()) {
      ROSTER_ASSIGN_OR_RETURN(identity, Usable(ref));
    }
    const auto known = state().identities.Find(*space, identity.value);
    if (known && OwnerOf(*known) != target.profile) {
      return Conflict(OwnerOf(*known), target.profile);
    }
    // One that may not change: an external id.
    const bool immutable = effects_->schema().name_space(*space).limit == 1;
    if (immutable && !known) ROSTER_RETURN_IF_ERROR(CheckRoom(target.profile, identity));
    identities.push_back(std::move(identity));
  }
  Change change;
  std::vector<IdentityId> former;
  for (const UsableIdentity& identity : identities) {
    Replace(target, identity, &former, &change);
    // An address is also the trait of its namespace's name, unless that is set with it.
    const std::string& space = effects_->schema().name_space(identity.name_space).name;
    const auto same = [&](const Field& field) { return field.key == space; };
    if (!ImpliedTrait(effects_->schema(), identity.name_space)) continue;
    if (std::ranges::any_of(traits.fields, same)) continue;
    traits.fields.push_back({space, {}});
    if (!identity.value.empty()) traits.fields.back().value = identity.value;
  }
  SetTraits(target, std::move(traits.fields), &change);
  for (const IdentityId identity : former) TakeBackImplied(target.profile, identity);
  Trace(target, "set", change.ToJson());
  return ItemResult{.status = {}, .profile = target.profile, .warnings = std::move(warnings)};
}

// When one is gone, the first to come of those that were beyond the limit takes its place.
void Hand::Reinstate(ProfileId profile, NamespaceId space) {
  if (CountActive(state(), profile, space) >= effects_->schema().name_space(space).limit) return;
  const std::vector<IdentityId> all = state().identities.OfRow(RowOf(profile));
  for (const ProfileId home : JoinedInOrder(state(), RowOf(profile))) {
    for (const IdentityId id : all) {
      const bool same = state().identities.NameOf(id).name_space == space;
      if (!same || state().identities.StandingOf(id) != IdentityStanding::kRetired) continue;
      const ProfileId came = state().identities.HomeOf(id);
      if (home != (came.value != 0 ? came : profile)) continue;
      return effects_->Do(MoveIdentity{id, profile, IdentityStanding::kActive});
    }
  }
}

// What came by the identity so far is the profile's, also when it is joined with whoever gets it
// and taken apart again.
void Hand::Hold(ProfileId profile, IdentityId identity) {
  effects_->KeepHomesOf(profile);
  effects_->Do(MoveRecords{profile, profile, identity, {kMinTimeMs}, kEnd});
}

void Hand::TakeAlong(IdentityId identity, Target target, bool keep) {
  const ProfileId to = target.profile;
  const ProfileId from = OwnerOf(identity);
  if (from == to) return;
  const NamespaceId space = state().identities.NameOf(identity).name_space;
  if (IsOfDevice(effects_->schema().name_space(space).kind)) {
    HoldVisits(from, effects_);
    if (keep) return Claim(identity, to, kNoOrigin, effects_->clock(), effects_);
  }
  if (keep) Hold(from, identity);
  // One that was beyond its limit beside others may be within it now.
  IdentityStanding standing = state().identities.StandingOf(identity);
  const bool room = CountActive(state(), to, space) < effects_->schema().name_space(space).limit;
  if (standing == IdentityStanding::kRetired && room) standing = IdentityStanding::kActive;
  const ProfileId home = target.home != to ? target.home : ProfileId{};
  effects_->Do(MoveIdentity{identity, to, standing, home});  // what comes along has its home
  Reinstate(from, space);
  effects_->KeepRecordsOf(from);
  // What the identity itself implies goes with it in any case.
  effects_->Do(MoveRecords{from, to, identity, kBegin, keep ? Timestamp{kMinTimeMs} : kEnd});
}

absl::StatusOr<ItemResult> Hand::Do(const Attach& item) {
  ROSTER_ASSIGN_OR_RETURN(const Target target, Find(item.profile));
  ROSTER_ASSIGN_OR_RETURN(const UsableIdentity identity, Usable(item.identity));
  const ProfileId profile = target.profile;
  ItemResult result{.status = {}, .profile = profile};
  auto known = state().identities.Find(identity.name_space, identity.value);
  if (known && state().identities.StandingOf(*known) == IdentityStanding::kLoggedOut) known = {};
  if (known && OwnerOf(*known) == profile) return result;
  if (known && identity.kind != NamespaceKind::kContact) {
    return Conflict(OwnerOf(*known), profile);
  }
  ROSTER_RETURN_IF_ERROR(CheckRoom(profile, identity));
  HoldVisits(profile, effects_);
  if (known) {
    result.other = OwnerOf(*known);
    TakeAlong(*known, target, item.keep);
    Trace({result.other, result.other}, "attach", StrCat("{\"to\":\"", IdText(profile), "\"}"));
  } else {
    AttachNew(target, identity);
  }
  Change change;
  change.AddIdentity(effects_->schema().name_space(identity.name_space).name, {}, identity.value);
  Trace(target, "attach", change.ToJson());
  return result;
}

absl::StatusOr<ItemResult> Hand::Do(const Detach& item) {
  ROSTER_ASSIGN_OR_RETURN(const Target target, Find(item.identity));
  ROSTER_ASSIGN_OR_RETURN(const IdentityId identity, FindIdentity(state(), item.identity));
  const ProfileId to = effects_->AddProfile(effects_->clock(), "split");
  TakeAlong(identity, {to, to}, item.keep);
  Trace(target, "detach", StrCat("{\"to\":\"", IdText(to), "\"}"));
  Trace({to, to}, "create", StrCat("{\"from\":\"", IdText(target.profile), "\"}"));
  return ItemResult{.status = {}, .profile = to, .created = true, .other = target.profile};
}

absl::StatusOr<ItemResult> Hand::Do(const Move& item) {
  ROSTER_ASSIGN_OR_RETURN(const IdentityId identity, FindIdentity(state(), item.identity));
  ROSTER_ASSIGN_OR_RETURN(const Target target, Find(item.to));
  ROSTER_ASSIGN_OR_RETURN(const UsableIdentity usable, Usable(item.identity));
  const ProfileId from = OwnerOf(identity);
  ItemResult result{.status = {}, .profile = target.profile, .other = from};
  if (from == target.profile) return result;
  ROSTER_RETURN_IF_ERROR(CheckRoom(target.profile, usable));
  HoldVisits(target.profile, effects_);
  TakeAlong(identity, target, true);
  Trace({from, from}, "move", StrCat("{\"to\":\"", IdText(target.profile), "\"}"));
  Trace(target, "move", StrCat("{\"from\":\"", IdText(from), "\"}"));
  return result;
}

absl::StatusOr<ItemResult> Hand::Do(const Split& item) {
  ROSTER_ASSIGN_OR_RETURN(const Target target, Find(item.profile));
  std::vector<IdentityId> identities;
  std::vector<uint32_t> counts(effects_->schema().namespaces().size());
  for (const IdentityRef& ref : item.identities) {
    ROSTER_ASSIGN_OR_RETURN(const IdentityId id, FindIdentity(state(), ref));
    if (OwnerOf(id) != target.profile) {
      return MakeError(ErrorCode::kConflict, "an identity is not the profile's");
    }
    const NamespaceId space = state().identities.NameOf(id).name_space;
    if (++counts[space.value] > effects_->schema().name_space(space).limit) {
      return MakeError(ErrorCode::kLimit, "more identities than a profile may have");
    }
    identities.push_back(id);
  }
  if (identities.empty()) return MakeError(ErrorCode::kNoIdentity, "no identity to split off");
  const ProfileId to = effects_->AddProfile(effects_->clock(), "split");
  for (const IdentityId id : identities) TakeAlong(id, {to, to}, false);
  Trace(target, "split", StrCat("{\"to\":\"", IdText(to), "\"}"));
  Trace({to, to}, "create", StrCat("{\"from\":\"", IdText(target.profile), "\"}"));
  return ItemResult{.status = {}, .profile = to, .created = true, .other = target.profile};
}

absl::StatusOr<ItemResult> Hand::Do(const Erase& item) {
  ROSTER_ASSIGN_OR_RETURN(const Target target, Find(item.profile));
  if (item.unseen_since) {
    const int64_t last_seen_ms = state().column(kLastSeen).Bits(RowOf(target.profile));
    if (!IsAnonymous(state(), target.profile) || last_seen_ms >= item.unseen_since->ms) {
      return MakeError(ErrorCode::kStale, "somebody was seen since, or is known by now");
    }
  }
  LeaveDevices(target.profile, effects_);
  effects_->Do(EraseProfile{target.profile});
  return ItemResult{.status = {}, .profile = target.profile};
}

}  // namespace roster
