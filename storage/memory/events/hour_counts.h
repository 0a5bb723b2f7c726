// SPDX-License-Identifier: Apache-2.0
//
// How many events lie in each hour: what retention takes away in whole hours is known without a
// pass over the events. Derived. Thread rule: the writer alone.
#ifndef ROSTER_STORAGE_MEMORY_EVENTS_HOUR_COUNTS_H_
#define ROSTER_STORAGE_MEMORY_EVENTS_HOUR_COUNTS_H_

#include <cstdint>
#include <map>
#include <optional>

namespace roster {

// Retention moves by whole hours, so that passing time is not a commit each millisecond.
inline constexpr int64_t kRetentionStepMs = 3'600'000;

// The last whole hour that begins at or before a time.
inline int64_t HourOf(int64_t ms) {
  const int64_t past = ms % kRetentionStepMs;
  return ms - past - (past < 0 ? kRetentionStepMs : 0);
}

class HourCounts {
 public:
  void Add(int64_t ms) { ++counts_[HourOf(ms)]; }
  void Remove(int64_t ms) {
    const auto it = counts_.find(HourOf(ms));
    if (--it->second == 0) counts_.erase(it);
  }
  // Forgets the hours before `floor_ms`, which begins one; returns how many events were in them.
  uint64_t RemoveBefore(int64_t floor_ms) {
    uint64_t count = 0;
    const auto end = counts_.lower_bound(floor_ms);
    for (auto it = counts_.begin(); it != end; ++it) count += it->second;
    counts_.erase(counts_.begin(), end);
    return count;
  }
  // The begin of the first hour with an event.
  std::optional<int64_t> oldest_ms() const {
    return counts_.empty() ? std::nullopt : std::optional(counts_.begin()->first);
  }
  size_t MemoryBytes() const { return counts_.size() * kNodeBytes; }

 private:
  static constexpr size_t kNodeBytes = 64;  // of a map, with what its allocation takes

  std::map<int64_t, uint64_t> counts_;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_EVENTS_HOUR_COUNTS_H_
