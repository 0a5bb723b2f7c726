// SPDX-License-Identifier: Apache-2.0
//
// The writer's store: applies mutations to the state and takes views of it. It knows no log, no
// policy, no clock of its own. Thread rule: one writer at a time (the engine holds a lock).
#ifndef ROSTER_STORAGE_MEMORY_STORE_H_
#define ROSTER_STORAGE_MEMORY_STORE_H_

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "roster/value.h"
#include "storage/memory/change.h"
#include "storage/memory/people/devices.h"
#include "storage/memory/people/largest.h"
#include "storage/memory/people/merges.h"
#include "storage/memory/read_view.h"
#include "storage/memory/upkeep/memory_use.h"
#include "storage/memory/upkeep/seen_later.h"

namespace roster {

// What lasts and is in no view.
struct StorePending {
  Timestamp clock;       // the highest Advance
  SeenLater seen_later;  // times later than it
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

  // What retention takes away at this clock, to be logged and applied with the Advance to it.
  std::vector<ExpireEvents> ExpiriesDue(Timestamp clock) const;

  // Whether a mutation fits the state: ids exist or are the next, values have their types. What
  // the engine makes always does; recovery asks before it applies. Errors: CORRUPT.
  absl::Status Check(const Mutation& mutation) const;

  // All marks of a device. Requires: it is attached.
  std::vector<PlacedMark> MarksOf(IdentityId device) const {
    return devices_.MarksOf(state_, device);
  }
  bool IsShared(IdentityId device) const { return devices_.IsShared(state_, device); }

  // Applies one mutation and adds to `changes` what it touched. Cannot fail. Requires: Check is ok.
  void Apply(const Mutation& mutation, ChangeSet* changes);
  // Ends a commit: views from now on say this LSN.
  void FinishCommit(Lsn lsn);

  // See State. Requires: the state is loaded.
  void SetDefaultRegion(std::string region) { state_.default_region = std::move(region); }

