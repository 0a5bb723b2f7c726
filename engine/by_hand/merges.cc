// SPDX-License-Identifier: Apache-2.0
//
// Joining two profiles by hand, and what takes apart: the plan that was previewed, unmerge, logout.
// Source: IDENTITY.md R3, R10, R17.
#include "storage/memory/people/merges.h"
#include "engine/by_hand/hand.h"
#include "engine/commit/device_owner.h"
#include "engine/commit/resolve.h"
#include "engine/reading/profile_ref.h"
#include "engine/reading/traits.h"
#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/people/own_records.h"

namespace roster {
namespace {

// The traits whose values were chosen when the loser was merged, and when.
Hand::Chosen ChosenBy(const State& state, RowId row, ProfileId loser) {
  for (const OwnRecord& merge : OwnRecordsOf(state, row, kMergeRecords)) {
    if (merge.id().value != loser.value) continue;
    const Value names = merge.Get(kMergeChosen);
    const Value at = merge.Get(kMergeChosenAt);
    const auto* list = std::get_if<TextList>(&names);
    const auto* time = std::get_if<Timestamp>(&at);
    if (list != nullptr && time != nullptr) return {*list, *time};
  }
  return {};
}

}  // namespace

void Hand::TakeBack(ProfileId profile, const Chosen& chosen) {
  for (const std::string& name : chosen.traits) {
    const std::string type = TraitRecordsName(name);
    for (const OwnRecord& write : OwnRecordsOf(state(), RowOf(profile), type)) {
      if (write.time() != chosen.at || write.origin() != kNoOrigin) continue;
      effects_->Do(RemoveRecord{profile, *effects_->schema().FindEvent(type), write.id()});
      break;
    }
  }
}

absl::StatusOr<ItemResult> Hand::Do(const Logout& item) {
  std::vector<std::string> warnings;
  ROSTER_ASSIGN_OR_RETURN(std::vector<UsableIdentity> devices,
                          UsableIdentities(effects_->state(), item.identities, &warnings));
  std::erase_if(devices, [](const UsableIdentity& identity) { return !IsOfDevice(identity.kind); });
  if (devices.empty()) return MakeError(ErrorCode::kNoIdentity, "no device to log out of");
  ROSTER_ASSIGN_OR_RETURN(const Timestamp time, CheckTime(item.time, effects_->clock()));
  ItemResult result{.status = {}, .profile = {}, .warnings = std::move(warnings)};
  for (const UsableIdentity& device : devices) {
    const auto id = state().identities.Find(device.name_space, device.value);
    if (!id) {
      result.warnings.push_back("nobody is known on the device");
      continue;
    }
    const std::optional<ProfileId> owner = OwnerAt(*effects_, *id, time);
    if (owner && result.profile.value == 0) result.profile = *owner;
    LogOut(*id, time, "split", effects_);
  }
  return result;
}

absl::StatusOr<ItemResult> Hand::Do(const MergePlan& item) {
  ROSTER_ASSIGN_OR_RETURN(const RowId survivor, FindRow(state(), item.survivor));
  ROSTER_ASSIGN_OR_RETURN(const RowId loser, FindRow(state(), item.loser));
  if (survivor == loser || VersionOf(state(), survivor) != item.survivor_version ||
      VersionOf(state(), loser) != item.loser_version) {
    return MakeError(ErrorCode::kStale, "a profile was edited since the preview");
  }
  const ProfileId stays = ProfileAt(survivor);
  const ProfileId goes = ProfileAt(loser);
  if (!item.force) {
    const std::vector<std::string> conflicts = ConflictsOfMerge(state(), stays, goes);
    if (!conflicts.empty()) return MakeError(ErrorCode::kConflict, conflicts[0]);
  }
  std::vector<std::pair<TraitId, Value>> chosen;
  TextList names_chosen;
  Timestamp at = effects_->clock();  // behind all that either has
  for (const auto& [names, row] :
       {std::pair(&item.of_survivor, survivor), std::pair(&item.of_loser, loser)}) {
    for (const std::string& name : *names) {
      const auto trait = effects_->schema().FindTrait(name);
      if (!trait || !IsOfClients(effects_->schema().trait(*trait))) {
        return MakeError(ErrorCode::kNoTrait, StrCat("unknown trait: ", name));
      }
      chosen.emplace_back(*trait, state().column(*trait).Get(row));
      names_chosen.push_back(name);
      for (const RowId side : {survivor, loser}) {
        const auto stamp = state().StampOf(*trait, side);
        if (stamp && stamp->time >= at) at = {stamp->time.ms + 1};
      }
    }
  }
  HoldVisits(stays, effects_);
  HoldVisits(goes, effects_);
  RetireBeyondLimit(stays, goes, effects_);
  effects_->Merge({goes, stays, effects_->clock(), kNoOrigin}, names_chosen, at);
  for (auto& [trait, value] : chosen) {
    effects_->Set({stays, trait, std::move(value), at, kNoOrigin});
  }
  Trace({stays, stays}, item.force ? "merge by force" : "merge",
        StrCat("{\"loser\":\"p", goes.value, "\"}"));
  return ItemResult{.status = {}, .profile = stays, .other = goes};
}

absl::StatusOr<ItemResult> Hand::Do(const Unmerge& item) {
  ROSTER_ASSIGN_OR_RETURN(const Target target, Find(item.loser));
  if (!PlanUnmerge(state(), item.loser)) {
    return MakeError(ErrorCode::kErr, StrCat("p", item.loser.value, " is not merged into another"));
  }
  const ProfileId from = target.profile;
  const Chosen chosen = ChosenBy(state(), RowOf(from), item.loser);
  const std::vector<Visit> visits = ClaimedVisits(state(), item.loser);
  effects_->KeepRecordsOf(from);
  effects_->Do(UnmergeProfile{item.loser});
  TakeBack(from, chosen);
  Part(item.loser, from, visits, effects_);
  for (const ProfileId side : {item.loser, from}) {
    for (size_t n = 0; n < effects_->schema().namespaces().size(); ++n) {
      Reinstate(side, {static_cast<uint16_t>(n)});
    }
  }
  Trace({from, from}, "unmerge", StrCat("{\"loser\":\"p", item.loser.value, "\"}"));
  Trace({item.loser, item.loser}, "unmerge", StrCat("{\"from\":\"p", from.value, "\"}"));
  return ItemResult{.status = {}, .profile = item.loser, .other = from};
}

}  // namespace roster
