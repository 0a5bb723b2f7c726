// SPDX-License-Identifier: Apache-2.0
#include "engine/commit/by_hand.h"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

#include "engine/coerce.h"
#include "engine/commit/declaring.h"
#include "engine/commit/device_owner.h"
#include "engine/commit/resolve.h"
#include "engine/limits.h"
#include "engine/reading/profile_ref.h"
#include "roster/error.h"
#include "roster/json.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/base/unicode.h"
#include "storage/memory/people/own_names.h"

namespace roster {
namespace {

constexpr Timestamp kBegin{std::numeric_limits<int64_t>::min()};
constexpr Timestamp kEnd{std::numeric_limits<int64_t>::max()};

std::string IdText(ProfileId id) { return StrCat("p", id.value); }

class Hand {
 public:
  Hand(const HandContext& context, Effects* effects) : context_(context), effects_(effects) {}

  absl::StatusOr<ItemResult> Do(const Create& item);
  absl::StatusOr<ItemResult> Do(const Edit& item);
  absl::StatusOr<ItemResult> Do(const Attach& item);
  absl::StatusOr<ItemResult> Do(const Detach& item);
  absl::StatusOr<ItemResult> Do(const Move& item);
  absl::StatusOr<ItemResult> Do(const Label& item);
  absl::StatusOr<ItemResult> Do(const Consent& item);
  absl::StatusOr<ItemResult> Do(const Note& item);
  absl::StatusOr<ItemResult> Do(const Archive& item);
  absl::StatusOr<ItemResult> Do(const Logout& item);
  absl::StatusOr<ItemResult> Do(const MergePlan& item);
  absl::StatusOr<ItemResult> Do(const Unmerge& item);
  absl::StatusOr<ItemResult> Do(const Split& item);
  absl::StatusOr<ItemResult> Do(const Erase& item);
  absl::StatusOr<ItemResult> Do(const Declare& item);

 private:
  const State& state() const { return effects_->state(); }
  ProfileId ProfileAt(RowId row) const { return state().ProfileAt(row); }
  RowId RowOf(ProfileId id) const { return *state().FindProfile(id); }

  // The profile, in the version that the command expects.
  absl::StatusOr<ProfileId> Find(const ProfileRef& ref) const;
  absl::StatusOr<IdentityId> FindOwned(const IdentityRef& ref) const;
  absl::StatusOr<UsableIdentity> Usable(const IdentityRef& ref) const;
  absl::Status CheckLimit(ProfileId profile, NamespaceId name_space) const;
  absl::Status Conflict(ProfileId owner, ProfileId wants) const;

  void SetTraits(ProfileId profile, std::vector<Field> traits);
  void SetTrait(ProfileId profile, TraitId trait, Value value);
  // Behind everything that was said of it, and not before now.
  Timestamp TimeFor(ProfileId profile, TraitId trait) const;
  uint64_t AddRecord(ProfileId profile, std::string_view type, Timestamp time,
                     std::vector<std::pair<std::string_view, Value>> values);
  // Leaves a trace of what was done. `detail` is JSON.
  void Trace(ProfileId profile, std::string_view action, std::string detail);
  void TakeAlong(IdentityId identity, ProfileId to, bool keep);

