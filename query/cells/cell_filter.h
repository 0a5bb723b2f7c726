// SPDX-License-Identifier: Apache-2.0
//
// Tests of many cells at once: what a CellTest comes to on stored 64-bit cells, and how it is run
// over a chunk of a column or a block's property, 64 cells a step, in the width in which they are
// packed; by a kernel where one can. Thread rule: immutable once made.
#ifndef ROSTER_QUERY_CELLS_CELL_FILTER_H_
#define ROSTER_QUERY_CELLS_CELL_FILTER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "query/bound.h"
#include "query/operators/limits.h"
#include "storage/memory/dictionary.h"
#include "storage/memory/packed_ints.h"

namespace roster::query {

// Some runs of cells. Sorted, and apart.
struct IntRanges {
  static constexpr size_t kMax = 16;  // more of them are quicker in a table
  std::vector<IntRange> ranges;
};

// Cells that pass, mostly dictionary codes: a bit for each from 0; of those of two bytes a byte
// too, which is quicker to look up.
class CellTable {
 public:
  static constexpr size_t kSmall = 1 << 16;

  explicit CellTable(size_t num_cells)
      : words_((num_cells + 63) / 64), bytes_(num_cells < kSmall ? num_cells + 1 : 0) {}

  // Requires: cell < num_cells.
  void Set(size_t cell) {
    words_[cell / 64] |= uint64_t{1} << (cell % 64);
    if (!bytes_.empty()) bytes_[cell] = 1;
  }
  bool Test(uint64_t cell) const { return ((WordAt(cell / 64) >> (cell % 64)) & 1) != 0; }
  // The bits of 64 cells from `cell` on; behind the last number comes 0, as of cells below 0.
  uint64_t From(uint64_t cell) const {
    const uint64_t shift = cell % 64;
    const uint64_t low = WordAt(cell / 64) >> shift;
    const uint64_t next = (cell / 64 + 1) & (~uint64_t{0} >> 6);
    return shift == 0 ? low : low | WordAt(next) << (64 - shift);
  }
  // 1 for each cell that passes, and a 0 at the end for all that are greater; empty when they are
  // many.
  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  uint64_t WordAt(uint64_t word) const { return word < words_.size() ? words_[word] : 0; }

  std::vector<uint64_t> words_;
  std::vector<uint8_t> bytes_;
};

// What no table or range can say, or what is too dear to be asked of cells that no row may have:
// asked of each candidate. Once the limits stop it, none passes.
struct CellFunction {
  std::function<bool(int64_t)> passes;
  ExecutionLimits limits;
  std::shared_ptr<const Dictionary> texts = nullptr;  // in which a cell is looked up; null: none
};

class CellFilter {
 public:
  static CellFilter All() { return CellFilter(IntRange{}); }
  static CellFilter None() { return CellFilter(IntRange{1, 0}); }
  CellFilter() : CellFilter(IntRange{}) {}
  explicit CellFilter(IntRange range) : test_(range) {}
  // Of the form that is quickest for them.
  explicit CellFilter(IntSet set);
  explicit CellFilter(NumberRange range) : test_(range) {}
  explicit CellFilter(NumberSet set) : test_(std::move(set)) {}
  explicit CellFilter(CellFunction function) : test_(std::move(function)) {}

  // Makes it pass what it did not.
  void Negate() { negated_ = !negated_; }

  // What a full pass takes, in nanoseconds a row: a guess good enough to order conjuncts.
  double CostPerRow() const;

  // Whether each candidate's cell is asked a CellFunction.
  bool AsksEach() const { return std::holds_alternative<CellFunction>(test_); }

  // Clears the bits of `rows` whose cell does not pass; clear bits stay clear and whole words of
  // them are skipped. Shape: rows has (cells.size() + 63) / 64 words.
  void Narrow(const PackedInts& cells, uint64_t* rows) const;
  // The same, where the cells that count are known to lie within bounds: a range that holds none or
  // all of them needs no pass over the cells.
  void Narrow(const PackedInts& cells, const IntBounds& bounds, uint64_t* rows) const;

 private:
  std::variant<IntRange, IntRanges, IntSet, CellTable, NumberRange, NumberSet, CellFunction> test_;
  bool negated_ = false;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_CELLS_CELL_FILTER_H_
