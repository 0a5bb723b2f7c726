// SPDX-License-Identifier: Apache-2.0
//
// Rows by when they were last seen, the newest first, so that a list of the newest reads those
// only. Derived: made anew at loading. A time is known to a quarter of an hour; who wants the exact
// order, or whether a row is still there, looks at its cell.
// Thread rule: one writer; a copy may be read anywhere.
#ifndef ROSTER_STORAGE_MEMORY_TRAITS_SEEN_ORDER_H_
#define ROSTER_STORAGE_MEMORY_TRAITS_SEEN_ORDER_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/types/span.h"
#include "storage/base/ids.h"
#include "storage/memory/cow.h"
#include "storage/memory/events/append_buffer.h"

namespace roster {

// Times are cut into spans, each with a list of rows to which the writer only appends: a row that
// is seen again in a later span stays in the list of the earlier one, until that is tidied.
// Invariant: each row is in the list of the span that its time is in, perhaps more than once.
class SeenOrder {
 public:
  static constexpr int64_t kSpanMs = int64_t{1} << 20;  // 17.5 minutes
  // Which span a time is in. Spans are numbered in the order of time.
  static int64_t SpanOf(int64_t ms) { return ms >> 20; }
  // The first and the last millisecond of a span.
  static int64_t BeginOf(int64_t span) { return span << 20; }
  static int64_t LastOf(int64_t span) { return BeginOf(span) + (kSpanMs - 1); }

  // The time of a row is in this span from now on. `is_in(row, span)`: whether it is, asked of any
  // row: what is not goes once there is much of it. Thread: the writer. Cost: O(1) amortised.
  template <typename IsIn>
  void Add(RowId row, int64_t span, IsIn&& is_in) {
    List& list = ListOf(span);
    list_bytes_ -= list.MemoryBytes();
    list.Append(row.value);
    list_bytes_ += list.MemoryBytes();
    ++size_;
    if (row.value >= num_rows_) num_rows_ = row.value + 1;
    if (size_ > 2 * size_t{num_rows_} + kSlack) TidyNext(is_in);
  }

  // Calls f(span, rows) for the spans from `last` on, from the newest to the oldest, until it says
  // false. Rows: all whose time is in the span, and others. Cost: of what f is given.
  template <typename F>
  void ForEachSpan(int64_t last, F&& f) const {
    auto it = pages_.upper_bound(PageOf(last));
    while (it != pages_.begin()) {
      --it;
      const int64_t first = it->first * kSpansOfPage;
      for (int64_t span = std::min(last, first + kSpansOfPage - 1); span >= first; --span) {
        const List& list = (*it->second)[PlaceOf(span)];
        if (list.empty()) continue;
        if (!f(span, absl::MakeConstSpan(list.data(), list.size()))) return;
      }
    }
  }

  // Rows in lists, those included that are not there any more.
  size_t size() const { return size_; }
  size_t MemoryBytes() const {
    return list_bytes_ + pages_.size() * (sizeof(Page) + kPageHandleBytes);
  }
  size_t BytesToCopy() const { return pages_.size() * kPageHandleBytes; }

 private:
  using List = AppendBuffer<uint32_t>;
  static constexpr int64_t kSpansOfPage = 64;
  static constexpr size_t kSlack = 4096;
  static constexpr size_t kPageHandleBytes = sizeof(std::pair<int64_t, Cow<int>>);
  using Page = std::array<List, kSpansOfPage>;

  static int64_t PageOf(int64_t span) { return span >> 6; }
  static size_t PlaceOf(int64_t span) { return static_cast<size_t>(span & (kSpansOfPage - 1)); }
  List& ListOf(int64_t span) { return pages_[PageOf(span)].Mutable()[PlaceOf(span)]; }

  // Of the next list in turn, the oldest first, leaves the rows that are in its span. When all have
  // had their turn no more are left than there are rows, so that as many were added for it.
  template <typename IsIn>
  void TidyNext(IsIn&& is_in) {
    const int64_t span = NextInTurn();
    const List& list = ListOf(span);
    std::vector<uint32_t> rows(list.begin(), list.end());
    std::erase_if(rows, [&](uint32_t row) { return !is_in(RowId{row}, span); });
    Replace(span, std::move(rows));
  }
  // The first span from this one on that has rows, if any.
  std::optional<int64_t> FirstFrom(int64_t span) const;
  // Requires: there are rows.
  int64_t NextInTurn() const;
  void Replace(int64_t span, std::vector<uint32_t> rows);

  absl::btree_map<int64_t, Cow<Page>> pages_;  // by the number of their spans
  size_t size_ = 0;
  size_t list_bytes_ = 0;
  uint32_t num_rows_ = 0;       // one more than the highest
  int64_t tidied_ = INT64_MIN;  // the span whose turn was last
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_TRAITS_SEEN_ORDER_H_
