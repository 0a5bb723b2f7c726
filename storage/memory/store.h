// SPDX-License-Identifier: Apache-2.0
//
// The writer's store: applies mutations to the state and takes views of it. It knows no log, no
// policy, no clock of its own. Thread rule: one writer at a time (the engine holds a lock).
#ifndef ROSTER_STORAGE_MEMORY_STORE_H_
#define ROSTER_STORAGE_MEMORY_STORE_H_

#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "roster/value.h"
#include "storage/memory/change.h"
#include "storage/memory/read_view.h"

namespace roster {

// What lasts and is in no view.
struct StorePending {
  Timestamp clock;  // the highest Advance
  // Times later than it at which profiles will have been seen, ascending.
  std::vector<std::pair<Timestamp, ProfileId>> seen_later;
};

class Store {
 public:
  Store();

  const State& state() const { return state_; }
  Lsn lsn() const { return lsn_; }
  // The highest Advance.
  Timestamp clock() const { return clock_; }
  // The earliest time at which an Advance changes what a view shows, if any: things of the future
  // count when their time comes.
  std::optional<Timestamp> next_due() const;

  // Whether a mutation fits the state: ids exist or are the next, values have their types. What
  // the engine makes always does; recovery asks before it applies. Errors: CORRUPT.
  absl::Status Check(const Mutation& mutation) const;

  // Applies one mutation and adds to `changes` what it touched. Cannot fail. Requires: Check is ok.
  void Apply(const Mutation& mutation, ChangeSet* changes);
  // Ends a commit: views from now on say this LSN.
  void FinishCommit(Lsn lsn) { lsn_ = lsn; }

  // An immutable picture of now. Cost: a handle for each trait and event type.
  ReadView TakeView(Timestamp clock) const;

  // Goes with a view that is taken at the same time. Cost: O(what is pending).
  StorePending Pending() const;
  // Makes a loaded state this store's. Requires: the store's own was empty, and the schema of
  // `state` was declared in it; pending profiles are in the state.
  void Restore(State state, const StorePending& pending, Lsn lsn);

  // Of all structures that hold data. Cost: O(chunks).
  size_t MemoryBytes() const;

 private:
  void ApplyOne(const DeclareTrait& m, ChangeSet* changes);
  void ApplyOne(const DeclareEvent& m, ChangeSet* changes);
  void ApplyOne(const DeclareProperty& m, ChangeSet* changes);
  void ApplyOne(const DeclareNamespace& m, ChangeSet* changes);
  void ApplyOne(const CreateProfile& m, ChangeSet* changes);
  void ApplyOne(const AttachIdentity& m, ChangeSet* changes);
  void ApplyOne(const SetTrait& m, ChangeSet* changes);
  void ApplyOne(const AddEvent& m, ChangeSet* changes);
  void ApplyOne(const MergeProfiles& m, ChangeSet* changes);
  void ApplyOne(const Advance& m, ChangeSet* changes);

  RowId LiveRow(ProfileId id) const;
  void Seen(RowId row, Timestamp time);
  void CreatedEarlier(RowId row, Timestamp time, IdentityId origin);
  void MoveTraits(RowId from, RowId to);

  State state_;
  Lsn lsn_;
  Timestamp clock_;
  // Times later than the clock at which profiles will have been seen. Derived by Apply.
  std::multimap<Timestamp, ProfileId> seen_later_;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_STORE_H_
