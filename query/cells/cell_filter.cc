// SPDX-License-Identifier: Apache-2.0
#include "query/cells/cell_filter.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>

#include "query/kernels/bits.h"
#include "query/kernels/cell_reader.h"
#include "query/kernels/narrow.h"

namespace roster::query {
namespace {

// Packs 64 bytes of 0 or 1 into a word, the first byte lowest.
uint64_t PackBits(const std::array<uint8_t, 64>& bytes) {
  uint64_t word = 0;
  for (size_t i = 0; i < 64; i += 8) {
    uint64_t eight;
    std::memcpy(&eight, bytes.data() + i, 8);
    word |= ((eight * 0x0102040810204080) >> 56) << i;
  }
  return word;
}

// Whether the bits of a word are so few that they are looked at one by one.
bool IsSparse(uint64_t word) {
  for (int bit = 0; bit < 4; ++bit) word &= word - 1;
  return word == 0;
}

// rows &= (passes(i) != negated), 64 cells a step.
template <typename Passes>
void NarrowBy(size_t size, bool negated, uint64_t* rows, Passes passes) {
  const uint64_t flip = negated ? ~uint64_t{0} : 0;
  std::array<uint8_t, 64> bytes{};
  for (size_t begin = 0; begin < size; begin += 64, ++rows) {
    if (*rows == 0) continue;
    if (IsSparse(*rows)) {
      uint64_t word = 0;
      for (uint64_t left = *rows; left != 0; left &= left - 1) {
        const auto bit = static_cast<size_t>(std::countr_zero(left));
        word |= uint64_t{passes(begin + bit)} << bit;
      }
      *rows &= word ^ flip;
      continue;
    }
    if (size - begin >= 64) {
      for (size_t i = 0; i < 64; ++i) bytes[i] = passes(begin + i);
    } else {
      for (size_t i = 0; i < size - begin; ++i) bytes[i] = passes(begin + i);
    }
    *rows &= PackBits(bytes) ^ flip;
  }
}

// Every cell has the same verdict.
void NarrowAll(bool passes, size_t size, uint64_t* rows) {
  if (!passes) std::fill(rows, rows + (size + 63) / 64, 0);
}

bool Passes(const IntRange& range, int64_t cell) { return range.low <= cell && cell <= range.high; }
bool Passes(const IntSet& set, int64_t cell) {
  return std::binary_search(set.values.begin(), set.values.end(), cell);
}
bool Passes(const IntRanges& ranges, int64_t cell) {
  return std::any_of(ranges.ranges.begin(), ranges.ranges.end(),
                     [&](const IntRange& range) { return Passes(range, cell); });
}
bool Passes(const CellTable& table, int64_t cell) {
  return table.Test(static_cast<uint64_t>(cell));
}
bool Passes(const NumberRange& range, int64_t cell) {
  const auto number = std::bit_cast<double>(cell);
  return range.low <= number && number <= range.high;
}
bool Passes(const NumberSet& set, int64_t cell) {
  return std::binary_search(set.values.begin(), set.values.end(), std::bit_cast<double>(cell));
}

bool Passes(const CellFunction& function, int64_t cell) { return function.passes(cell); }

// Any test, cell by cell.
template <typename Test>
void NarrowEach(const Test& test, const PackedInts& cells, bool negated, uint64_t* rows) {
  kernels::WithReader(cells, [&](const auto& cell_of) {
    NarrowBy(cells.size(), negated, rows,
             [&](size_t i) { return static_cast<uint8_t>(Passes(test, cell_of(i))); });
  });
}

template <typename Test>
void NarrowCells(const Test& test, const PackedInts& cells, bool negated, uint64_t* rows) {
  NarrowEach(test, cells, negated, rows);
}

// Has the texts of the cells that count fetched, where these are few: texts that are read one after
// the other lie so in memory, mostly.
void PrefetchTexts(const Dictionary& texts, const PackedInts& cells, const uint64_t* rows) {
  constexpr uint64_t kMostFetched = 1024;
  const size_t num_words = (cells.size() + 63) / 64;
  const uint64_t num_cells = kernels::CountBits(rows, num_words);
  if (num_cells < 2 || num_cells > kMostFetched) return;
  for (size_t word = 0; word < num_words; ++word) {
    for (uint64_t left = rows[word]; left != 0; left &= left - 1) {
      const auto bit = static_cast<size_t>(std::countr_zero(left));
      texts.Prefetch(static_cast<uint32_t>(cells.Get(word * 64 + bit)));
    }
  }
}

// Of the cells that count only: it may be dear.
void NarrowCells(const CellFunction& function, const PackedInts& cells, bool negated,
                 uint64_t* rows) {
  constexpr uint32_t kCellsPerCheck = 256;
  uint32_t num_asked = 0;
  if (function.texts != nullptr) PrefetchTexts(*function.texts, cells, rows);
  for (size_t word = 0; word * 64 < cells.size(); ++word) {
    for (uint64_t left = rows[word]; left != 0; left &= left - 1) {
      if (++num_asked % kCellsPerCheck == 0 && !function.limits.Check().ok()) {
        return NarrowAll(false, cells.size(), rows);
      }
      const auto bit = static_cast<size_t>(std::countr_zero(left));
      const int64_t cell = cells.Get(word * 64 + bit);
      if (function.passes(cell) == negated) rows[word] &= ~(uint64_t{1} << bit);
    }
  }
}

// What stored values a range of cells is, in 64 bits perhaps beyond the end and on from 0; nothing
// when no value of the width is in it.
template <typename Raw>
std::optional<kernels::RawRange<Raw>> RawOf(const IntRange& range, int64_t base) {
  constexpr bool kWide = sizeof(Raw) == sizeof(int64_t);
  const Int128 min = kWide ? std::numeric_limits<int64_t>::min() : base;
  const Int128 max = kWide ? Int128{std::numeric_limits<int64_t>::max()}
                           : Int128{base} + std::numeric_limits<Raw>::max();
  const Int128 low = std::max<Int128>(range.low, min);
  const Int128 high = std::min<Int128>(range.high, max);
  if (low > high) return std::nullopt;
  return kernels::RawRange<Raw>{static_cast<Raw>(low - base), static_cast<Raw>(high - low)};
}

// Of cells that are split.
void NarrowSplit(const IntRange& range, const PackedInts& cells, bool negated, uint64_t* rows) {
  constexpr Int128 kMost = (int64_t{1} << 40) - 1;
  const Int128 low = std::max<Int128>(Int128{range.low} - cells.base(), 0);
  const Int128 high = std::min<Int128>(Int128{range.high} - cells.base(), kMost);
  if (low > high) return NarrowAll(negated, cells.size(), rows);
  kernels::NarrowSplitByRange(cells.highs(), cells.lows(), cells.size(),
                              {static_cast<uint64_t>(low), static_cast<uint64_t>(high - low)},
                              negated, rows);
}

void NarrowCells(absl::Span<const IntRange> ranges, const PackedInts& cells, bool negated,
                 uint64_t* rows) {
  kernels::WithRaw(cells, [&]<typename Raw>(const Raw* raw) {
    std::array<kernels::RawRange<Raw>, IntRanges::kMax> stored;
    size_t num_stored = 0;
    for (const IntRange& range : ranges) {
      if (const auto one = RawOf<Raw>(range, cells.base())) stored[num_stored++] = *one;
    }
    if (num_stored == 0) return NarrowAll(negated, cells.size(), rows);
    kernels::NarrowByRanges(raw, cells.size(), absl::MakeConstSpan(stored.data(), num_stored),
                            negated, rows);
  });
}
void NarrowCells(const IntRange& range, const PackedInts& cells, bool negated, uint64_t* rows) {
  if (cells.is_split()) return NarrowSplit(range, cells, negated, rows);
  NarrowCells(absl::MakeConstSpan(&range, 1), cells, negated, rows);
}
void NarrowCells(const IntRanges& ranges, const PackedInts& cells, bool negated, uint64_t* rows) {
  if (cells.is_split()) return NarrowEach(ranges, cells, negated, rows);
  NarrowCells(absl::MakeConstSpan(ranges.ranges), cells, negated, rows);
}

// The cells of one byte are all looked up at once.
void NarrowCells(const CellTable& table, const PackedInts& cells, bool negated, uint64_t* rows) {
  if (cells.width() == 2 && cells.base() == 0 && !table.bytes().empty()) {
    const auto look_up = [bytes = table.bytes().data(), last = table.bytes().size() - 1,
                          raw = cells.data<uint16_t>()](size_t i) {
      return bytes[std::min<size_t>(raw[i], last)];
    };
    return NarrowBy(cells.size(), negated, rows, look_up);
  }
  if (cells.width() != 1) return NarrowEach(table, cells, negated, rows);
  kernels::ByteSet set;
  const auto base = static_cast<uint64_t>(cells.base());
  for (uint64_t word = 0; word < 4; ++word) set[word] = table.From(base + word * 64);
  kernels::NarrowByBytes(cells.data<uint8_t>(), cells.size(), set, negated, rows);
}

// --- Sets ---

// The runs of a set of integers, sorted; nothing when they are more than a few.
std::optional<IntRanges> RunsOf(const std::vector<int64_t>& values) {
  IntRanges runs;
  for (const int64_t value : values) {
    if (!runs.ranges.empty() && value <= runs.ranges.back().high) continue;
    if (!runs.ranges.empty() && value - 1 == runs.ranges.back().high) {
      runs.ranges.back().high = value;
    } else if (runs.ranges.size() == IntRanges::kMax) {
      return std::nullopt;
    } else {
      runs.ranges.push_back({value, value});
    }
  }
  return runs;
}

}  // namespace

CellFilter::CellFilter(IntSet set) {
  // A table while it stays in the cache.
  constexpr int64_t kMaxTable = 1 << 20;
  if (std::optional<IntRanges> runs = RunsOf(set.values)) {
    if (runs->ranges.empty()) {
      test_ = IntRange{1, 0};
    } else if (runs->ranges.size() == 1) {
      test_ = runs->ranges[0];
    } else {
      test_ = *std::move(runs);
    }
  } else if (set.values.front() >= 0 && set.values.back() < kMaxTable) {
    CellTable table(static_cast<size_t>(set.values.back()) + 1);
    for (const int64_t value : set.values) table.Set(static_cast<size_t>(value));
    test_ = std::move(table);
  } else {
    test_ = std::move(set);
  }
}

double CellFilter::CostPerRow() const {
  constexpr double kRead = 0.02;
  constexpr double kCompare = 0.01;
  if (std::holds_alternative<IntRange>(test_)) return kRead + kCompare;
  if (const auto* ranges = std::get_if<IntRanges>(&test_)) {
    return kRead + kCompare * static_cast<double>(ranges->ranges.size());
  }
  if (std::holds_alternative<CellTable>(test_)) return 0.5;
  return std::holds_alternative<CellFunction>(test_) ? 50 : 1;
}

void CellFilter::Narrow(const PackedInts& cells, const IntBounds& bounds, uint64_t* rows) const {
  absl::Span<const IntRange> ranges;
  if (const auto* one = std::get_if<IntRange>(&test_)) ranges = absl::MakeConstSpan(one, 1);
  if (const auto* some = std::get_if<IntRanges>(&test_)) ranges = some->ranges;
  const auto has_none = [&](const IntRange& range) {
    return bounds.high < range.low || range.high < bounds.low;
  };
  const auto has_all = [&](const IntRange& range) {
    return range.low <= bounds.low && bounds.high <= range.high;
  };
  if (!ranges.empty() && std::all_of(ranges.begin(), ranges.end(), has_none)) {
    return NarrowAll(negated_, cells.size(), rows);
  }
  if (std::any_of(ranges.begin(), ranges.end(), has_all)) {
    return NarrowAll(!negated_, cells.size(), rows);
  }
  Narrow(cells, rows);
}

void CellFilter::Narrow(const PackedInts& cells, uint64_t* rows) const {
  std::visit(
      [&](const auto& test) {
        if (cells.width() == 0) {
          NarrowAll(Passes(test, cells.base()) != negated_, cells.size(), rows);
        } else {
          NarrowCells(test, cells, negated_, rows);
        }
      },
      test_);
}

}  // namespace roster::query
