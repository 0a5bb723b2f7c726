// SPDX-License-Identifier: Apache-2.0
//
// How many events lie in each hour: what retention takes away in whole hours is known without a
// pass over the events. Derived. Thread rule: the writer alone.
#ifndef ROSTER_STORAGE_MEMORY_EVENTS_HOUR_COUNTS_H_
#define ROSTER_STORAGE_MEMORY_EVENTS_HOUR_COUNTS_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"

namespace roster {

// Retention moves by whole hours, so that passing time is not a commit each millisecond.
inline constexpr int64_t kRetentionStepMs = 3'600'000;

// The number of the whole hour in which a time lies; before 1970 it is negative.
inline int64_t HourNumberOf(int64_t ms) {
  return ms / kRetentionStepMs - (ms % kRetentionStepMs < 0 ? 1 : 0);
}

// When an hour begins; the first of all, which began before time can be counted, with time itself:
// marks of devices may lie there.
inline int64_t HourBegin(int64_t number) {
  return number < INT64_MIN / kRetentionStepMs ? INT64_MIN : number * kRetentionStepMs;
}

// The last whole hour that begins at or before a time.
inline int64_t HourOf(int64_t ms) { return HourBegin(HourNumberOf(ms)); }

// In hashed pages of days, because each event that is added asks for an hour anywhere among
// thousands: a tree of hours costs as much as all else that is done for the event.
// Invariants: (1) no page is without a count; (2) `numbers_` has the numbers of all pages.
class HourCounts {
 public:
  void Add(int64_t ms) {
    const int64_t hour = HourNumberOf(ms);
    Page& page = pages_[PageOf(hour)];
    if (page.total++ == 0) numbers_.insert(PageOf(hour));
    ++page.counts[PlaceOf(hour)];
  }
  // Cost: O(1); O(log pages) when it empties one.
  void Remove(int64_t ms) {
    const int64_t hour = HourNumberOf(ms);
    const auto it = pages_.find(PageOf(hour));
    --it->second.counts[PlaceOf(hour)];
    if (--it->second.total != 0) return;
    pages_.erase(it);
    numbers_.erase(PageOf(hour));
  }
  // Forgets the hours before `floor_ms`, which begins one; returns how many events were in them.
  // Cost: O(pages that it forgets).
  uint64_t RemoveBefore(int64_t floor_ms) {
    const int64_t floor = HourNumberOf(floor_ms);
    uint64_t removed = 0;
    while (!numbers_.empty() && *numbers_.begin() <= PageOf(floor)) {
      const auto it = pages_.find(*numbers_.begin());
      Page& page = it->second;
      const size_t end = it->first < PageOf(floor) ? kPageHours : PlaceOf(floor);
      for (size_t i = 0; i < end; ++i) {
        removed += page.counts[i];
        page.total -= std::exchange(page.counts[i], 0);
      }
      if (page.total != 0) break;  // the floor's own
      pages_.erase(it);
      numbers_.erase(numbers_.begin());
    }
    return removed;
  }
  // The begin of the first hour with an event.
  std::optional<int64_t> oldest_ms() const {
    if (numbers_.empty()) return std::nullopt;
    const int64_t oldest = *numbers_.begin();
    const Page& page = pages_.at(oldest);
    const auto* const first = std::find_if(page.counts.begin(), page.counts.end(),
                                           [](uint32_t count) { return count != 0; });
    return HourBegin(oldest * kPageHours + (first - page.counts.begin()));
  }
  size_t MemoryBytes() const {
    return pages_.capacity() * (sizeof(std::pair<int64_t, Page>) + 1) +
           numbers_.size() * 2 * sizeof(int64_t);  // its nodes are half full at least
  }

 private:
  static constexpr int64_t kPageHours = 64;
  struct Page {
    uint64_t total = 0;
    std::array<uint32_t, kPageHours> counts{};
  };

  static int64_t PageOf(int64_t hour) { return hour >> 6; }
  static size_t PlaceOf(int64_t hour) { return static_cast<size_t>(hour & (kPageHours - 1)); }

  absl::flat_hash_map<int64_t, Page> pages_;
  absl::btree_set<int64_t> numbers_;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_EVENTS_HOUR_COUNTS_H_
