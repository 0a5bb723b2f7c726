// SPDX-License-Identifier: Apache-2.0
//
// The order of a result, and the first so many rows in it. Thread rule: an order that IsShareable
// any thread, others and TopRows one. Source: LANGUAGE.md "Meaning", 10.
#ifndef ROSTER_QUERY_ROW_ORDER_H_
#define ROSTER_QUERY_ROW_ORDER_H_

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "query/bound_statement.h"
#include "query/operators/aggregate.h"
#include "query/operators/limits.h"
#include "storage/base/ids.h"
#include "storage/memory/read_view.h"

namespace roster::query {

// Whether who was last seen the latest comes first, and nothing of the order is computed.
bool IsNewestFirst(const std::vector<BoundOrder>& by);

// A total order of rows: by columns, missing values last either way, ties by profile id.
// Thread: one, where a column is computed. Lifetime: all that it is made of outlives it.
class RowOrder {
 public:
  // `limits` counts what is computed.
  RowOrder(const std::vector<BoundOrder>& by, const ReadView& view, const ExecutionLimits& limits);

  // The key of who was last seen at this time. Requires: IsNewestFirst.
  static uint64_t KeyOfSeen(int64_t ms);
  const std::vector<BoundOrder>& by() const { return by_; }
  // Whether two threads may ask at once: what is computed of rows is one's.
  bool IsShareable() const;
  bool Before(RowId a, RowId b) const;
  // A first key of a row: of two rows the one with the smaller key comes first; with equal keys
  // only Before knows.
  uint64_t KeyOf(RowId row) const;
  // Adds the keys of rows of a chunk, ascending, to the end. Cost: less than as many KeyOf.
  void KeysOf(uint32_t chunk, const ChunkBits& rows, std::vector<uint64_t>* keys) const;
  // Takes away rows of a chunk whose key is greater, if that is quicker than to look at each key.
  void DropBehind(uint64_t key, uint32_t chunk, ChunkBits* rows) const;
  // What was computed of a row is needed no more.
  void Forget(RowId row) const;

 private:
  // What is computed of rows, each once until it is forgotten.
  struct Computed {
    AggregateReader reader;
    mutable std::unordered_map<uint32_t, std::optional<AggregateResult>> results;
  };
  const std::optional<AggregateResult>& ResultOf(size_t by, RowId row) const;
  bool IsById() const;
  // The cells of a chunk by which it is ordered first; null where they are not numbers in an array.
  const PackedInts* CellsOf(uint32_t chunk) const;
  std::weak_ordering Compare(size_t by, RowId a, RowId b) const;

  const std::vector<BoundOrder>& by_;
  const ReadView& view_;
  const ExecutionLimits& limits_;
  std::vector<std::unique_ptr<Computed>> computed_;  // as `by`; null of other columns
};

// Keeps the first `capacity` of the rows that it is given. Cost: mostly one comparison of keys for
// a row that does not make it.
class TopRows {
 public:
  // `limits` counts them.
  TopRows(const RowOrder& order, uint64_t capacity, const ExecutionLimits& limits)
      : order_(order), capacity_(capacity), limits_(limits) {}

  // Empty, of the same order and capacity.
  TopRows Fork() const { return {order_, capacity_, limits_}; }
  void Add(RowId row) { Add(row, order_.KeyOf(row)); }
  // `key`: as the order says.
  void Add(RowId row, uint64_t key);
  // Whether Add would keep a row.
  bool Takes(RowId row, uint64_t key) const {
    return entries_.size() < capacity_ || (capacity_ != 0 && Before({key, row}, entries_.front()));
  }
  // The greatest key of a row that Add may still keep.
  uint64_t LastKey() const {
    return entries_.size() < capacity_ || capacity_ == 0 ? ~uint64_t{0} : entries_.front().key;
  }
  uint64_t size() const { return entries_.size(); }
  // In order. Leaves nothing behind.
  std::vector<RowId> Take();

 private:
  struct Entry {
    uint64_t key;
    RowId row;
  };
  bool Before(const Entry& a, const Entry& b) const {
    return a.key != b.key ? a.key < b.key : order_.Before(a.row, b.row);
  }

  const RowOrder& order_;
  uint64_t capacity_;
  const ExecutionLimits& limits_;
  std::vector<Entry> entries_;  // a heap with the last row on top once it is full
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_ROW_ORDER_H_
