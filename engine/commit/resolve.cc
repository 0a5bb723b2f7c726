// SPDX-License-Identifier: Apache-2.0
#include "engine/commit/resolve.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <tuple>

#include "engine/commit/device_owner.h"
#include "engine/limits.h"
#include "engine/normalise.h"
#include "query/declarations/names.h"
#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/base/unicode.h"
#include "storage/memory/people/merges.h"
#include "storage/memory/people/own_names.h"

namespace roster {
namespace {

// The operator's list.
bool IsBlockedHere(const State& state, std::string_view space, std::string_view value) {
  const TextMap<std::string>& definitions = *state.definitions;
  return !definitions.empty() && definitions.contains(query::BlockedName(space, value));
}

// How many identities of each namespace a profile has that count, by NamespaceId.
std::vector<uint32_t> CountIdentities(const State& state, ProfileId profile) {
  std::vector<uint32_t> counts(state.schema->namespaces().size());
  for (const IdentityId id : state.identities.OfRow(*state.FindProfile(profile))) {
    if (state.identities.StandingOf(id) != IdentityStanding::kActive) continue;
    ++counts[state.identities.NameOf(id).name_space.value];
  }
  return counts;
}

Timestamp CreatedAt(const State& state, ProfileId profile) {
  return {state.column(kCreatedAt).Bits(*state.FindProfile(profile))};
}

// R4: identified over anonymous, else the earlier created, else the lower id.
ProfileId SurvivorOf(const State& state, const std::vector<ProfileId>& profiles) {
  const auto key = [&](ProfileId id) {
    return std::tuple(!IsIdentified(state, id), CreatedAt(state, id), id);
  };
  return *std::min_element(profiles.begin(), profiles.end(),
                           [&](ProfileId a, ProfileId b) { return key(a) < key(b); });
}

// One call being resolved.
class Resolver {
 public:
  Resolver(Call call, Effects* effects, std::vector<std::string>* warnings)
      : call_(std::move(call)), effects_(effects), warnings_(warnings) {}

  Resolved Run() {
    const auto middle = std::stable_partition(
        call_.identities.begin(), call_.identities.end(),
        [](const UsableIdentity& identity) { return !IsOfDevice(identity.kind); });
    std::vector<UsableIdentity> devices(std::make_move_iterator(middle),
                                        std::make_move_iterator(call_.identities.end()));
    call_.identities.erase(middle, call_.identities.end());
    if (call_.identities.empty()) {
      Visit(devices.front());
    } else {
      Name(devices);
      if (call_.identifies) Bind(devices);
    }
    for (const Conflict& conflict : conflicts_) {
      RecordConflict(conflict, resolved_, call_.time, effects_);
    }
    return std::move(resolved_);
  }

 private:
  struct Found {
    std::vector<ProfileId> profiles;  // each once, strongest identity first
    std::vector<const UsableIdentity*> unknown;
  };

  const State& state() const { return effects_->state(); }

  // Devices alone: of the strongest its owner at the time, else an anonymous visitor. The others
  // are bound by nothing but an identify, so that it does not matter what came first.
  void Visit(const UsableIdentity& device) {
    const auto id = state().identities.Find(device.name_space, device.value);
    const auto owner = id ? OwnerAt(*effects_, *id, call_.time) : std::nullopt;
    if (owner) {
      resolved_.profile = *owner;
    } else {
      Create();
      if (id) FillGap(*id, call_.time, resolved_.profile, effects_);
    }
    resolved_.origin = id ? *id : AttachNew(device);
  }

  // The anonymous one who has one of the devices then; of several R4 decides.
  std::optional<ProfileId> VisitorOf(const std::vector<UsableIdentity>& devices) const {
    std::vector<ProfileId> visitors;
    for (const UsableIdentity& device : devices) {
      const auto id = state().identities.Find(device.name_space, device.value);
      const auto visitor = id ? VisitorAt(*effects_, *id, call_.time) : std::nullopt;
      if (visitor && !IsIdentified(state(), *visitor)) visitors.push_back(*visitor);
    }
    if (visitors.empty()) return std::nullopt;
    return SurvivorOf(state(), visitors);
  }

