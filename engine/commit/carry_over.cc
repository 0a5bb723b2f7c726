// SPDX-License-Identifier: Apache-2.0
#include "engine/commit/carry_over.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <map>

#include "engine/reading/traits.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/people/own_records.h"

namespace roster {
namespace {

constexpr size_t kDueOfCommit = 256;
constexpr size_t kTakenBackOfProfile = 16;  // in a commit: each copies the profile's records

// What somebody wrote for the very moment stands, and each is carried once.
std::vector<Carried> ToCarry(const State& state, RowId row, std::vector<Carried> writes,
                             const std::vector<Carried>& before) {
  std::set<WriteKey> ours;
  for (const Carried& one : before) ours.insert(WriteKeyOf(one));
  std::map<std::string, std::set<Timestamp>> written;  // by trait, by anybody
  for (const Carried& write : writes) {
    const auto [times, is_new] = written.try_emplace(write.trait);
    if (!is_new) continue;
    for (const TraitWrite& by : WritesOf(state, row, *state.schema->FindTrait(write.trait))) {
      if (!ours.contains(WriteKeyOf(write.trait, by.said))) times->second.insert(by.said.time);
    }
  }
  std::sort(writes.begin(), writes.end(),
            [](const Carried& a, const Carried& b) { return KeyOf(a) < KeyOf(b); });
  const auto same = [](const Carried& a, const Carried& b) { return KeyOf(a) == KeyOf(b); };
  writes.erase(std::unique(writes.begin(), writes.end(), same), writes.end());
  std::erase_if(writes, [&](const Carried& write) {
    return written.find(write.trait)->second.contains(write.time);
  });
  return writes;
}

// Between what was carried and what is to be. Lifetime: of both.
struct Difference {
  std::vector<const Carried*> wrong;
  std::vector<const Carried*> missing;
  std::set<WriteKey> stays;
};

// `is_rule`: what rules carried that are no more stays.
template <typename IsRule>
Difference Compare(const std::vector<Carried>& before, const std::vector<Carried>& writes,
                   IsRule is_rule) {
  Difference differs;
  std::set<CarriedKey> wanted;
  for (const Carried& write : writes) {
    wanted.insert(KeyOf(write));
    differs.stays.insert(WriteKeyOf(write));
  }
  std::set<CarriedKey> had;
  for (const Carried& old : before) {
    had.insert(KeyOf(old));
    if (is_rule(old) && !wanted.contains(KeyOf(old))) {
      differs.wrong.push_back(&old);
    } else {
      differs.stays.insert(WriteKeyOf(old));
    }
  }
  for (const Carried& write : writes) {
    if (!had.contains(KeyOf(write))) differs.missing.push_back(&write);
  }
  return differs;
}

// The same whoever came first.
EventId RecordId(const State& state, const Carried& carried) {
  uint64_t words[3] = {carried.digest, static_cast<uint64_t>(carried.time.ms), 0};
  const std::string text =
      StrCat(carried.from.rule, "\n", carried.trait, "\n", carried.from.session);
  words[2] = XXH3_64bits(text.data(), text.size());
  if (carried.origin != kNoOrigin) {
    const std::string_view key = state.identities.KeyAt(carried.origin);
    words[2] ^= XXH3_64bits(key.data(), key.size());
  }
  return {XXH3_64bits(words, sizeof(words))};
}

void Carry(ProfileId profile, const Carried& carried, Effects* effects) {
  const EventTypeId type = effects->Event(kCarryRecords);
  const EventId id = RecordId(effects->state(), carried);
  const RowId row = *effects->state().FindProfile(profile);
  if (!effects->state().partition(type).Contains(row, id)) {
    effects->Add({.type = kCarryRecords,
                  .profile = profile,
                  .home = {},
                  .time = carried.time,
                  .origin = carried.origin,
                  .id = id,
                  .values = {{"rule", carried.from.rule},
                             {"session", carried.from.session},
                             {"trait", carried.trait},
                             {"digest", static_cast<int64_t>(carried.digest)}}});
  }
  const TraitId trait = *effects->schema().FindTrait(carried.trait);
  effects->Set({profile, trait, carried.value, carried.time, carried.origin});
}

// As if it had never been written. `stays`: whether the trait has the same write by another rule.
void TakeBack(ProfileId profile, const Carried& carried, bool stays, Effects* effects) {
  effects->KeepRecordsOf(profile);  // so that the value of now is a record, too
  effects->Do(RemoveRecord{profile, *effects->schema().FindEvent(kCarryRecords), carried.record});
  if (stays) return;
  const std::string type = TraitRecordsName(carried.trait);
  const std::optional<TraitId> trait = effects->schema().FindTrait(carried.trait);
  if (!trait || !effects->schema().FindEvent(type)) return;
  const State& state = effects->state();
  const RowId row = *state.FindProfile(profile);
  for (const OwnRecord& record : OwnRecordsOf(state, row, type)) {
    TraitRecord said{record.Get("value"), record.time()};
    const IdentityId origin = record.origin();
    if (origin != kNoOrigin && state.identities.IsAttached(origin)) said.origin = origin;
    if (WriteKeyOf(carried.trait, said) != WriteKeyOf(carried)) continue;
    effects->Do(RemoveRecord{profile, *effects->schema().FindEvent(type), record.id()});
    return;
  }
}

}  // namespace

void CarryOver::TakeRules(const State& state, Timestamp clock) {
  if (&*texts_ == &*state.definitions) return;
  texts_ = state.definitions;
  std::vector<CarryRule> rules = CarryRulesOf(state);
  if (rules == rules_) return;
  rules_ = std::move(rules);
  due_.clear();
  profiles_.clear();
  if (rules_.empty()) return;
  for (const ProfileId profile : ProfilesWithCarrying(state)) SetDue(profile, clock);
}

void CarryOver::SetDue(ProfileId profile, std::optional<Timestamp> due) {
  const auto known = profiles_.find(profile.value);
  if (known != profiles_.end()) {
    due_.erase({known->second, profile});
    profiles_.erase(known);
  }
  if (!due) return;
  due_.emplace(*due, profile);
  profiles_.emplace(profile.value, *due);
}

bool CarryOver::IsRule(const std::string& name) const {
  return std::ranges::any_of(rules_, [&](const CarryRule& rule) { return rule.name == name; });
}

void CarryOver::Run(Effects* effects) {
  const std::vector<CarryRule> before = rules_;
  TakeRules(effects->state(), effects->clock());
  if (rules_.empty() || rules_ != before) return;  // no room was reserved for what is due by them
  std::vector<ProfileId> profiles;
  for (const RowId row : effects->changes().rows) {
    if (effects->state().live.Test(row)) profiles.push_back(effects->state().ProfileAt(row));
  }
  size_t num_due = 0;
  for (const auto& [time, profile] : due_) {
    if (time > effects->clock() || num_due++ == kDueOfCommit) break;
    profiles.push_back(profile);
  }
  std::sort(profiles.begin(), profiles.end());
  profiles.erase(std::unique(profiles.begin(), profiles.end()), profiles.end());
  const size_t begin = effects->payload().size();
  for (const ProfileId profile : profiles) {
    if (effects->payload().size() - begin > kMaxBytes / 2) {
      SetDue(profile, effects->clock());
    } else {
      BringUp(profile, effects);
    }
  }
}

void CarryOver::BringUp(ProfileId profile, Effects* effects) {
  const State& state = effects->state();
  const std::optional<RowId> row = state.FindProfile(profile);
  SetDue(profile, std::nullopt);
  if (!row || !HasCarrying(state, *row)) return;
  Carrying carrying = CarryingOf(state, *row, rules_, effects->clock());
  const std::vector<Carried> before = CarriedBefore(state, *row);
  std::vector<Carried> writes = ToCarry(state, *row, std::move(carrying.writes), before);
  const size_t begin = effects->payload().size();
  const auto is_full = [&] { return effects->payload().size() - begin > kMaxBytes / 4; };
  const Difference differs =
      Compare(before, writes, [&](const Carried& old) { return IsRule(old.from.rule); });
  std::vector<const Carried*> wrong = differs.wrong;
  const bool is_much = wrong.size() > kTakenBackOfProfile;
  if (is_much) wrong.resize(kTakenBackOfProfile);
  for (const Carried* old : wrong) {
    TakeBack(profile, *old, differs.stays.contains(WriteKeyOf(*old)), effects);
  }
  for (const Carried* write : differs.missing) {
    if (!is_full()) Carry(profile, *write, effects);
  }
  if (is_full() || is_much) carrying.due = effects->clock();
  SetDue(state.ProfileAt(*state.FindProfile(profile)), carrying.due);
}

}  // namespace roster
