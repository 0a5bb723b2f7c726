// SPDX-License-Identifier: Apache-2.0
//
// Tests of many cells at once: what a CellTest comes to on stored 64-bit cells, and the kernels
// that run it over a chunk of a column or a block's property, 64 cells a step, in the width in
// which they are packed. Thread rule: immutable once made.
#ifndef ROSTER_QUERY_CELLS_CELL_FILTER_H_
#define ROSTER_QUERY_CELLS_CELL_FILTER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <variant>
#include <vector>

#include "query/bound.h"
#include "storage/memory/packed_ints.h"

namespace roster::query {

// Dictionary codes that pass: a bit per code from 0.
class CodeTable {
 public:
  explicit CodeTable(size_t num_codes) : words_((num_codes + 63) / 64) {}

  // Requires: code < num_codes.
  void Set(size_t code) { words_[code / 64] |= uint64_t{1} << (code % 64); }
  bool Test(uint64_t code) const {
    return code / 64 < words_.size() && ((words_[code / 64] >> (code % 64)) & 1) != 0;
  }

 private:
  std::vector<uint64_t> words_;
};

// What no table or range can say, asked of each cell.
struct CellFunction {
  std::function<bool(int64_t)> passes;
};

class CellFilter {
 public:
  static CellFilter All() { return CellFilter(IntRange{}); }
  static CellFilter None() { return CellFilter(IntRange{1, 0}); }
  CellFilter() : CellFilter(IntRange{}) {}
  explicit CellFilter(IntRange range) : test_(range) {}
  explicit CellFilter(IntSet set) : test_(std::move(set)) {}
  explicit CellFilter(CodeTable table) : test_(std::move(table)) {}
  explicit CellFilter(NumberRange range) : test_(range) {}
  explicit CellFilter(NumberSet set) : test_(std::move(set)) {}
  explicit CellFilter(CellFunction function) : test_(std::move(function)) {}

  // Makes it pass what it did not.
  void Negate() { negated_ = !negated_; }

  // Clears the bits of `rows` whose cell does not pass; clear bits stay clear and whole words of
  // them are skipped. Shape: rows has (cells.size() + 63) / 64 words.
  void Narrow(const PackedInts& cells, uint64_t* rows) const;
  // The same, where the cells that count are known to lie within bounds: a range that holds none or
  // all of them needs no pass over the cells.
  void Narrow(const PackedInts& cells, const IntBounds& bounds, uint64_t* rows) const;

 private:
  std::variant<IntRange, IntSet, CodeTable, NumberRange, NumberSet, CellFunction> test_;
  bool negated_ = false;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_CELLS_CELL_FILTER_H_
