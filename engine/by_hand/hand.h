// SPDX-License-Identifier: Apache-2.0
//
// A hand on one profile: finds it in the version that is expected, does something, leaves a trace.
// Thread rule: the writer's, under the store's lock.
#ifndef ROSTER_ENGINE_BY_HAND_HAND_H_
#define ROSTER_ENGINE_BY_HAND_HAND_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/commit/check_item.h"
#include "engine/commit/effects.h"
#include "roster/write.h"

namespace roster {

// A profile, and how it was meant: by an id, which may have been merged into it since, or by one of
// its identities.
struct Target {
  ProfileId profile;
  ProfileId home;
  IdentityId origin = kNoOrigin;
};

// What an edit changed, for the audit trail: as JSON {"before":{...},"after":{...}}, where what was
// not there before, or is not after, is null. Identities stand apart, for a trait may have the name
// of a namespace: {"identities":{"email":{"before":...,"after":...}}}.
// A value longer than kMaxAuditBytes is its beginning, of a list the texts that fit, and "cut" has
// the names of these.
class Change {
 public:
  void Add(std::string_view name, const Value& before, const Value& after);
  // Of several of one namespace each has its own.
  void AddIdentity(std::string_view name_space, const Value& before, const Value& after);
  std::string ToJson() const;

 private:
  struct Identities {
    TextList before;
    TextList after;
  };

  std::string before_;
  std::string after_;
  std::string cut_;
  std::map<std::string, Identities> identities_;
};

class Hand {
 public:
  // Lifetime: the options' and the effects'.
  Hand(const WriteOptions& options, Effects* effects) : options_(options), effects_(effects) {}

  // Each refuses, then nothing was done, or does it whole.
  absl::StatusOr<ItemResult> Do(const Create& item);
  absl::StatusOr<ItemResult> Do(const Edit& item);
  absl::StatusOr<ItemResult> Do(const Attach& item);
  absl::StatusOr<ItemResult> Do(const Detach& item);
  absl::StatusOr<ItemResult> Do(const Move& item);
  absl::StatusOr<ItemResult> Do(const Split& item);
  absl::StatusOr<ItemResult> Do(const Erase& item);
  absl::StatusOr<ItemResult> Do(const Label& item);
  absl::StatusOr<ItemResult> Do(const Consent& item);
  absl::StatusOr<ItemResult> Do(const Note& item);
  absl::StatusOr<ItemResult> Do(const Archive& item);
  absl::StatusOr<ItemResult> Do(const Logout& item);
  absl::StatusOr<ItemResult> Do(const MergePlan& item);
  absl::StatusOr<ItemResult> Do(const Unmerge& item);
  absl::StatusOr<ItemResult> Do(const Declare& item);

  // Traits whose values a merge by hand chose, by writes of one time.
  struct Chosen {
    TextList traits;
    Timestamp at;
  };

 private:
  const State& state() const { return effects_->state(); }
  ProfileId ProfileAt(RowId row) const { return state().ProfileAt(row); }
  RowId RowOf(ProfileId id) const { return *state().FindProfile(id); }
  ProfileId OwnerOf(IdentityId id) const { return ProfileAt(state().identities.RowOf(id)); }

  // The profile, in the version that the command expects.
  absl::StatusOr<Target> Find(const ProfileRef& ref) const;
  absl::StatusOr<UsableIdentity> Usable(const IdentityRef& ref) const;
  // Whether the profile may have one more; of a namespace with a limit of 1 not another one.
  absl::Status CheckRoom(ProfileId profile, const UsableIdentity& identity) const;
  absl::Status Conflict(ProfileId owner, ProfileId wants) const;

  void SetTrait(Target target, TraitId trait, Value value, Change* change);
  void SetTraits(Target target, std::vector<Field> traits, Change* change);
  // A new identity; a device is the profile's from now on.
  void AttachNew(Target target, const UsableIdentity& identity);
  // Gives a profile the identity in place of those of its namespace, which become former ones.
  void Replace(Target target, const UsableIdentity& identity, std::vector<IdentityId>* former,
               Change* change);
  void TakeBackImplied(ProfileId profile, IdentityId identity);
  void Reinstate(ProfileId profile, NamespaceId space);
  void Hold(ProfileId profile, IdentityId identity);
  void TakeAlong(IdentityId identity, Target target, bool keep);
  void TakeBack(ProfileId profile, const Chosen& chosen);
  // Adds a record, which came by what the target was meant by, with the id or the next one.
  uint64_t Add(Target target, std::string_view type, Timestamp time,
               std::vector<std::pair<std::string_view, Value>> values,
               std::optional<EventId> id = std::nullopt);
  // Leaves a trace of what was done. `detail` is JSON. It goes where what was done goes: who is
  // split off and erased leaves nothing in the trail of who he was with.
  void Trace(Target target, std::string_view action, std::string detail);

  const WriteOptions& options_;
  Effects* const effects_;
};

}  // namespace roster

#endif  // ROSTER_ENGINE_BY_HAND_HAND_H_
