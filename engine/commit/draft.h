// SPDX-License-Identifier: Apache-2.0
//
// What a command has decided so far: mutations, and the store as it will be with them, so that
// each item of a batch sees those before it while nothing is applied yet. Thread rule: the
// writer's.
#ifndef ROSTER_ENGINE_COMMIT_DRAFT_H_
#define ROSTER_ENGINE_COMMIT_DRAFT_H_

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "roster/value.h"
#include "storage/base/ids.h"
#include "storage/base/text.h"
#include "storage/memory/change.h"
#include "storage/memory/read_view.h"

namespace roster {

// A trait or property as a draft knows it.
template <typename Id>
struct Declared {
  Id id;
  ValueType type = ValueType::kNone;
  uint8_t scale = 0;
  bool system = false;
};

// What the draft knows of one trait value, for last write wins.
struct TraitState {
  std::optional<Timestamp> time;  // of the last set or clear
  Value value;
};

// Invariants: (1) applying mutations() to the state gives the store that the getters describe;
// (2) every mutation passes Store::Check in its turn.
class Draft {
 public:
  // Lifetime: the state outlives the draft and does not change under it.
  explicit Draft(const State& state) : state_(state) {}

  const State& state() const { return state_; }
  const std::vector<Mutation>& mutations() const { return mutations_; }
  std::vector<Mutation> TakeMutations() { return std::move(mutations_); }

  // Ids of a new declaration are the next dense ones. `types` are as declared.
  std::optional<Declared<TraitId>> FindTrait(std::string_view name) const;
  Declared<TraitId> AddTrait(std::string_view name, ValueType type, uint8_t scale);
  size_t num_traits() const { return state_.columns.size() + new_traits_.size(); }
  std::optional<EventTypeId> FindEvent(std::string_view name) const;
  EventTypeId AddEventType(std::string_view name);
  size_t num_events() const { return state_.partitions.size() + new_events_.size(); }
  std::optional<Declared<PropertyId>> FindProperty(EventTypeId event, std::string_view name) const;
  Declared<PropertyId> AddProperty(EventTypeId event, std::string_view name, ValueType type,
                                   uint8_t scale);
  size_t num_properties(EventTypeId event) const;

  // An identity that is there: its number, which events and traits keep as their origin, and the
  // profile that it points to, through merges of the draft.
  struct KnownIdentity {
    IdentityId id;
    ProfileId profile;
  };
  std::optional<KnownIdentity> FindIdentity(NamespaceId name_space, std::string_view value) const;
  // How many identities of each namespace the profile has, by NamespaceId.
  std::vector<uint32_t> CountIdentities(ProfileId profile) const;
  Timestamp CreatedAt(ProfileId profile) const;
  bool HasEvent(ProfileId profile, EventTypeId event, EventId id) const;
  TraitState TraitOf(ProfileId profile, TraitId trait) const;

  ProfileId AddProfile(Timestamp created_at, std::string_view via);
  // The identity is new; its number is filled in, and returned.
  IdentityId Attach(AttachIdentity attach);
  void Set(SetTrait set);
  void Add(AddEvent add);
  void Merge(MergeProfiles merge);
  void Retain(SetRetention retention) { mutations_.emplace_back(retention); }

 private:
  // The profile that answers for an id, through merges of the draft.
  ProfileId Resolve(ProfileId profile) const;
  // The ids of the state that were merged into a profile by the draft, itself first.
  using Sides = absl::InlinedVector<ProfileId, 4>;
  Sides SidesOf(ProfileId profile) const;

  const State& state_;
  std::vector<Mutation> mutations_;

  TextMap<Declared<TraitId>> new_traits_;
  TextMap<EventTypeId> new_events_;
  absl::flat_hash_map<EventTypeId, TextMap<Declared<PropertyId>>> new_properties_;
  absl::flat_hash_map<std::pair<NamespaceId, std::string>, KnownIdentity> new_identities_;
  absl::flat_hash_map<uint64_t, std::vector<uint32_t>> new_identity_counts_;  // by ProfileId
  absl::flat_hash_map<uint64_t, Timestamp> new_profiles_;                     // by ProfileId
  absl::flat_hash_map<uint64_t, uint64_t> merged_;                            // loser to survivor
  absl::flat_hash_set<std::tuple<uint64_t, EventTypeId, EventId>> new_event_ids_;
  absl::flat_hash_map<std::pair<uint64_t, TraitId>, TraitState> new_values_;
};

}  // namespace roster

#endif  // ROSTER_ENGINE_COMMIT_DRAFT_H_