  // R1, R2: identities that name somebody. When nobody is known by them, it is the visitor who has
  // one of the devices.
  void Name(const std::vector<UsableIdentity>& devices) {
    std::vector<UsableIdentity>& identities = call_.identities;
    Found found = LookUp();
    for (;;) {
      const std::string_view refusal = Refusal(found.profiles, found.unknown);
      if (refusal.empty() || identities.size() == 1) break;
      LeaveOut(identities.back(), refusal, found);
      identities.pop_back();
      found = LookUp();
    }
    if (found.profiles.empty()) {
      const std::optional<ProfileId> visitor = call_.identifies ? VisitorOf(devices) : std::nullopt;
      if (visitor) {
        resolved_.profile = *visitor;
      } else {
        Create();
      }
    } else {
      resolved_.profile = SurvivorOf(state(), found.profiles);
      Unite(found.profiles);
    }
    home_ = HomeOfLead();
    for (const UsableIdentity& identity : identities) {
      const auto known = state().identities.Find(identity.name_space, identity.value);
      resolved_.named.emplace_back(known ? *known : AttachNew(identity), !known);
    }
    resolved_.origin = resolved_.named.front().first;
  }

  // R3: the person has the devices from now on, and the visitor who had them is the person.
  void Bind(const std::vector<UsableIdentity>& devices) {
    for (const UsableIdentity& device : devices) {
      auto id = state().identities.Find(device.name_space, device.value);
      if (!id) {
        if (!Fits(device.name_space)) {
          LeaveOut(device, "limit", {});
          continue;
        }
        id = AttachNew(device);
      }
      if (HasAlone(*effects_, *id, resolved_.profile)) {
        Claim(*id, resolved_.profile, resolved_.origin, call_.time, effects_);
        continue;
      }
      const auto owner = VisitorAt(*effects_, *id, call_.time);
      if (owner && *owner != resolved_.profile && !IsIdentified(state(), *owner)) {
        if (!HasRoomForDevicesOf(*owner)) {
          LeaveOut(device, "limit", {{*owner}, {}});
          continue;
        }
        Unite({resolved_.profile, *owner});
      }
      Claim(*id, resolved_.profile, resolved_.origin, call_.time, effects_);
    }
  }

  Found LookUp() const {
    Found found;
    for (const UsableIdentity& identity : call_.identities) {
      const auto id = state().identities.Find(identity.name_space, identity.value);
      if (!id) {
        found.unknown.push_back(&identity);
        continue;
      }
      const ProfileId profile = state().ProfileAt(state().identities.RowOf(*id));
      if (std::find(found.profiles.begin(), found.profiles.end(), profile) ==
          found.profiles.end()) {
        found.profiles.push_back(profile);
      }
    }
    return found;
  }

  // Whether identified profiles may be one: the caller says so, and names each by an identity of
  // kind person.
  bool IsVouched(const std::vector<ProfileId>& identified) const {
    return call_.authenticated && std::ranges::all_of(identified, [&](ProfileId profile) {
             return std::ranges::any_of(call_.identities, [&](const UsableIdentity& identity) {
               if (identity.kind != NamespaceKind::kPerson) return false;
               const auto id = state().identities.Find(identity.name_space, identity.value);
               return id && state().ProfileAt(state().identities.RowOf(*id)) == profile;
             });
           });
  }

  // R2, R11: why the profiles may not become one with the new identities, or nothing: the union
  // keeps every limit, and at most one side is identified or the caller vouches.
  std::string_view Refusal(const std::vector<ProfileId>& profiles,
                           const std::vector<const UsableIdentity*>& unknown) const {
    if (profiles.size() <= 1 && unknown.empty()) return {};  // nothing changes
    const std::vector<NamespaceInfo>& spaces = state().schema->namespaces();
    std::vector<uint32_t> all(spaces.size());
    std::vector<ProfileId> identified;
    uint32_t num_merges = 0;
    for (const ProfileId profile : profiles) {
      const std::vector<uint32_t> counts = CountIdentities(state(), profile);
      for (size_t n = 0; n < all.size(); ++n) all[n] += counts[n];
      const bool is_identified = IsIdentified(state(), profile);
      if (is_identified) identified.push_back(profile);
      if (profiles.size() > 1) {
        num_merges += is_identified + CountMerges(state(), *state().FindProfile(profile));
      }
    }
    if (identified.size() > 1 && !IsVouched(identified)) return "two people";
    // One that is beyond a limit already, by force, may still get others.
    std::vector<bool> grows(spaces.size(), profiles.size() > 1);
    for (const UsableIdentity* identity : unknown) {
      ++all[identity->name_space.value];
      grows[identity->name_space.value] = true;
    }
    uint32_t total = 0;
    for (size_t n = 0; n < all.size(); ++n) {
      if (grows[n] && all[n] > spaces[n].limit) return "limit";
      total += all[n];
    }
    const bool capped = total > kMaxProfileIdentities || num_merges > kMaxProfileMerges;
    return capped ? "cap" : "";
  }

