// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/traits/seen_order.h"

#include <algorithm>

#include "storage/base/check.h"

namespace roster {

void SeenOrder::Add(RowId row, int64_t span, IsIn is_in) {
  Leaf& leaf = MutableLeaf(span);
  const auto behind = std::upper_bound(leaf.begin(), leaf.end(), span,
                                       [](int64_t at, const List& list) { return at < list.span; });
  const bool has_room =
      behind != leaf.begin() && behind[-1].span == span && behind[-1].rows.size() < kListRows;
  if (!has_room) list_bytes_ += kListBytes;
  Append(has_room ? &behind[-1] : &*leaf.insert(behind, {span, {}}), row);
  num_rows_ = std::max(num_rows_, row.value + 1);
  const size_t most = 2 * size_t{num_rows_} + kSlack;
  for (size_t looks = 0; size_ > most && looks < kLooksPerAdd;) looks += Tidy(NextInTurn(), is_in);
}

SeenOrder::Leaf& SeenOrder::MutableLeaf(int64_t span) {
  Branch& branch = branches_[BranchOf(span)].Mutable();
  const auto [leaf, is_new] = branch.try_emplace(LeafOf(span));
  num_leaves_ += is_new;
  return leaf->second.Mutable();
}

void SeenOrder::Append(List* list, RowId row) {
  list_bytes_ -= list->rows.MemoryBytes();
  list->rows.Append(row.value);
  list_bytes_ += list->rows.MemoryBytes();
  ++size_;
}

void SeenOrder::Remove(Leaf* leaf, size_t place) {
  const List& list = (*leaf)[place];
  size_ -= list.rows.size();
  list_bytes_ -= list.rows.MemoryBytes() + kListBytes;
  leaf->erase(leaf->begin() + static_cast<std::ptrdiff_t>(place));
}

SeenOrder::Place SeenOrder::NextInTurn() const {
  const auto from = [this](Place at) -> std::optional<Place> {
    const int64_t first_branch = at.leaf >> (kBranchBits - kLeafBits);
    for (auto branch = branches_.lower_bound(first_branch); branch != branches_.end(); ++branch) {
      const Branch& leaves = *branch->second;
      for (auto leaf = leaves.lower_bound(at.leaf); leaf != leaves.end(); ++leaf) {
        const size_t index = leaf->first == at.leaf ? at.index : 0;
        if (index < leaf->second->size()) return Place{leaf->first, index};
      }
    }
    return std::nullopt;
  };
  const std::optional<Place> next = from(turn_);
  return next ? *next : *from({std::numeric_limits<int64_t>::min(), 0});
}

size_t SeenOrder::Tidy(Place place, IsIn is_in) {
  const int64_t any_span = place.leaf << kLeafBits;
  Leaf& leaf = MutableLeaf(any_span);
  const int64_t span = leaf[place.index].span;
  const AppendBuffer<uint32_t> before = leaf[place.index].rows;
  std::vector<uint32_t> rows(before.begin(), before.end());
  std::erase_if(rows, [&](uint32_t row) { return !is_in(RowId{row}, span); });
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());

  turn_ = {place.leaf, place.index + 1};
  const bool joins = place.index != 0 && leaf[place.index - 1].span == span &&
                     leaf[place.index - 1].rows.size() + rows.size() <= kListRows;
  if (rows.size() == before.size() && !joins) return before.size();
  Remove(&leaf, place.index);
  if (joins || rows.empty()) {
    --turn_.index;
  } else {
    leaf.insert(leaf.begin() + static_cast<std::ptrdiff_t>(place.index), {span, {}});
    list_bytes_ += kListBytes;
  }
  for (const uint32_t row : rows) Append(&leaf[place.index - joins], {row});
  if (!leaf.empty()) return before.size();
  --num_leaves_;
  const auto branch = branches_.find(BranchOf(any_span));
  branch->second.Mutable().erase(place.leaf);
  if (branch->second->empty()) branches_.erase(branch);
  return before.size();
}

void SeenOrder::CheckInvariants() const {
  size_t size = 0;
  size_t bytes = 0;
  size_t num_leaves = 0;
  for (const auto& [first, branch] : branches_) {
    for (const auto& [number, leaf] : *branch) {
      ++num_leaves;
      ROSTER_CHECK(!leaf->empty());
      for (const List& list : *leaf) {
        ROSTER_CHECK(!list.rows.empty() && list.rows.size() <= kListRows);
        ROSTER_CHECK(LeafOf(list.span) == number && BranchOf(list.span) == first);
        ROSTER_CHECK(std::all_of(list.rows.begin(), list.rows.end(),
                                 [this](uint32_t row) { return row < num_rows_; }));
        size += list.rows.size();
        bytes += list.rows.MemoryBytes() + kListBytes;
      }
      ROSTER_CHECK(std::is_sorted(leaf->begin(), leaf->end(),
                                  [](const List& a, const List& b) { return a.span < b.span; }));
    }
  }
  ROSTER_CHECK(size == size_ && bytes == list_bytes_ && num_leaves == num_leaves_);
  ROSTER_CHECK(size_ <= 3 * size_t{num_rows_} + 2 * kSlack);
}

}  // namespace roster