  const HandContext context_;
  Effects* const effects_;
};

absl::StatusOr<ProfileId> Hand::Find(const ProfileRef& ref) const {
  ROSTER_ASSIGN_OR_RETURN(const RowId row, FindRow(state(), ref));
  const std::string& expected = context_.options->expected_version;
  if (!expected.empty() && expected != VersionOf(state(), row)) {
    return MakeError(ErrorCode::kStale, "the profile has another version by now");
  }
  return ProfileAt(row);
}

absl::StatusOr<IdentityId> Hand::FindOwned(const IdentityRef& ref) const {
  ROSTER_ASSIGN_OR_RETURN(const IdentityId id, FindIdentity(state(), ref));
  ROSTER_RETURN_IF_ERROR(Find(ProfileAt(state().identities.RowOf(id))).status());
  return id;
}

absl::StatusOr<UsableIdentity> Hand::Usable(const IdentityRef& ref) const {
  std::vector<std::string> warnings;
  ROSTER_ASSIGN_OR_RETURN(std::vector<UsableIdentity> usable,
                          UsableIdentities(effects_->schema(), {ref}, &warnings));
  return std::move(usable[0]);
}

absl::Status Hand::CheckLimit(ProfileId profile, NamespaceId name_space) const {
  const NamespaceInfo& space = effects_->schema().name_space(name_space);
  if (CountActive(state(), profile, name_space) < space.limit) return absl::OkStatus();
  return MakeError(ErrorCode::kLimit, StrCat("the profile has as many identities as it may, of ",
                                             space.name, ": ", space.limit));
}

absl::Status Hand::Conflict(ProfileId owner, ProfileId wants) const {
  return MakeError(ErrorCode::kConflict,
                   StrCat("the identity belongs to ", IdText(owner), ", not to ", IdText(wants),
                          "; see MERGE PREVIEW ", IdText(wants), " ", IdText(owner)));
}

Timestamp Hand::TimeFor(ProfileId profile, TraitId trait) const {
  const std::optional<Stamp> known = state().StampOf(trait, RowOf(profile));
  if (!known || known->time < effects_->clock()) return effects_->clock();
  return {known->time.ms + 1};
}

void Hand::SetTrait(ProfileId profile, TraitId trait, Value value) {
  effects_->Set({profile, trait, std::move(value), TimeFor(profile, trait), kNoOrigin});
}

void Hand::SetTraits(ProfileId profile, std::vector<Field> traits) {
  for (Field& field : traits) {
    const auto* decimal = std::get_if<Decimal>(&field.value);
    const TraitId trait = effects_->Trait(field.key, TypeOf(field.value),
                                          decimal != nullptr ? decimal->scale : uint8_t{0});
    SetTrait(profile, trait, std::move(field.value));
  }
}

uint64_t Hand::AddRecord(ProfileId profile, std::string_view type, Timestamp time,
                         std::vector<std::pair<std::string_view, Value>> values) {
  const EventTypeId event = effects_->Event(type);
  std::vector<std::pair<PropertyId, Value>> properties;
  for (auto& [name, value] : values) {
    const PropertyId property = effects_->Property(event, name, TypeOf(value), 0);
    properties.emplace_back(property, std::move(value));
  }
  const EventId id = context_.ids->Next(effects_->clock());
  effects_->Do(AddEvent{profile, event, id, time, kNoOrigin, std::move(properties)});
  return id.value;
}

void Hand::Trace(ProfileId profile, std::string_view action, std::string detail) {
  AddRecord(profile, kEditRecords, effects_->clock(),
            {{"actor", context_.options->actor},
             {"action", std::string(action)},
             {"detail", Json{std::move(detail)}}});
}

void Hand::TakeAlong(IdentityId identity, ProfileId to, bool keep) {
  const ProfileId from = ProfileAt(state().identities.RowOf(identity));
  effects_->Do(MoveIdentity{identity, to, state().identities.StandingOf(identity)});
  if (keep || from == to) return;
  effects_->KeepRecordsOf(from);
  effects_->Do(MoveRecords{from, to, identity, kBegin, kEnd});
}

absl::StatusOr<ItemResult> Hand::Do(const Create& item) {
  std::vector<std::string> warnings;
  std::vector<UsableIdentity> identities;
  if (item.identities.empty()) {
    if (!item.orphan) {
      return MakeError(ErrorCode::kNoIdentity,
                       "no identity: give one, or say that an orphan is meant");
    }
  } else {
    ROSTER_ASSIGN_OR_RETURN(identities,
                            UsableIdentities(effects_->schema(), item.identities, &warnings));
  }
  for (const UsableIdentity& identity : identities) {
    const auto known = state().identities.Find(identity.name_space, identity.value);
    if (!known) continue;
    return MakeError(ErrorCode::kExists,
                     StrCat("an identity is known already, of ",
                            IdText(ProfileAt(state().identities.RowOf(*known)))));
  }
  Names names(effects_->schema());
  ROSTER_ASSIGN_OR_RETURN(CheckedTraits traits, CheckTraits(item.traits, &names, &warnings));
  ROSTER_RETURN_IF_ERROR(CheckText("source", item.source));
  const ProfileId profile =
      effects_->AddProfile(effects_->clock(), item.source.empty() ? "manual" : item.source);
  for (const UsableIdentity& identity : identities) {
    effects_->Attach(profile, identity.name_space, identity.value, effects_->clock());
  }
  SetTraits(profile, std::move(traits.fields));
  Trace(profile, "create", "{}");
  return ItemResult{
      .status = {}, .profile = profile, .created = true, .warnings = std::move(warnings)};
}

absl::StatusOr<ItemResult> Hand::Do(const Edit& item) {
  ROSTER_ASSIGN_OR_RETURN(const ProfileId profile, Find(item.profile));
  std::vector<std::string> warnings;
  Names names(effects_->schema());
  ROSTER_ASSIGN_OR_RETURN(CheckedTraits traits, CheckTraits(item.traits, &names, &warnings));
  std::vector<UsableIdentity> identities;
  for (const IdentityRef& ref : item.identities) {
    ROSTER_ASSIGN_OR_RETURN(UsableIdentity identity, Usable(ref));
    const auto known = state().identities.Find(identity.name_space, identity.value);
    const ProfileId owner = known ? ProfileAt(state().identities.RowOf(*known)) : profile;
    if (owner != profile) return Conflict(owner, profile);
    identities.push_back(std::move(identity));
  }
  for (const UsableIdentity& identity : identities) {
    for (const IdentityId old : state().identities.OfRow(RowOf(profile))) {
      const IdentityName name = state().identities.NameOf(old);
      if (name.name_space != identity.name_space || name.value == identity.value) continue;
      effects_->Do(MoveIdentity{old, profile, IdentityStanding::kFormer});
    }
    if (!state().identities.Find(identity.name_space, identity.value)) {
      effects_->Attach(profile, identity.name_space, identity.value, effects_->clock());
    }
    const auto trait =
        effects_->schema().FindTrait(effects_->schema().name_space(identity.name_space).name);
    if (trait && effects_->schema().trait(*trait).type == ValueType::kText) {
      SetTrait(profile, *trait, identity.value);
    }
  }
  SetTraits(profile, std::move(traits.fields));
  Trace(profile, "set", "{}");
  return ItemResult{.status = {}, .profile = profile, .warnings = std::move(warnings)};
}

absl::StatusOr<ItemResult> Hand::Do(const Attach& item) {
  ROSTER_ASSIGN_OR_RETURN(const ProfileId profile, Find(item.profile));
  ROSTER_ASSIGN_OR_RETURN(const UsableIdentity identity, Usable(item.identity));
  ItemResult result{.status = {}, .profile = profile};
  const auto known = state().identities.Find(identity.name_space, identity.value);
  if (known && ProfileAt(state().identities.RowOf(*known)) == profile) return result;
  if (known && identity.kind != NamespaceKind::kContact) {
    return Conflict(ProfileAt(state().identities.RowOf(*known)), profile);
  }
  ROSTER_RETURN_IF_ERROR(CheckLimit(profile, identity.name_space));
  if (known) {
    result.other = ProfileAt(state().identities.RowOf(*known));
    TakeAlong(*known, profile, item.keep);
  } else {
    effects_->Attach(profile, identity.name_space, identity.value, effects_->clock());
  }
  Trace(profile, "attach", "{}");
  return result;
}

absl::StatusOr<ItemResult> Hand::Do(const Detach& item) {
  ROSTER_ASSIGN_OR_RETURN(const IdentityId identity, FindOwned(item.identity));
  const ProfileId from = ProfileAt(state().identities.RowOf(identity));
  const ProfileId to = effects_->AddProfile(effects_->clock(), "split");
  TakeAlong(identity, to, item.keep);
  Trace(from, "detach", "{}");
  return ItemResult{.status = {}, .profile = to, .created = true, .other = from};
}

absl::StatusOr<ItemResult> Hand::Do(const Move& item) {
  ROSTER_ASSIGN_OR_RETURN(const IdentityId identity, FindIdentity(state(), item.identity));
  ROSTER_ASSIGN_OR_RETURN(const ProfileId to, Find(item.to));
  const ProfileId from = ProfileAt(state().identities.RowOf(identity));
  ItemResult result{.status = {}, .profile = to, .other = from};
  if (from == to) return result;
  ROSTER_RETURN_IF_ERROR(CheckLimit(to, state().identities.NameOf(identity).name_space));
  TakeAlong(identity, to, true);
  Trace(to, "move", "{}");
  return result;
}

absl::StatusOr<ItemResult> Hand::Do(const Label& item) {
  ROSTER_ASSIGN_OR_RETURN(const ProfileId profile, Find(item.profile));
  for (const auto* labels : {&item.add, &item.remove}) {
    for (const std::string& label : *labels) ROSTER_RETURN_IF_ERROR(CheckText("label", label));
  }
  for (const auto* labels : {&item.add, &item.remove}) {
    for (const std::string& label : *labels) {
      AddRecord(profile, kLabelRecords, effects_->clock(),
                {{"label", ToNfc(label)}, {"added", labels == &item.add}});
    }
  }
  Trace(profile, "label", "{}");
  return ItemResult{.status = {}, .profile = profile};
}

absl::StatusOr<ItemResult> Hand::Do(const Consent& item) {
  ROSTER_ASSIGN_OR_RETURN(const ProfileId profile, Find(item.profile));
  const std::pair<std::string_view, const std::string*> texts[] = {{"channel", &item.channel},
                                                                   {"address", &item.address},
                                                                   {"policy", &item.policy},
                                                                   {"version", &item.version},
                                                                   {"source", &item.source}};
  std::vector<std::pair<std::string_view, Value>> values;
  values.emplace_back("channel", ToNfc(item.channel));
  values.emplace_back("decision", static_cast<int64_t>(item.decision));
  if (item.channel.empty()) return MakeError(ErrorCode::kParse, "consent without a channel");
  for (const auto& [name, text] : texts) {
    ROSTER_RETURN_IF_ERROR(CheckText(name, *text));
    if (name != "channel") values.emplace_back(name, ToNfc(*text));
  }
  AddRecord(profile, kConsentRecords, item.time.value_or(effects_->clock()), std::move(values));
  return ItemResult{.status = {}, .profile = profile};
}

absl::StatusOr<ItemResult> Hand::Do(const Note& item) {
  ROSTER_ASSIGN_OR_RETURN(const ProfileId profile, Find(item.profile));
  ItemResult result{.status = {}, .profile = profile};
  if (item.remove == 0) {
    ROSTER_RETURN_IF_ERROR(CheckText("note", item.text));
    result.record = AddRecord(profile, kNoteRecords, effects_->clock(),
                              {{"text", item.text}, {"actor", context_.options->actor}});
    return result;
  }
  const auto type = effects_->schema().FindEvent(kNoteRecords);
  if (!type || !state().partition(*type).Contains(RowOf(profile), {item.remove})) {
    return MakeError(ErrorCode::kErr, "the profile has no such note");
  }
  effects_->KeepRecordsOf(profile);
  effects_->Do(RemoveRecord{profile, *type, {item.remove}});
  result.record = item.remove;
  return result;
}

absl::StatusOr<ItemResult> Hand::Do(const Archive& item) {
  ROSTER_ASSIGN_OR_RETURN(const ProfileId profile, Find(item.profile));
  SetTrait(profile, effects_->Trait(kArchived, ValueType::kBoolean, 0), item.archived);
  Trace(profile, item.archived ? "archive" : "activate", "{}");
  return ItemResult{.status = {}, .profile = profile};
}

absl::StatusOr<ItemResult> Hand::Do(const Logout& item) {
  std::vector<std::string> warnings;
  ROSTER_ASSIGN_OR_RETURN(const std::vector<UsableIdentity> devices,
                          UsableIdentities(effects_->schema(), item.identities, &warnings));
  const Timestamp time = item.time.value_or(effects_->clock());
  ItemResult result{.status = {}, .profile = {}, .warnings = std::move(warnings)};
  for (const UsableIdentity& device : devices) {
    const auto id = state().identities.Find(device.name_space, device.value);
    const bool is_device =
        device.kind == NamespaceKind::kDevice || device.kind == NamespaceKind::kAnonymous;
    if (!id || !is_device) continue;
    result.profile = OwnerAt(*effects_, *id, time).value_or(result.profile);
    LogOut(*id, time, "split", effects_);
  }
  if (result.profile.value == 0) return MakeError(ErrorCode::kNoProfile, "no such device");
  return result;
}

absl::StatusOr<ItemResult> Hand::Do(const MergePlan& item) {
  ROSTER_ASSIGN_OR_RETURN(const RowId survivor, FindRow(state(), item.survivor));
  ROSTER_ASSIGN_OR_RETURN(const RowId loser, FindRow(state(), item.loser));
  if (survivor == loser) return MakeError(ErrorCode::kErr, "the two are one profile already");
  if (VersionOf(state(), survivor) != item.survivor_version ||
      VersionOf(state(), loser) != item.loser_version) {
    return MakeError(ErrorCode::kStale, "a profile was edited since the preview");
  }
  const ProfileId stays = ProfileAt(survivor);
  const ProfileId goes = ProfileAt(loser);
  if (!item.force) {
    if (const auto space = PassedLimit(state(), stays, goes)) {
      return MakeError(ErrorCode::kConflict, StrCat("together they pass the limit of ", *space));
    }
  }
  std::vector<std::pair<TraitId, Value>> chosen;
  for (const std::string& name : item.of_loser) {
    const auto trait = effects_->schema().FindTrait(name);
    if (!trait) return MakeError(ErrorCode::kNoTrait, StrCat("unknown trait: ", name));
    chosen.emplace_back(*trait, state().column(*trait).Get(loser));
  }
  RetireBeyondLimit(stays, goes, effects_);
  effects_->Merge({goes, stays, effects_->clock(), kNoOrigin});
  for (auto& [trait, value] : chosen) SetTrait(stays, trait, std::move(value));
  Trace(stays, "merge", StrCat("{\"loser\":\"", IdText(goes), "\"}"));
  return ItemResult{.status = {}, .profile = stays, .other = goes};
}

absl::StatusOr<ItemResult> Hand::Do(const Unmerge& item) {
  const std::optional<RowId> row = state().FindProfile(item.loser);
  if (!row) return MakeError(ErrorCode::kNoProfile, "no such profile");
  const auto merges = effects_->schema().FindEvent(kMergeRecords);
  if (!merges || !state().partition(*merges).Contains(*row, {item.loser.value})) {
    return MakeError(ErrorCode::kErr, StrCat(IdText(item.loser), " was not merged into another"));
  }
  const ProfileId from = ProfileAt(*row);
  effects_->KeepRecordsOf(from);
  effects_->Do(UnmergeProfile{item.loser});
  Trace(from, "unmerge", StrCat("{\"loser\":\"", IdText(item.loser), "\"}"));
  return ItemResult{.status = {}, .profile = item.loser, .other = from};
}

absl::StatusOr<ItemResult> Hand::Do(const Split& item) {
  ROSTER_ASSIGN_OR_RETURN(const ProfileId from, Find(item.profile));
  std::vector<IdentityId> identities;
  for (const IdentityRef& ref : item.identities) {
    ROSTER_ASSIGN_OR_RETURN(const IdentityId id, FindIdentity(state(), ref));
    if (ProfileAt(state().identities.RowOf(id)) != from) {
      return MakeError(ErrorCode::kConflict, "an identity is not the profile's");
    }
    identities.push_back(id);
  }
  if (identities.empty()) return MakeError(ErrorCode::kNoIdentity, "no identity to split off");
  const ProfileId to = effects_->AddProfile(effects_->clock(), "split");
  for (const IdentityId id : identities) TakeAlong(id, to, false);
  Trace(from, "split", StrCat("{\"profile\":\"", IdText(to), "\"}"));
  return ItemResult{.status = {}, .profile = to, .created = true, .other = from};
}

absl::StatusOr<ItemResult> Hand::Do(const Erase& item) {
  ROSTER_ASSIGN_OR_RETURN(const ProfileId profile, Find(item.profile));
  effects_->Do(EraseProfile{profile});
  return ItemResult{.status = {}, .profile = profile};
}

absl::StatusOr<ItemResult> Hand::Do(const Declare& item) {
  ROSTER_RETURN_IF_ERROR(DoDeclare(item, effects_));
  return ItemResult{.status = {}, .profile = {}};
}

template <typename T>
constexpr bool kIsCall = std::is_same_v<T, Identify> || std::is_same_v<T, Track> ||
                         std::is_same_v<T, Alias> || std::is_same_v<T, Retain>;

}  // namespace

bool StandsAlone(const WriteItem& item) {
  return std::visit([]<typename T>(const T&) { return !kIsCall<T>; }, item);
}

ItemResult DoByHand(const WriteItem& item, const HandContext& context, Effects* effects) {
  return std::visit(
      [&]<typename T>(const T& one) -> ItemResult {
        if constexpr (kIsCall<T>) {
          return {.status = MakeError(ErrorCode::kErr, "not a command by hand"), .profile = {}};
        } else {
          absl::StatusOr<ItemResult> result = Hand(context, effects).Do(one);
          if (result.ok()) return *std::move(result);
          return {.status = result.status(), .profile = {}};
        }
      },
      item);
}

}  // namespace roster
