// SPDX-License-Identifier: Apache-2.0
//
// Which profiles were joined, and what comes apart again. Derived from the records of merges.
// Thread rule: pure functions; PlanUnmerge the writer's. Source: IDENTITY.md R10.
#ifndef ROSTER_STORAGE_MEMORY_PEOPLE_MERGES_H_
#define ROSTER_STORAGE_MEMORY_PEOPLE_MERGES_H_

#include <optional>
#include <string>
#include <vector>

#include "roster/value.h"
#include "storage/base/ids.h"
#include "storage/memory/read_view.h"

namespace roster {

// How a profile came to be.
struct Creation {
  Timestamp at;
  std::string via;
};

// A profile that was merged into another one, and how both came to be, each by itself: before
// anything was merged into it.
struct MergeRecord {
  ProfileId loser;
  ProfileId survivor;
  Creation loser_came;
  Creation survivor_came;
  Timestamp received;  // 0 in records of older versions
};

struct UnmergePlan {
  RowId row;  // of the joined profile
  std::vector<MergeRecord> merges;
  std::vector<ProfileId> gone;   // the loser, then who had been merged into it or into those
  std::vector<ProfileId> stays;  // the survivor, then all others that the row answers for
  std::vector<ProfileId> above;  // who the loser was merged into, up to the survivor, without it
};

// Of a profile's row. What a file says is believed as far as the row answers for it.
std::vector<MergeRecord> MergesOf(const State& state, RowId row);

// R11: how many were merged into a profile that were more than visitors of a device.
uint32_t CountMerges(const State& state, RowId row);

// Nothing when the id is none that was merged into another one.
// Cost: O(merges of the profile); O(all ids) when some of its ids were merged without a record.
std::optional<UnmergePlan> PlanUnmerge(const State& state, ProfileId loser);

// The row's profile, then each that was merged into it, in the order in which that was received,
// with those that had been merged into it before.
std::vector<ProfileId> JoinedInOrder(const State& state, RowId row);

// How a profile of the row came to be by itself.
Creation OwnCreation(const State& state, RowId row, ProfileId id);

// The earliest of how these came to be.
Creation EarliestOf(const std::vector<MergeRecord>& merges, const std::vector<ProfileId>& ids);

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_PEOPLE_MERGES_H_