  // From now on blocks are sealed by TakeSealJob and InstallSeal; until then Apply does it.
  void SealInBackground() { sealing_ = Sealing::kBackground; }
  // Whether TakeSealJob gives one. Cost: O(event types).
  bool has_seal_due() const;
  // Whether anything is kept that nobody can read any more: TakeSealJob(true) brings it away.
  bool has_stale() const;
  // The next block that is due for sealing, as a job to be run outside of the writer's lock and
  // given back to InstallSeal with its result. What a view shows is the same before and after.
  std::optional<SealJob> TakeSealJob(bool or_stale = false);
  // The next block, in turn, with a tail that takes more memory than sealed it would, although it
  // is not due: for when there is nothing else to do. Gives up after so many blocks, so that nobody
  // waits for long; the next call goes on behind them.
  std::optional<SealJob> TakeIdleSealJob(size_t max_blocks = 10'000);
  void InstallSeal(const SealJob& job, std::shared_ptr<const SealedEvents> sealed);

  // Bytes that were kept twice, since the store was made, because a view still had the one before.
  // What a view pins is at most how much this has grown since it was taken; who holds one for long
  // asks for that and can give it up.
  uint64_t copied_bytes() const { return copied_bytes_; }

  // An immutable picture of now. Cost: a handle for each trait and event type.
  ReadView TakeView(Timestamp clock) const;

  // Goes with a view that is taken at the same time. Cost: a few hundred handles.
  StorePending Pending() const;
  // Makes a loaded state this store's. Requires: the store's own was empty, and the schema of
  // `state` was declared in it; pending profiles are in the state; of rows that are not live it has
  // nothing.
  void Restore(State state, const StorePending& pending, Lsn lsn);

  // The profiles with the most identities, the most first, of equal ones the lower id; former ones
  // do not count. Cost: O(the identities of LargestRows::kKept profiles).
  std::vector<std::pair<ProfileId, uint32_t>> Largest(size_t count) const;

  // Of all structures that hold data. Cost: O(traits, event types and their properties).
  size_t MemoryBytes() const;
  // The same, part by part. Cost: O(chunks of all).
  std::vector<MemoryUse> MemoryUses() const;

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
  void ApplyOne(const EraseProfile& m, ChangeSet* changes);
  void ApplyOne(const SetRetention& m, ChangeSet* changes);
  void ApplyOne(const ExpireEvents& m, ChangeSet* changes);
  void ApplyOne(const AlterTrait& m, ChangeSet* changes);
  void ApplyOne(const AlterNamespace& m, ChangeSet* changes);
  void ApplyOne(const UnmergeProfile& m, ChangeSet* changes);
  void ApplyOne(const MoveRecords& m, ChangeSet* changes);
  void ApplyOne(const MoveIdentity& m, ChangeSet* changes);
  void ApplyOne(const RemoveRecord& m, ChangeSet* changes);
  void ApplyOne(const Define& m, ChangeSet* changes);

  // Traits and their records (people/store_traits.cc). Requires, of those that speak of records or
  // writes: the trait has a type for its records.
  TraitRecord Said(Value value, const Stamp& stamp) const;
  // What is shown of a trait; nothing when it was never written.
  std::optional<TraitRecord> CellOf(RowId row, TraitId trait) const;
  std::vector<TraitRecord> TraitRecordsOf(RowId row, TraitId trait) const;
  // Whether the cell, if there is one, is a write, and not made of those that are kept.
  bool IsWrite(RowId row, TraitId trait) const;
  void WriteTrait(RowId row, TraitId trait, const TraitRecord& written);
  void SetCell(RowId row, TraitId trait, const TraitRecord& shown);
  bool HasRecord(RowId row, TraitId trait, const TraitRecord& record) const;
  // False when the history of its time is gone.
  bool KeepRecord(RowId row, TraitId trait, const TraitRecord& record, ProfileId home);
  // Makes the cell a record, if it is a write.
  void KeepCell(RowId row, TraitId trait);
  // Before the records of `from` come to `to`: KeepCell of `to` for all traits that `from` has.
  void KeepCells(RowId from, RowId to);
  // Makes the cell what the policy says of the records, of what it was and, when the history is
  // gone, of `also`.
  void ShowTrait(RowId row, TraitId trait, absl::Span<const TraitRecord> also);
  void MergeTraits(RowId from, RowId to, ProfileId loser);
  void MoveCell(RowId from, RowId to, TraitId trait);

  // Taking apart (people/store_moves.cc).
  enum class Where { kStays, kGoes, kNowhere };
  // The type is none for a cell.
  using Fate = std::function<Where(std::optional<EventTypeId>, const EventSource&)>;
  struct Route {
    RowId from;
    std::optional<RowId> to;
    bool keeps_home;  // what goes
    Fate fate;
    // What stays and is of this home for good, if it has none (null: nothing).
    std::function<bool(const EventSource&)> holds = nullptr;
    ProfileId holder = {};
  };
  // Gives what stays a row of its own, which it returns, and what goes to `to`.
  RowId Reroute(const Route& route, ChangeSet* changes);
  void HoldRecords(const MoveRecords& m, ChangeSet* changes);
  // Whether a record of the profile is known to have come under it without a word of that.
  bool NeedsNoHome(const EventSource& source, ProfileId profile) const;
  void RerouteEvents(const Route& route, RowId stay, ChangeSet* changes);
  // A cell whose record is gone, and where it goes.
  struct Lasting {
    RowId row;
    TraitId trait;
    TraitRecord cell;
  };
  std::optional<Lasting> RerouteCell(const Route& route, RowId stay, TraitId trait);
  void SeeAgain(RowId row);
  // A client said by an identity when its profile was created: of whom has the identity now.
  void CreatedAsSaid(const Stamp& said);
  void CreateAgain(RowId row, std::optional<Timestamp> activity);
  void NoteDevice(RowId row, IdentityId device, int64_t kind);
  void NoteDevices(RowId row);
  // Of a row that was erased, whose records are there still.
  void ForgetDevices(RowId row, const std::vector<IdentityId>& detached);
  // Its identities may have become more.
  void NoteSize(RowId row) {
    largest_.Offer(row, state_.identities.CountUpTo(LargestRows::kMost, row));
  }
  void SetCreation(RowId row, const Creation& creation);

  RowId LiveRow(ProfileId id) const;
  void Seen(RowId row, Timestamp time);
  // Its cell of kLastSeen was set.
  void NoteLastSeen(RowId row);
  void CreatedEarlier(RowId row, Timestamp time, IdentityId origin);
  RowId NewRow(ProfileId id);
  void RetireRow(RowId row);
  // When the next events of a type expire.
  std::optional<Timestamp> ExpiryOf(EventTypeId event) const;
  void FreePurged(EventPartition* events);
  void WipeDetached();

  State state_;
  uint64_t copied_bytes_ = 0;
  Sealing sealing_ = Sealing::kInline;
  std::vector<EventProperty> event_properties_;  // of the event that is being added
  // Where TakeIdleSealJob goes on.
  size_t idle_event_ = 0;
  uint32_t idle_chunk_ = 0;
  Lsn lsn_;
  Timestamp clock_;
  // Rows that are not live: those that event blocks still have something of, with the number of
  // blocks, and those of which nothing is left, to be given to new profiles.
  absl::flat_hash_map<uint32_t, uint32_t> retired_rows_;
  std::vector<RowId> free_rows_;
  std::vector<uint32_t> free_chunks_;  // of none but such rows, which are not in free_rows_
  // Detached identities with the views that may still read their names, oldest first.
  struct Detached {
    Cow<ViewMark> views;
    std::vector<IdentityId> identities;
  };
  std::deque<Detached> detached_;
  SharedDevices devices_;
  LargestRows largest_;
  SeenLater seen_later_;  // by the profiles that are live
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_STORE_H_
