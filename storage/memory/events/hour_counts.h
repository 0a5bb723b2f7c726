// SPDX-License-Identifier: Apache-2.0
//
// How many events lie in each hour: what retention takes away in whole hours is known without a
// pass over the events. Derived. Thread rule: the writer alone.
#ifndef ROSTER_STORAGE_MEMORY_EVENTS_HOUR_COUNTS_H_
#define ROSTER_STORAGE_MEMORY_EVENTS_HOUR_COUNTS_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
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

// In hashed pages of days, because each event that is added asks for an hour anywhere among
// thousands: a tree of hours costs as much as all else that is done for the event.
// Invariants: (1) no page is without a count; (2) `oldest_` is the least page.
class HourCounts {
 public:
  void Add(int64_t ms) {
    const int64_t hour = IndexOf(ms);
    Page& page = pages_[PageOf(hour)];
    ++page.total;
    ++page.counts[PlaceOf(hour)];
    oldest_ = std::min(oldest_, PageOf(hour));
  }
  // Cost: O(1); O(pages) when it empties the oldest one.
  void Remove(int64_t ms) {
    const int64_t hour = IndexOf(ms);
    const auto it = pages_.find(PageOf(hour));
    --it->second.counts[PlaceOf(hour)];
    if (--it->second.total != 0) return;
    pages_.erase(it);
    if (PageOf(hour) == oldest_) FindOldest();
  }
  // Forgets the hours before `floor_ms`, which begins one; returns how many events were in them.
  // Cost: O(pages).
  uint64_t RemoveBefore(int64_t floor_ms) {
    const int64_t floor = IndexOf(floor_ms);
    uint64_t removed = 0;
    for (auto it = pages_.begin(); it != pages_.end();) {
      const auto here = it++;  // one that is erased does not lead on
      if (here->first > PageOf(floor)) continue;
      Page& page = here->second;
      const size_t end = here->first < PageOf(floor) ? kPageHours : PlaceOf(floor);
      for (size_t i = 0; i < end; ++i) {
        removed += page.counts[i];
        page.total -= std::exchange(page.counts[i], 0);
      }
      if (page.total == 0) pages_.erase(here);
    }
    FindOldest();
    return removed;
  }
  // The begin of the first hour with an event.
  std::optional<int64_t> oldest_ms() const {
    if (pages_.empty()) return std::nullopt;
    const Page& page = pages_.at(oldest_);
    const auto* const first = std::find_if(page.counts.begin(), page.counts.end(),
                                           [](uint32_t count) { return count != 0; });
    return (oldest_ * kPageHours + (first - page.counts.begin())) * kRetentionStepMs;
  }
  size_t MemoryBytes() const { return pages_.capacity() * (sizeof(std::pair<int64_t, Page>) + 1); }

 private:
  static constexpr int64_t kPageHours = 64;
  static constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
  struct Page {
    uint64_t total = 0;
    std::array<uint32_t, kPageHours> counts{};
  };

  static int64_t IndexOf(int64_t ms) { return HourOf(ms) / kRetentionStepMs; }
  static int64_t PageOf(int64_t hour) { return hour >> 6; }
  static size_t PlaceOf(int64_t hour) { return static_cast<size_t>(hour & (kPageHours - 1)); }
  void FindOldest() {
    oldest_ = kNone;
    for (const auto& [number, page] : pages_) oldest_ = std::min(oldest_, number);
  }

  absl::flat_hash_map<int64_t, Page> pages_;
  int64_t oldest_ = kNone;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_EVENTS_HOUR_COUNTS_H_
