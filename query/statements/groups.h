// SPDX-License-Identifier: Apache-2.0
//
// Rows by the values of traits, with something kept for each combination. Thread rule: one thread.
#ifndef ROSTER_QUERY_STATEMENTS_GROUPS_H_
#define ROSTER_QUERY_STATEMENTS_GROUPS_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "query/bound_statement.h"
#include "query/operators/limits.h"
#include "query/row_order.h"
#include "storage/memory/cells.h"
#include "storage/memory/read_view.h"

namespace roster::query {

// Lifetime: all that it is made of outlives it.
template <typename T>
class Groups {
 public:
  struct Group {
    RowId row;  // one of them
    T kept{};
  };

  // `limits` counts what they take.
  Groups(const std::vector<BoundOrder>& by, const ReadView& view, uint64_t max_groups,
         const ExecutionLimits& limits)
      : by_(by), view_(view), max_groups_(max_groups), limits_(limits) {
    if (by.size() == 1) column_ = &view->column(by[0].column.trait);
  }

  // What is kept for the group of a row; null when there are too many groups.
  T* Of(RowId row) {
    if (too_many_) return nullptr;
    T** const known = KnownOf(row);
    if (known != nullptr && *known != nullptr) return *known;
    const auto [place, is_new] = groups_.try_emplace(KeyOf(row), Group{row, {}});
    Group& group = place->second;
    if (is_new) limits_.Take(NodeBytes());
    if (groups_.size() > max_groups_) {
      too_many_ = true;
      groups_.clear();
      return nullptr;
    }
    if (known != nullptr) *known = &group.kept;
    return &group.kept;
  }
  bool too_many() const { return too_many_; }

  // Empty, by the same.
  Groups Fork() const { return Groups(by_, view_, max_groups_, limits_); }
  // Calls add(ours, theirs) for each group of the other, which is counted no more.
  template <typename F>
  void Join(const Groups& other, F&& add) {
    too_many_ |= other.too_many_;
    for (const auto& [key, group] : other.groups_) {
      if (T* const kept = Of(group.row)) add(kept, group.kept);
    }
    limits_.GiveBack(other.groups_.size() * other.NodeBytes());
  }

  // In the order of their values, missing ones last.
  std::vector<Group> Sorted() const {
    std::vector<Group> sorted;
    limits_.Take(groups_.size() * sizeof(Group));
    for (const auto& [key, group] : groups_) sorted.push_back(group);
    const RowOrder order(by_, view_, limits_);
    std::sort(sorted.begin(), sorted.end(),
              [&](const Group& a, const Group& b) { return order.Before(a.row, b.row); });
    return sorted;
  }

 private:
  using Key = std::vector<std::optional<int64_t>>;
  // A node of the map.
  static constexpr uint64_t kNodeBytes = sizeof(std::pair<const Key, Group>) + 4 * sizeof(void*);
  uint64_t NodeBytes() const { return kNodeBytes + by_.size() * sizeof(typename Key::value_type); }

  // Where a group of one small cell is remembered, or null: most have the code of a text.
  T** KnownOf(RowId row) {
    constexpr int64_t kMostKnown = 4096;
    if (column_ == nullptr) return nullptr;
    const bool has = column_->Has(row);
    const int64_t cell = has ? column_->Bits(row) : 0;
    if (cell < 0 || cell >= kMostKnown) return nullptr;
    const size_t at = has ? static_cast<size_t>(cell) + 1 : 0;
    if (at >= known_.size()) known_.resize(at + 1);
    return &known_[at];
  }

  // The cells of a row, by which rows are told apart: -0 is 0.
  Key KeyOf(RowId row) const {
    Key key;
    for (const BoundOrder& by : by_) {
      const Column& column = view_->column(by.column.trait);
      std::optional<int64_t>& cell = key.emplace_back();
      if (!column.Has(row)) continue;
      cell = column.Bits(row);
      if (by.column.info.type == ValueType::kNumber && DoubleOf(*cell) == 0) cell = 0;
    }
    return key;
  }

  const std::vector<BoundOrder>& by_;
  const ReadView& view_;
  const uint64_t max_groups_;
  const ExecutionLimits& limits_;
  bool too_many_ = false;
  std::map<Key, Group> groups_;
  const Column* column_ = nullptr;  // of a key of one cell
  std::vector<T*> known_;           // of no cell, then by cell
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_STATEMENTS_GROUPS_H_
