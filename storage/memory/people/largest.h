// SPDX-License-Identifier: Apache-2.0
//
// Which rows have the most identities: candidates, kept as identities come, of which the largest
// are looked for when somebody asks. Derived: offered anew on load. Thread rule: the writer's.
// Source: IDENTITY.md R11.
#ifndef ROSTER_STORAGE_MEMORY_PEOPLE_LARGEST_H_
#define ROSTER_STORAGE_MEMORY_PEOPLE_LARGEST_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/base/ids.h"

namespace roster {

// Invariants: (1) at most kKept rows, each once; (2) a row that is not kept had at most floor()
// identities when it was last offered, so that the largest are right until nearly all that are
// kept became smaller.
class LargestRows {
 public:
  // More than anybody asks for, since some become smaller or go.
  static constexpr size_t kKept = 64;

  // What counts as one another: nobody has more, but by former ones.
  static constexpr uint32_t kMost = 10'000;

  struct Entry {
    RowId row;
    uint32_t count = 0;  // when it was offered
  };

  // Rows with no more are not taken: there is no need to count further.
  uint32_t floor() const { return rows_.size() < kKept ? 0 : floor_; }

  // The row has so many now. Cost: O(1) up to the floor, else O(kKept).
  void Offer(RowId row, uint32_t count) {
    if (count <= floor()) return;
    const auto known = std::find_if(rows_.begin(), rows_.end(),
                                    [&](const Entry& entry) { return entry.row == row; });
    if (known != rows_.end()) {
      known->count = count;
    } else if (rows_.size() < kKept) {
      rows_.push_back({row, count});
    } else {
      *Smallest() = {row, count};
    }
    if (rows_.size() == kKept) floor_ = Smallest()->count;
  }
  // The row is no profile any more. Cost: O(kKept).
  void Forget(RowId row) {
    std::erase_if(rows_, [&](const Entry& entry) { return entry.row == row; });
  }
  const std::vector<Entry>& rows() const { return rows_; }

 private:
  std::vector<Entry>::iterator Smallest() {
    return std::min_element(rows_.begin(), rows_.end(),
                            [](const Entry& a, const Entry& b) { return a.count < b.count; });
  }

  std::vector<Entry> rows_;
  uint32_t floor_ = 0;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_PEOPLE_LARGEST_H_
