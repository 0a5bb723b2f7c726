// SPDX-License-Identifier: Apache-2.0
//
// What a scan for the first rows in an order keeps. Thread rule: one thread; each of two has its
// own.
#ifndef ROSTER_QUERY_STATEMENTS_FINDER_H_
#define ROSTER_QUERY_STATEMENTS_FINDER_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "query/row_order.h"
#include "storage/memory/bitmap.h"

namespace roster::query {

// Keys of an order. Closed.
struct KeyRange {
  uint64_t first = 0;
  uint64_t last = std::numeric_limits<uint64_t>::max();
};

// The first rows in an order behind one of them, as a result of ScanInto.
class Finder {
 public:
  // `capacity`: so many rows. Lifetime: `order` outlives it.
  Finder(const RowOrder& order, std::optional<RowId> behind, uint64_t capacity,
         const ExecutionLimits& limits)
      : Finder(order, behind, TopRows(order, capacity, limits), {}) {}

  // Rows with other keys are left out from now on. Requires, of a real range: the order
  // IsShareable.
  void Only(KeyRange keys) { only_ = keys; }
  TopRows& top() { return top_; }

  void Take(uint32_t chunk, const ChunkBits& rows) {
    ChunkBits near = rows;
    order_.DropBehind(top_.LastKey(), chunk, &near);
    ForEachKey(chunk, near, [this](RowId row, uint64_t key) {
      if (!IsOut(key) && (!behind_ || order_.Before(*behind_, row))) return top_.Add(row, key);
      order_.Forget(row);
    });
  }
  // What would not make it need not be asked whether it matches.
  void Drop(uint32_t chunk, ChunkBits* rows) {
    if (!order_.IsShareable()) return;
    order_.DropBehind(top_.LastKey(), chunk, rows);
    ForEachKey(chunk, ChunkBits(*rows), [&](RowId row, uint64_t key) {
      if (IsOut(key) || !top_.Takes(row, key)) rows->Clear(OffsetOf(row));
    });
  }
  Finder Fork() const { return {order_, behind_, top_.Fork(), only_}; }
  void Join(Finder other) {
    for (const RowId row : other.top_.Take()) top_.Add(row);
  }

 private:
  Finder(const RowOrder& order, std::optional<RowId> behind, TopRows top, KeyRange only)
      : order_(order), behind_(behind), top_(std::move(top)), only_(only) {}

  bool IsOut(uint64_t key) const { return key < only_.first || key > only_.last; }
  template <typename F>
  void ForEachKey(uint32_t chunk, const ChunkBits& rows, F&& f) {
    if (!order_.IsShareable()) {  // what is computed is forgotten row by row
      return rows.ForEach([&](uint32_t i) {
        const RowId row = RowAt(chunk, i);
        f(row, order_.KeyOf(row));
      });
    }
    keys_.clear();
    order_.KeysOf(chunk, rows, &keys_);
    auto key = keys_.begin();
    rows.ForEach([&](uint32_t i) { f(RowAt(chunk, i), *key++); });
  }

  const RowOrder& order_;
  const std::optional<RowId> behind_;
  TopRows top_;
  KeyRange only_;
  std::vector<uint64_t> keys_;  // of a chunk, for reuse
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_STATEMENTS_FINDER_H_