  // A visitor has nothing else.
  bool HasRoomForDevicesOf(ProfileId visitor) const {
    const std::vector<uint32_t> ours = CountIdentities(state(), resolved_.profile);
    const std::vector<uint32_t> theirs = CountIdentities(state(), visitor);
    for (size_t n = 0; n < ours.size(); ++n) {
      const bool beyond = ours[n] + theirs[n] > state().schema->namespaces()[n].limit;
      if (theirs[n] != 0 && beyond) return false;
    }
    return true;
  }

  bool Fits(NamespaceId name_space) const {
    const uint32_t count = CountIdentities(state(), resolved_.profile)[name_space.value];
    return count < state().schema->name_space(name_space).limit;
  }

  void LeaveOut(const UsableIdentity& identity, std::string_view reason, const Found& found) {
    const std::string& space = state().schema->name_space(identity.name_space).name;
    warnings_->push_back(
        StrCat("identity left out, it would join two people or pass a limit: ", space));
    const ProfileId other = found.profiles.empty() ? ProfileId{} : found.profiles.back();
    conflicts_.push_back({space, std::string(reason), other});
  }

  void Create() {
    resolved_.created = true;
    resolved_.profile = effects_->AddProfile(call_.created_at, call_.via);
  }

  IdentityId AttachNew(const UsableIdentity& identity) {
    const IdentityId id =
        effects_->Attach(resolved_.profile, identity.name_space, identity.value, call_.time);
    if (home_.value != 0) {
      effects_->Do(MoveIdentity{id, resolved_.profile, IdentityStanding::kActive, home_});
    }
    if (resolved_.origin == kNoOrigin) resolved_.origin = id;
    return id;
  }

  // What is new came under the id of the strongest identity that was known.
  ProfileId HomeOfLead() const {
    for (const UsableIdentity& identity : call_.identities) {
      const auto known = state().identities.Find(identity.name_space, identity.value);
      if (known) return state().identities.HomeOf(*known);
    }
    return {};
  }

  void Unite(const std::vector<ProfileId>& profiles) {
    for (const ProfileId profile : profiles) {
      if (profile == resolved_.profile) continue;
      effects_->Merge({profile, resolved_.profile, call_.time, resolved_.origin});
    }
  }

