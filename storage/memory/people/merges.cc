// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/people/merges.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "storage/memory/people/own_names.h"

namespace roster {
namespace {

template <typename T>
T Or(const Value& value) {
  const T* known = std::get_if<T>(&value);
  return known != nullptr ? *known : T();
}

// Who the loser was merged into, one into the next.
std::vector<ProfileId> Above(const std::vector<MergeRecord>& merges, ProfileId loser,
                             ProfileId survivor) {
  absl::flat_hash_map<uint64_t, ProfileId> up;
  for (const MergeRecord& merge : merges) up[merge.loser.value] = merge.survivor;
  std::vector<ProfileId> above;
  for (auto it = up.find(loser.value); it != up.end() && it->second != survivor;) {
    above.push_back(it->second);
    if (above.size() > merges.size()) break;  // a circle: a file says anything
    it = up.find(it->second.value);
  }
  return above;
}

}  // namespace

std::vector<MergeRecord> MergesOf(const State& state, RowId row) {
  std::vector<MergeRecord> merges;
  const std::optional<EventTypeId> type = state.schema->FindEvent(kMergeRecords);
  if (!type) return merges;
  const EventPartition& partition = state.partition(*type);
  const std::optional<PropertyId> received =
      state.schema->event(*type).FindProperty(kMergeReceived);
  for (const EventRef event : partition.EventsOf(row)) {
    const EventBlock& block = partition.block(ChunkOf(row));
    const ProfileId loser{IdOf(block, event).value};
    if (state.FindProfile(loser) != row || loser == state.ProfileAt(row)) continue;
    const auto value = [&](PropertyId property) {
      const auto bits = PropertyOf(block, event, property);
      return bits ? DecodeCell(partition.properties()[property.value], *bits) : Value();
    };
    const auto came = [&](PropertyId at, PropertyId via) {
      return Creation{Or<Timestamp>(value(at)), Or<std::string>(value(via))};
    };
    merges.push_back({.loser = loser,
                      .survivor = {static_cast<uint64_t>(Or<int64_t>(value(kMergeSurvivor)))},
                      .loser_came = came(kMergeLoserCreated, kMergeLoserVia),
                      .survivor_came = came(kMergeSurvivorCreated, kMergeSurvivorVia),
                      .received = received ? Or<Timestamp>(value(*received)) : Timestamp{}});
  }
  return merges;
}

uint32_t CountMerges(const State& state, RowId row) {
  absl::flat_hash_set<uint64_t> homes;
  for (const IdentityId id : state.identities.OfRow(row)) {
    const NamespaceId space = state.identities.NameOf(id).name_space;
    if (IsOfDevice(state.schema->name_space(space).kind)) continue;
    if (const ProfileId home = state.identities.HomeOf(id); home.value != 0) {
      homes.insert(home.value);
    }
  }
  return static_cast<uint32_t>(homes.size());
}

std::optional<UnmergePlan> PlanUnmerge(const State& state, ProfileId loser) {
  const std::optional<RowId> row = state.FindProfile(loser);
  if (!row) return std::nullopt;
  const ProfileId survivor = state.ProfileAt(*row);
  UnmergePlan plan{*row, MergesOf(state, *row), {}, {survivor}, {}};
  const auto is_loser = [&](const MergeRecord& merge) { return merge.loser == loser; };
  if (std::ranges::none_of(plan.merges, is_loser)) return std::nullopt;
  absl::flat_hash_map<uint64_t, std::vector<ProfileId>> below;
  for (const MergeRecord& merge : plan.merges) below[merge.survivor.value].push_back(merge.loser);
  absl::flat_hash_set<uint64_t> gone = {loser.value};
  plan.gone = {loser};
  for (size_t i = 0; i < plan.gone.size(); ++i) {
    for (const ProfileId id : below[plan.gone[i].value]) {
      if (gone.insert(id.value).second) plan.gone.push_back(id);
    }
  }
  for (const MergeRecord& merge : plan.merges) {
    if (!gone.contains(merge.loser.value)) plan.stays.push_back(merge.loser);
  }
  plan.above = Above(plan.merges, loser, survivor);
  const size_t num_known = plan.gone.size() + plan.stays.size();
  if (num_known == state.profiles.NumIdsOf(*row, survivor)) return plan;
  // Merged without a record, as an older version did: nothing says below whom.
  absl::flat_hash_set<uint64_t> known = gone;
  for (const ProfileId id : plan.stays) known.insert(id.value);
  for (uint64_t id = 1; id <= state.profiles.size(); ++id) {
    if (!known.contains(id) && state.FindProfile({id}) == row) plan.stays.push_back({id});
  }
  return plan;
}

std::vector<ProfileId> JoinedInOrder(const State& state, RowId row) {
  std::vector<MergeRecord> merges = MergesOf(state, row);
  std::sort(merges.begin(), merges.end(), [](const MergeRecord& a, const MergeRecord& b) {
    return std::pair(b.received, b.loser) < std::pair(a.received, a.loser);  // the last first
  });
  std::vector<ProfileId> joined;
  std::vector<ProfileId> next = {state.ProfileAt(row)};
  while (!next.empty() && joined.size() <= merges.size()) {  // else a circle
    const ProfileId id = next.back();
    next.pop_back();
    joined.push_back(id);
    for (const MergeRecord& merge : merges) {
      if (merge.survivor == id) next.push_back(merge.loser);
    }
  }
  return joined;
}

Creation OwnCreation(const State& state, RowId row, ProfileId id) {
  for (const MergeRecord& merge : MergesOf(state, row)) {
    if (merge.survivor == id) return merge.survivor_came;
    if (merge.loser == id) return merge.loser_came;
  }
  const std::optional<Stamp> came = state.StampOf(kCreatedVia, row);
  return {came ? came->time : Timestamp{}, Or<std::string>(state.column(kCreatedVia).Get(row))};
}

Creation EarliestOf(const std::vector<MergeRecord>& merges, const std::vector<ProfileId>& ids) {
  absl::flat_hash_map<uint64_t, const Creation*> own;
  for (const MergeRecord& merge : merges) {
    own.try_emplace(merge.survivor.value, &merge.survivor_came);
    own.try_emplace(merge.loser.value, &merge.loser_came);
  }
  const Creation* first = nullptr;
  for (const ProfileId id : ids) {
    const auto it = own.find(id.value);
    if (it != own.end() && (first == nullptr || it->second->at < first->at)) first = it->second;
  }
  return first != nullptr ? *first : Creation{};
}

}  // namespace roster
