// SPDX-License-Identifier: Apache-2.0
#include "query/row_order.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "query/cells/cell_filter.h"
#include "query/kernels/bits.h"
#include "query/kernels/cell_reader.h"
#include "query/kernels/narrow.h"
#include "storage/memory/cells.h"

namespace roster::query {
namespace {

// A node of a map of results, and its place in the table.
constexpr uint64_t kResultBytes =
    sizeof(std::pair<uint32_t, std::optional<AggregateResult>>) + 3 * sizeof(void*);

constexpr uint64_t kSign = uint64_t{1} << 63;
// The key of what is missing.
constexpr uint64_t kLast = std::numeric_limits<uint64_t>::max();

// Cells as unsigned integers in the order of their values.
uint64_t Ordered(ValueType type, int64_t cell) {
  auto bits = static_cast<uint64_t>(cell);
  if (type != ValueType::kNumber) return bits ^ kSign;
  if (bits == kSign) bits = 0;  // -0 is 0
  return (bits & kSign) != 0 ? ~bits : bits ^ kSign;
}

// The first eight bytes.
uint64_t PrefixOf(std::string_view text) {
  uint64_t prefix = 0;
  for (size_t i = 0; i < 8; ++i) {
    prefix = prefix << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0);
  }
  return prefix;
}

std::optional<std::string_view> TextOf(const BoundColumn& column, const ReadView& view, RowId row) {
  if (column.source == BoundColumn::Source::kIdentity) {
    const auto id = view->identities.FirstOfRow(row, column.name_space);
    if (!id) return std::nullopt;
    return view->identities.NameOf(*id).value;
  }
  const Column& cells = view->column(column.trait);
  if (!cells.Has(row)) return std::nullopt;
  return cells.type().dictionary->Text(static_cast<uint32_t>(cells.Bits(row)));
}

std::optional<uint64_t> NumberOf(const BoundColumn& column, const ReadView& view, RowId row) {
  if (column.source == BoundColumn::Source::kId) return view->ProfileAt(row).value;
  const Column& cells = view->column(column.trait);
  if (!cells.Has(row)) return std::nullopt;
  return Ordered(column.info.type, cells.Bits(row));
}

bool IsText(const BoundColumn& column) {
  return column.source != BoundColumn::Source::kId && column.info.type == ValueType::kText;
}

template <typename T>
std::weak_ordering CompareMissingLast(const std::optional<T>& a, const std::optional<T>& b,
                                      bool descending) {
  if (!a || !b) return b.has_value() <=> a.has_value();
  return descending ? *b <=> *a : *a <=> *b;
}

}  // namespace

bool IsNewestFirst(const std::vector<BoundOrder>& by) {
  const auto is_computed = [](const BoundOrder& one) {
    return one.column.source == BoundColumn::Source::kComputedTrait;
  };
  if (by.empty() || !by[0].descending || std::ranges::any_of(by, is_computed)) return false;
  const BoundColumn& column = by[0].column;
  return column.source == BoundColumn::Source::kTrait && column.trait == kLastSeen;
}

RowOrder::RowOrder(const std::vector<BoundOrder>& by, const ReadView& view,
                   const ExecutionLimits& limits)
    : by_(by), view_(view), limits_(limits) {
  // It runs to its end: who asks for the order next checks the limits.
  ExecutionLimits counting;
  counting.memory = limits.memory;
  Preparation preparation(view.clock(), counting);
  for (const BoundOrder& one : by) {
    auto& computed = computed_.emplace_back();
    if (one.column.source != BoundColumn::Source::kComputedTrait) continue;
    computed.reset(new Computed{AggregateReader(*one.column.aggregate, view, &preparation), {}});
  }
}

const std::optional<AggregateResult>& RowOrder::ResultOf(size_t by, RowId row) const {
  const Computed& computed = *computed_[by];
  const auto known = computed.results.find(row.value);
  if (known != computed.results.end()) return known->second;
  limits_.Take(kResultBytes);
  return computed.results.emplace(row.value, computed.reader.ResultOf(view_, row)).first->second;
}

void RowOrder::Forget(RowId row) const {
  for (const std::unique_ptr<Computed>& computed : computed_) {
    if (computed != nullptr) limits_.GiveBack(kResultBytes * computed->results.erase(row.value));
  }
}

std::weak_ordering RowOrder::Compare(size_t by, RowId a, RowId b) const {
  const BoundColumn& column = by_[by].column;
  const bool descending = by_[by].descending;
  if (computed_[by] != nullptr) {
    const std::optional<AggregateResult>& left = ResultOf(by, a);
    const std::optional<AggregateResult>& right = ResultOf(by, b);
    if (!left || !right) return right.has_value() <=> left.has_value();
    const int sign = CompareResults(*left, *right);
    return descending ? 0 <=> sign : sign <=> 0;
  }
  if (IsText(column)) {
    return CompareMissingLast(TextOf(column, view_, a), TextOf(column, view_, b), descending);
  }
  return CompareMissingLast(NumberOf(column, view_, a), NumberOf(column, view_, b), descending);
}

uint64_t RowOrder::KeyOfSeen(int64_t ms) { return ~Ordered(ValueType::kTimestamp, ms); }