  Call call_;
  Effects* const effects_;
  std::vector<std::string>* const warnings_;
  Resolved resolved_;
  ProfileId home_;  // of new identities, where that is not the profile's own id
  std::vector<Conflict> conflicts_;
};

}  // namespace

bool IsIdentified(const State& state, ProfileId profile) {
  for (const IdentityId id : state.identities.OfRow(*state.FindProfile(profile))) {
    const NamespaceId space = state.identities.NameOf(id).name_space;
    const bool former = state.identities.StandingOf(id) == IdentityStanding::kFormer;
    if (!former && state.schema->name_space(space).kind == NamespaceKind::kPerson) return true;
  }
  return false;
}

bool IsAnonymous(const State& state, ProfileId profile) {
  if (IsIdentified(state, profile)) return false;
  bool any = false;
  for (const IdentityId id : state.identities.OfRow(*state.FindProfile(profile))) {
    const NamespaceId space = state.identities.NameOf(id).name_space;
    if (!IsOfDevice(state.schema->name_space(space).kind)) return false;
    any = true;
  }
  return any;
}

uint32_t CountActive(const State& state, ProfileId profile, NamespaceId name_space) {
  return CountIdentities(state, profile)[name_space.value];
}

std::vector<std::string> ConflictsOfMerge(const State& state, ProfileId survivor, ProfileId loser) {
  const std::vector<uint32_t> ours = CountIdentities(state, survivor);
  const std::vector<uint32_t> theirs = CountIdentities(state, loser);
  std::vector<std::string> conflicts;
  uint32_t total = 0;
  for (size_t n = 0; n < ours.size(); ++n) {
    const NamespaceInfo& space = state.schema->namespaces()[n];
    const uint32_t both = ours[n] + theirs[n];
    total += both;
    if (space.limit == 1 || both <= space.limit) continue;
    conflicts.push_back(
        StrCat("together they have ", both, " of ", space.name, ", of at most ", space.limit));
  }
  if (total > kMaxProfileIdentities) {
    conflicts.push_back(
        StrCat("together they have more than ", kMaxProfileIdentities, " identities"));
  }
  const auto merges = [&](ProfileId id) { return CountMerges(state, *state.FindProfile(id)); };
  if (merges(survivor) + merges(loser) >= kMaxProfileMerges) {
    conflicts.push_back(StrCat("a profile takes at most ", kMaxProfileMerges, " merges"));
  }
  return conflicts;
}

void RetireBeyondLimit(ProfileId survivor, ProfileId loser, Effects* effects) {
  const State& state = effects->state();
  const std::vector<uint32_t> ours = CountIdentities(state, survivor);
  for (const IdentityId id : state.identities.OfRow(*state.FindProfile(loser))) {
    const NamespaceId space = state.identities.NameOf(id).name_space;
    const bool beyond = state.schema->name_space(space).limit == 1 && ours[space.value] != 0;
    if (!beyond || state.identities.StandingOf(id) != IdentityStanding::kActive) continue;
    effects->Do(MoveIdentity{id, loser, IdentityStanding::kRetired});
  }
}

void RecordConflict(const Conflict& conflict, const Resolved& resolved, Timestamp time,
                    Effects* effects) {
  // Whom the rest of the command has made the same person is nobody else.
  const State& state = effects->state();
  const auto row = state.FindProfile(conflict.other);
  const bool apart = row && state.ProfileAt(*row) != resolved.profile;
  const ProfileId other = apart ? conflict.other : ProfileId{};
  effects->Add({.type = kConflictRecords,
                .profile = resolved.profile,
                .home = {},
                .time = time,
                .origin = resolved.origin,
                .id = {},
                .values = {{"other", static_cast<int64_t>(other.value)},
                           {"identity", conflict.space},
                           {"reason", conflict.reason}}});
}

Resolved Resolve(Call call, Effects* effects, std::vector<std::string>* warnings) {
  return Resolver(std::move(call), effects, warnings).Run();
}

std::vector<ProfileId> FindProfiles(const Call& call, const Effects& effects) {
  std::vector<ProfileId> profiles;
  for (const UsableIdentity& identity : call.identities) {
    const auto id = effects.state().identities.Find(identity.name_space, identity.value);
    if (!id) continue;
    const RowId row = effects.state().identities.RowOf(*id);
    const std::optional<ProfileId> profile = IsOfDevice(identity.kind)
                                                 ? OwnerAt(effects, *id, call.time)
                                                 : effects.state().ProfileAt(row);
    if (profile && std::find(profiles.begin(), profiles.end(), *profile) == profiles.end()) {
      profiles.push_back(*profile);
    }
  }
  return profiles;
}

bool IsBlocked(const State& state, const IdentityRef& ref, std::string_view value) {
  return IsBlockedIdentity(ref.value, value) || IsBlockedHere(state, ref.space, value);
}

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

absl::StatusOr<std::vector<UsableIdentity>> UsableIdentities(const State& state,
                                                             const std::vector<IdentityRef>& refs,
                                                             std::vector<std::string>* warnings,
                                                             std::vector<IdentityRef>* blocked) {
  if (refs.size() > kMaxItemIdentities) {
    return MakeError(ErrorCode::kLimit,
                     StrCat("more than ", kMaxItemIdentities, " identities in one item"));
  }
  const Schema& schema = *state.schema;
  std::vector<UsableIdentity> usable;
  for (const IdentityRef& ref : refs) {
    ROSTER_RETURN_IF_ERROR(CheckIdentity(schema, ref));
    const NamespaceId id = *schema.FindNamespace(ref.space);
    UsableIdentity identity{id, NormaliseIdentity(ref.space, ref.value, state.default_region),
                            schema.name_space(id).kind, schema.name_space(id).rank};
    if (IsBlocked(state, ref, identity.value)) {
      warnings->push_back(StrCat("blocked value is no identity: ", ref.space));
      if (blocked != nullptr) blocked->push_back(ref);
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

}  // namespace roster
