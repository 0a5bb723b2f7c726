// SPDX-License-Identifier: Apache-2.0
//
// What a command does, done as it is decided: each mutation is applied to the store and written to
// the commit's payload, so that what is decided next sees it. Nobody else does before the commit is
// finished, for the store's lock is held. Thread rule: the writer's, under the store's lock.
#ifndef ROSTER_ENGINE_COMMIT_EFFECTS_H_
#define ROSTER_ENGINE_COMMIT_EFFECTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "roster/value.h"
#include "storage/base/environment.h"
#include "storage/base/ids.h"
#include "storage/memory/change.h"
#include "storage/memory/read_view.h"
#include "storage/memory/store.h"

namespace roster {

// Makes event ids for events whose client gave none: ascending, also over restarts, since they
// begin with the clock that never goes back.
class EventIdSource {
 public:
  EventId Next(Timestamp clock);

 private:
  uint64_t last_ = 0;
};

class Effects {
 public:
  // `clock` is the commit's; its Advance comes before everything else. Lifetime: the store's and
  // the ids'. `declares_traits`: whether traits are declared on first use. `stopwatch`: for what
  // has so long and no longer; null: for ever.
  Effects(Store* store, EventIdSource* ids, Timestamp clock, bool declares_traits,
          Clock* stopwatch = nullptr)
      : store_(store),
        ids_(ids),
        clock_(clock),
        declares_traits_(declares_traits),
        stopwatch_(stopwatch) {}

  const Store& store() const { return *store_; }
  const State& state() const { return store_->state(); }
  const Schema& schema() const { return *state().schema; }
  Timestamp clock() const { return clock_; }
  bool declares_traits() const { return declares_traits_; }
  Clock* stopwatch() const { return stopwatch_; }
  // Encoded mutations; empty when nothing was done.
  const std::string& payload() const { return payload_; }
  const ChangeSet& changes() const { return changes_; }

  // Marks of shared devices; see Store.
  std::vector<PlacedMark> MarksOf(IdentityId device) const { return store_->MarksOf(device); }
  bool IsShared(IdentityId device) const { return store_->IsShared(device); }

  void Do(const Mutation& mutation);

  // Ids of names, which are declared when they are new. Requires: a known name has the type.
  TraitId Trait(std::string_view name, ValueType type, uint8_t scale);
  EventTypeId Event(std::string_view name);
  PropertyId Property(EventTypeId event, std::string_view name, ValueType type, uint8_t scale);
  // The type for the records of a trait.
  EventTypeId RecordsOf(TraitId trait);
  // A place for the records of all traits of a profile, before they move.
  void KeepRecordsOf(ProfileId profile);
  // The same, and one for the homes of all its records.
  void KeepHomesOf(ProfileId profile);
  // The property for the home of a type's records.
  PropertyId HomeOf(EventTypeId event);

  ProfileId AddProfile(Timestamp created_at, std::string_view via);
  IdentityId Attach(ProfileId profile, NamespaceId name_space, std::string_view value,
                    Timestamp time);
  // Writes a trait, and keeps what was said of it before.
  void Set(SetTrait set);
  // For a write that has no time of its own: `time`, or what is later than all that was said.
  // Cost: O(1) for a trait that shows the latest write, else O(its writes).
  Timestamp TimeOfWrite(ProfileId profile, TraitId trait, Timestamp time) const;
  // Adds a record of a type of the store's own, with the id or the next one. Its properties are
  // found by name. `home`: the profile id under which it came, when that is not the profile's.
  struct Record {
    std::string_view type;
    ProfileId profile;
    ProfileId home;
    Timestamp time;
    IdentityId origin = kNoOrigin;
    std::optional<EventId> id;
    std::vector<std::pair<std::string_view, Value>> values;
  };
  EventId Add(Record record);
  // `chosen`: traits of which a value is chosen by hand, by writes at `chosen_at`, to be taken back
  // when the two are taken apart.
  void Merge(const MergeProfiles& merge, const TextList& chosen = {}, Timestamp chosen_at = {});

 private:
  bool SaysNothing(SetTrait* set) const;
  void KeepStatus(ProfileId profile, bool archived);

  Store* const store_;
  EventIdSource* const ids_;
  const Timestamp clock_;
  const bool declares_traits_;
  Clock* const stopwatch_;
  std::string payload_;
  ChangeSet changes_;
};

}  // namespace roster

#endif  // ROSTER_ENGINE_COMMIT_EFFECTS_H_