bool RowOrder::IsShareable() const {
  return std::ranges::all_of(computed_, [](const auto& computed) { return computed == nullptr; });
}

bool RowOrder::Before(RowId a, RowId b) const {
  for (size_t by = 0; by < by_.size(); ++by) {
    const std::weak_ordering order = Compare(by, a, b);
    if (order != 0) return order < 0;
  }
  return view_->ProfileAt(a) < view_->ProfileAt(b);
}

uint64_t RowOrder::KeyOf(RowId row) const {
  if (by_.empty()) return view_->ProfileAt(row).value;
  const BoundColumn& column = by_[0].column;
  std::optional<uint64_t> key;
  if (computed_[0] != nullptr) {
    if (const auto& result = ResultOf(0, row)) {
      key = Ordered(ValueType::kNumber, BitsOf(AsNumber(*result)));
    }
  } else if (IsText(column)) {
    if (const auto text = TextOf(column, view_, row)) key = PrefixOf(*text);
  } else {
    key = NumberOf(column, view_, row);
  }
  if (!key) return kLast;
  return by_[0].descending ? ~*key : *key;
}

void RowOrder::KeysOf(uint32_t chunk, const ChunkBits& rows, std::vector<uint64_t>* keys) const {
  const PackedInts* const cells = CellsOf(chunk);
  if (cells == nullptr) {
    rows.ForEach([&](uint32_t i) { keys->push_back(KeyOf(RowAt(chunk, i))); });
    return;
  }
  const BoundColumn& column = by_[0].column;
  const ChunkBits& present = view_->column(column.trait).chunk(chunk).present;
  const uint64_t flip = by_[0].descending ? ~uint64_t{0} : 0;
  const size_t before = keys->size();
  keys->resize(before + kernels::CountBits(rows.words(), ChunkBits::kWords));
  uint64_t* next = keys->data() + before;
  kernels::WithReader(*cells, [&](const auto& cell_of) {
    rows.ForEach([&](uint32_t i) {
      const uint64_t key = Ordered(column.info.type, cell_of(i)) ^ flip;
      *next++ = present.Test(i) ? key : kLast;
    });
  });
}

void RowOrder::DropBehind(uint64_t key, uint32_t chunk, ChunkBits* rows) const {
  constexpr uint64_t kFew = 256;  // which are looked at sooner than all rows of the chunk
  if (key == kLast || kernels::CountBits(rows->words(), ChunkBits::kWords) <= kFew) return;
  const bool descending = !by_.empty() && by_[0].descending;
  if (IsById()) {
    const kernels::RawRange<uint64_t> near =
        descending ? kernels::RawRange<uint64_t>{~key, key} : kernels::RawRange<uint64_t>{0, key};
    return kernels::NarrowByRanges(view_->profile_of_row.chunk(chunk), kChunkRows, {&near, 1},
                                   false, rows->words());
  }
  const PackedInts* const cells = CellsOf(chunk);
  if (cells == nullptr || by_[0].column.info.type == ValueType::kNumber) return;
  const auto cell = static_cast<int64_t>((descending ? ~key : key) ^ kSign);
  const IntRange range = descending ? IntRange{cell, std::numeric_limits<int64_t>::max()}
                                    : IntRange{std::numeric_limits<int64_t>::min(), cell};
  const ColumnChunk& column = view_->column(by_[0].column.trait).chunk(chunk);
  kernels::AndBits(column.present.words(), ChunkBits::kWords, rows->words());
  CellFilter(range).Narrow(*cells, column.bounds, rows->words());
}

bool RowOrder::IsById() const {
  return by_.empty() || by_[0].column.source == BoundColumn::Source::kId;
}

const PackedInts* RowOrder::CellsOf(uint32_t chunk) const {
  if (by_.empty() || computed_[0] != nullptr || IsText(by_[0].column)) return nullptr;
  const BoundColumn& column = by_[0].column;
  if (column.source != BoundColumn::Source::kTrait) return nullptr;
  const Column& cells = view_->column(column.trait);
  return chunk < cells.num_chunks() ? cells.chunk(chunk).cells.array() : nullptr;
}

void TopRows::Add(RowId row, uint64_t key) {
  const auto before = [this](const Entry& a, const Entry& b) { return Before(a, b); };
  const Entry entry{key, row};
  if (entries_.size() < capacity_) {
    limits_.Take(sizeof(Entry));
    entries_.push_back(entry);
    if (entries_.size() == capacity_) std::make_heap(entries_.begin(), entries_.end(), before);
    return;
  }
  if (capacity_ == 0 || !Before(entry, entries_.front())) return order_.Forget(row);
  std::pop_heap(entries_.begin(), entries_.end(), before);
  order_.Forget(entries_.back().row);
  entries_.back() = entry;
  std::push_heap(entries_.begin(), entries_.end(), before);
}

std::vector<RowId> TopRows::Take() {
  std::sort(entries_.begin(), entries_.end(),
            [this](const Entry& a, const Entry& b) { return Before(a, b); });
  std::vector<RowId> rows;
  rows.reserve(entries_.size());
  for (const Entry& entry : entries_) rows.push_back(entry.row);
  limits_.GiveBack(sizeof(Entry) * entries_.size());
  entries_ = {};
  return rows;
}

}  // namespace roster::query
