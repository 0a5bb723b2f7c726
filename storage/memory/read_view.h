// SPDX-License-Identifier: Apache-2.0
//
// The state of the store and an immutable picture of it at one (LSN, clock).
// Thread rule: a ReadView is immutable and may be read and dropped by any thread.
#ifndef ROSTER_STORAGE_MEMORY_READ_VIEW_H_
#define ROSTER_STORAGE_MEMORY_READ_VIEW_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "roster/value.h"
#include "storage/base/ids.h"
#include "storage/memory/bitmap.h"
#include "storage/memory/column.h"
#include "storage/memory/cow.h"
#include "storage/memory/events/partition.h"
#include "storage/memory/identities.h"
#include "storage/memory/profiles.h"
#include "storage/memory/schema.h"
#include "storage/memory/traits/row_stamps.h"
#include "storage/memory/traits/seen_order.h"

namespace roster {

// Held by every view that was taken between two erasures, to show that one of them lives.
struct ViewMark {};

// Everything that a read can see. Copying it copies handles: about as many as there are traits and
// event types. Invariants: (1) columns and partitions are as many as the schema declares;
// (2) a row is live from when a profile gets it until that is merged away or erased; (3) a row that
// is not live has no identity and no cell, and nobody reads its events.
struct State {
  Cow<Schema> schema;
  Profiles profiles;
  CowVector<uint64_t> profile_of_row;  // by row
  Bitmap live;                         // rows that are profiles
  Identities identities;
  std::vector<Cow<Column>> columns;             // by TraitId
  RowStamps stamps;                             // of their cells, where several share one
  Cow<SeenOrder> seen_order;                    // by kLastSeen
  std::vector<Cow<EventPartition>> partitions;  // by EventTypeId
  Cow<TextMap<std::string>> definitions;        // by name with its kind: text of the language
  uint64_t num_profiles = 0;                    // live rows
  Cow<ViewMark> mark;
  // Of the opening and in no file of the state: where identities' numbers without a calling code
  // are from (ISO 3166); empty: nobody said.
  std::string default_region;

  uint32_t num_rows() const { return static_cast<uint32_t>(profile_of_row.size()); }
  // Of live rows, without records of the store's own. Cost: O(event types).
  uint64_t num_events() const;
  const Column& column(TraitId id) const { return *columns[id.value]; }
  const EventPartition& partition(EventTypeId id) const { return *partitions[id.value]; }

  // The live row that answers for a profile id, through merges.
  std::optional<RowId> FindProfile(ProfileId id) const { return profiles.Find(id); }
  // The live row that an identity points to.
  std::optional<RowId> FindIdentity(NamespaceId name_space, std::string_view value) const;
  // Of the last set or clear of a trait; none when there was neither.
  std::optional<Stamp> StampOf(TraitId trait, RowId row) const {
    return column(trait).StampOf(row, stamps);
  }
  ProfileId ProfileAt(RowId row) const { return {profile_of_row[row.value]}; }
};

class ReadView {
 public:
  ReadView(std::shared_ptr<const State> state, Lsn lsn, Timestamp clock, uint64_t copied_bytes = 0)
      : state_(std::move(state)), lsn_(lsn), clock_(clock), copied_bytes_(copied_bytes) {}

  const State& state() const { return *state_; }
  const State* operator->() const { return state_.get(); }
  const Schema& schema() const { return *state_->schema; }
  // Every commit up to here is in it and none after.
  Lsn lsn() const { return lsn_; }
  // `now` for everything that is asked of it.
  Timestamp clock() const { return clock_; }
  // The same state as it will be seen at another time, if nothing is written.
  ReadView At(Timestamp clock) const { return ReadView(state_, lsn_, clock, copied_bytes_); }
  // Store::copied_bytes when it was taken.
  uint64_t copied_bytes() const { return copied_bytes_; }
  // Chunks to evaluate: chunk c holds the rows [c * kChunkRows, (c + 1) * kChunkRows).
  uint32_t num_chunks() const { return static_cast<uint32_t>(state_->live.num_chunks()); }

 private:
  std::shared_ptr<const State> state_;
  Lsn lsn_;
  Timestamp clock_;
  uint64_t copied_bytes_;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_READ_VIEW_H_
