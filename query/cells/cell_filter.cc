// SPDX-License-Identifier: Apache-2.0
#include "query/cells/cell_filter.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

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

// rows &= (passes(cell) != negated), 64 cells a step.
template <typename Raw, typename Passes>
void NarrowRaw(const Raw* cells, size_t size, bool negated, uint64_t* rows, Passes passes) {
  const uint64_t flip = negated ? ~uint64_t{0} : 0;
  std::array<uint8_t, 64> bytes{};
  for (size_t begin = 0; begin < size; begin += 64, ++rows) {
    if (*rows == 0) continue;
    const Raw* const at = cells + begin;
    if (size - begin >= 64) {
      for (size_t i = 0; i < 64; ++i) bytes[i] = passes(at[i]);
    } else {
      for (size_t i = 0; i < size - begin; ++i) bytes[i] = passes(at[i]);
    }
    *rows &= PackBits(bytes) ^ flip;
  }
}

// Every cell has the same verdict.
void NarrowAll(bool passes, size_t size, uint64_t* rows) {
  if (!passes) std::fill(rows, rows + (size + 63) / 64, 0);
}

// Calls f with the cells as an array of their width.
template <typename F>
void WithRaw(const PackedInts& cells, F&& f) {
  switch (cells.width()) {
    case 1:
      return f(cells.data<uint8_t>());
    case 2:
      return f(cells.data<uint16_t>());
    case 4:
      return f(cells.data<uint32_t>());
    case 8:
      return f(cells.data<uint64_t>());
    default:
      return;
  }
}

bool Passes(const IntRange& range, int64_t cell) { return range.low <= cell && cell <= range.high; }
bool Passes(const IntSet& set, int64_t cell) {
  return std::binary_search(set.values.begin(), set.values.end(), cell);
}
bool Passes(const CodeTable& table, int64_t cell) {
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
void NarrowCells(const Test& test, const PackedInts& cells, bool negated, uint64_t* rows) {
  const auto base = static_cast<uint64_t>(cells.base());
  WithRaw(cells, [&](const auto* raw) {
    NarrowRaw(raw, cells.size(), negated, rows, [&](uint64_t cell) {
      return static_cast<uint8_t>(Passes(test, static_cast<int64_t>(cell + base)));
    });
  });
}

// Of the cells that count only: it may be dear.
void NarrowCells(const CellFunction& function, const PackedInts& cells, bool negated,
                 uint64_t* rows) {
  for (size_t word = 0; word * 64 < cells.size(); ++word) {
    for (uint64_t left = rows[word]; left != 0; left &= left - 1) {
      const auto bit = static_cast<size_t>(std::countr_zero(left));
      const int64_t cell = cells.Get(word * 64 + bit);
      if (function.passes(cell) == negated) rows[word] &= ~(uint64_t{1} << bit);
    }
  }
}

// A range is compared in the stored width: one subtraction and one comparison a cell.
void NarrowCells(const IntRange& range, const PackedInts& cells, bool negated, uint64_t* rows) {
  WithRaw(cells, [&]<typename Raw>(const Raw* raw) {
    constexpr bool kWide = sizeof(Raw) == sizeof(int64_t);
    const Int128 min = kWide ? std::numeric_limits<int64_t>::min() : cells.base();
    const Int128 max = kWide ? Int128{std::numeric_limits<int64_t>::max()}
                             : Int128{cells.base()} + std::numeric_limits<Raw>::max();
    const Int128 low = std::max<Int128>(range.low, min);
    const Int128 high = std::min<Int128>(range.high, max);
    if (low > high) return NarrowAll(negated, cells.size(), rows);
    if (low == min && high == max) return NarrowAll(!negated, cells.size(), rows);
    const auto first = static_cast<Raw>(low - cells.base());
    const auto span = static_cast<Raw>(high - low);
    NarrowRaw(raw, cells.size(), negated, rows, [first, span](Raw cell) {
      return static_cast<uint8_t>(static_cast<Raw>(cell - first) <= span);
    });
  });
}

}  // namespace

void CellFilter::Narrow(const PackedInts& cells, const IntBounds& bounds, uint64_t* rows) const {
  if (const auto* range = std::get_if<IntRange>(&test_)) {
    if (bounds.high < range->low || range->high < bounds.low) {
      return NarrowAll(negated_, cells.size(), rows);
    }
    if (range->low <= bounds.low && bounds.high <= range->high) {
      return NarrowAll(!negated_, cells.size(), rows);
    }
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
