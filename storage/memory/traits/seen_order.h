// SPDX-License-Identifier: Apache-2.0
//
// Rows by when they were last seen, the newest first, so that a list of the newest reads those
// only. Derived: made anew at loading. A time is known to some 17 minutes; who wants the exact
// order, or whether a row is still there, looks at its cell.
// Thread rule: one writer; a copy may be read anywhere.
#ifndef ROSTER_STORAGE_MEMORY_TRAITS_SEEN_ORDER_H_
#define ROSTER_STORAGE_MEMORY_TRAITS_SEEN_ORDER_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "storage/base/ids.h"
#include "storage/memory/cow.h"
#include "storage/memory/events/append_buffer.h"

namespace roster {

// Times are cut into spans. Each has lists of rows to which the writer only appends: a row that is
// seen again in a later span stays in the list of the earlier one, until that is tidied.
// Invariants: (1) each row is in a list of the span that its time is in, perhaps more than once;
// (2) what is stale or there twice is not much more than what is not.
class SeenOrder {
 public:
  // Which span a time is in. Spans are numbered in the order of time.
  static int64_t SpanOf(int64_t ms) { return ms >> kSpanBits; }
  // The first and the last millisecond of a span.
  static int64_t BeginOf(int64_t span) { return span << kSpanBits; }
  static int64_t LastOf(int64_t span) { return BeginOf(span) + ((int64_t{1} << kSpanBits) - 1); }

  // Whether the time of a row is in a span.
  using IsIn = absl::FunctionRef<bool(RowId row, int64_t span)>;

  // The time of a row is in this span from now on, as `is_in` says, too, which is asked of others
  // besides: what is stale goes once there is much of it. Thread: the writer.
  // Cost: a look at some thousand rows at most, O(1) of them amortised; behind a view some hundred
  // handles.
  void Add(RowId row, int64_t span, IsIn is_in);

  // Calls f(span, rows) for the lists from span `last` on, from the newest to the oldest, those of
  // one span one after the other, until it says false. Rows: all whose time is in the span, and
  // others. Cost: of what f is given.
  template <typename F>
  void ForEachList(int64_t last, F&& f) const {
    for (auto branch = branches_.rbegin(); branch != branches_.rend(); ++branch) {
      if (branch->first > BranchOf(last)) continue;
      const Branch& leaves = *branch->second;
      for (auto leaf = leaves.rbegin(); leaf != leaves.rend(); ++leaf) {
        const Leaf& lists = *leaf->second;
        for (auto list = lists.rbegin(); list != lists.rend(); ++list) {
          if (list->span > last) continue;
          if (!f(list->span, absl::MakeConstSpan(list->rows.data(), list->rows.size()))) return;
        }
      }
    }
  }

  size_t MemoryBytes() const { return list_bytes_ + num_leaves_ * kLeafBytes; }
  size_t BytesToCopy() const { return branches_.size() * kHandleBytes; }
  // Aborts where rows, lists or bytes are not what was counted of them. Cost: O(lists).
  void CheckInvariants() const;

 private:
  static constexpr int kSpanBits = 20;    // of milliseconds: 17.5 minutes
  static constexpr int kLeafBits = 6;     // of spans: 18.6 hours
  static constexpr int kBranchBits = 12;  // 50 days
  static constexpr size_t kListRows = 2048;
  // So many may be stale whatever there is.
  static constexpr size_t kSlack = 4096;
  // While there is too much, so many are looked at for each that is added: more goes than comes.
  static constexpr size_t kLooksPerAdd = 8;
  static constexpr size_t kHandleBytes = 16;
  static constexpr size_t kLeafBytes = 64;  // with its handle
  static constexpr size_t kListBytes = 80;  // and what its memory takes besides

  struct List {
    int64_t span;
    AppendBuffer<uint32_t> rows;
  };
  using Leaf = std::vector<List>;  // by span; of one span any number
  using Branch = absl::btree_map<int64_t, Cow<Leaf>>;

  static int64_t LeafOf(int64_t span) { return span >> kLeafBits; }
  static int64_t BranchOf(int64_t span) { return span >> kBranchBits; }
  Leaf& MutableLeaf(int64_t span);
  void Append(List* list, RowId row);
  void Remove(Leaf* leaf, size_t place);

  // A list of the whole.
  struct Place {
    int64_t leaf;
    size_t index;
  };
  // The next list in turn, the oldest first. Requires: there are rows.
  Place NextInTurn() const;
  // Leaves in a list the rows that are in its span, each once, together with those of the list
  // before it, if that has room. Returns how many rows it looked at.
  size_t Tidy(Place place, IsIn is_in);

  absl::btree_map<int64_t, Cow<Branch>> branches_;
  size_t size_ = 0;  // rows in lists
  size_t list_bytes_ = 0;
  size_t num_leaves_ = 0;
  uint32_t num_rows_ = 0;                               // one more than the highest
  Place turn_{std::numeric_limits<int64_t>::min(), 0};  // at which the next one begins
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_TRAITS_SEEN_ORDER_H_
