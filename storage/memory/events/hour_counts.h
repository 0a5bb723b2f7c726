// SPDX-License-Identifier: Apache-2.0
//
// How many events lie in each hour: what retention takes away in whole hours is known without a
// pass over the events. Derived. Thread rule: the writer alone.
#ifndef ROSTER_STORAGE_MEMORY_EVENTS_HOUR_COUNTS_H_
#define ROSTER_STORAGE_MEMORY_EVENTS_HOUR_COUNTS_H_

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace roster {

// Retention moves by whole hours, so that passing time is not a commit each millisecond.
inline constexpr int64_t kRetentionStepMs = 3'600'000;

// The last whole hour that begins at or before a time.
inline int64_t HourOf(int64_t ms) {
  const int64_t past = ms % kRetentionStepMs;
  return ms - past - (past < 0 ? kRetentionStepMs : 0);
}

// Hashed, because each event that is added asks for an hour anywhere among thousands: a tree costs
// as much as all else that is done for the event. Invariants: (1) no count is 0; (2) `oldest_ms_`
// is the least hour that is counted.
class HourCounts {
 public:
  void Add(int64_t ms) {
    const int64_t hour = HourOf(ms);
    ++counts_[hour];
    if (!oldest_ms_ || hour < *oldest_ms_) oldest_ms_ = hour;
  }
  // Cost: O(1); O(hours) when it empties the oldest one.
  void Remove(int64_t ms) {
    const auto it = counts_.find(HourOf(ms));
    if (--it->second != 0) return;
    const bool was_oldest = it->first == oldest_ms_;
    counts_.erase(it);
    if (was_oldest) FindOldest();
  }
  // Forgets the hours before `floor_ms`, which begins one; returns how many events were in them.
  // Cost: O(hours).
  uint64_t RemoveBefore(int64_t floor_ms) {
    uint64_t count = 0;
    for (auto it = counts_.begin(); it != counts_.end();) {
      const auto here = it++;  // an iterator that is erased does not lead on
      if (here->first >= floor_ms) continue;
      count += here->second;
      counts_.erase(here);
    }
    FindOldest();
    return count;
  }
  // The begin of the first hour with an event.
  std::optional<int64_t> oldest_ms() const { return oldest_ms_; }
  size_t MemoryBytes() const {
    return counts_.capacity() * (sizeof(std::pair<int64_t, uint64_t>) + 1);
  }

 private:
  void FindOldest() {
    oldest_ms_.reset();
    for (const auto& [hour, count] : counts_) {
      if (!oldest_ms_ || hour < *oldest_ms_) oldest_ms_ = hour;
    }
  }

  absl::flat_hash_map<int64_t, uint64_t> counts_;
  std::optional<int64_t> oldest_ms_;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_EVENTS_HOUR_COUNTS_H_
