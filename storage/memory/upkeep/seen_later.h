// SPDX-License-Identifier: Apache-2.0
//
// Times of the future at which profiles will have been seen, until they come. Durable (through
// snapshots, and derived by Apply). Thread rule: one writer; a copy may be read anywhere.
#ifndef ROSTER_STORAGE_MEMORY_UPKEEP_SEEN_LATER_H_
#define ROSTER_STORAGE_MEMORY_UPKEEP_SEEN_LATER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "roster/value.h"
#include "storage/memory/cow.h"

namespace roster {

// Cut by profile into parts that are copied on write, so that a copy is a few hundred handles, and
// what the writer copies behind it a small part. Invariants: (1) both sets of a part hold the same;
// (2) a profile that was merged away has none.
class SeenLater {
 public:
  size_t size() const { return size_; }
  // Of all. Cost: O(1).
  std::optional<Timestamp> earliest() const { return earliest_; }
  // Ascending by time, then profile. Cost: O(n log n). Thread: any, on a copy.
  std::vector<std::pair<Timestamp, ProfileId>> Sorted() const;

  // Thread (all below): the writer. Cost, of those that take one away: O(parts) now and then.
  void Add(Timestamp time, ProfileId profile);
  // What `from` had is `to`'s. Cost: O(what `from` has).
  void MoveAll(ProfileId from, ProfileId to);
  void Forget(ProfileId profile);
  // Takes out what is not after `clock`, as Sorted gives it.
  std::vector<std::pair<Timestamp, ProfileId>> TakeDue(Timestamp clock);

  size_t MemoryBytes() const;

 private:
  static constexpr size_t kNumParts = 256;
  // Two entries of 16 bytes in nodes that are between half and quite full.
  static constexpr size_t kEntryBytes = 48;

  struct Part {
    absl::btree_set<std::pair<int64_t, uint64_t>> by_time;     // ms, profile
    absl::btree_set<std::pair<uint64_t, int64_t>> by_profile;  // the same
    size_t BytesToCopy() const { return by_time.size() * kEntryBytes; }
  };

  Cow<Part>& PartOf(ProfileId profile) { return parts_[profile.value % kNumParts]; }
  // What the profile had.
  std::vector<int64_t> TakeAll(ProfileId profile);
  void FindEarliest();

  std::vector<Cow<Part>> parts_;  // none before the first
  size_t size_ = 0;
  std::optional<Timestamp> earliest_;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_UPKEEP_SEEN_LATER_H_
