// SPDX-License-Identifier: Apache-2.0
//
// What is asked of one cell, bound: literals in the form of the cells that they are compared with.
// A cell that is missing never passes. Thread rule: plain values.
#ifndef ROSTER_QUERY_BOUND_CELLS_H_
#define ROSTER_QUERY_BOUND_CELLS_H_

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "query/ast.h"
#include "query/window.h"

namespace re2 {
class RE2;
}

namespace roster::query {

// Integers, booleans, dates, timestamps and decimals, in stored units. Closed; low > high: none.
struct IntRange {
  int64_t low = std::numeric_limits<int64_t>::min();
  int64_t high = std::numeric_limits<int64_t>::max();
};
// The same types. Sorted.
struct IntSet {
  std::vector<int64_t> values;
};
// Numbers. Closed; low > high: none.
struct NumberRange {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};
// Sorted.
struct NumberSet {
  std::vector<double> values;
};
// Timestamps; dates by the first moment of their day.
struct InWindow {
  Window window;
};
// Sorted.
struct TextSet {
  std::vector<std::string> texts;
};
// By code point. A bound that is absent does not bind.
struct TextRange {
  std::optional<std::string> low;
  std::optional<std::string> high;
  bool low_open = false;
  bool high_open = false;
};
// Folded: `text` is folded, and what it is compared with is to be. No op: equal as a whole.
struct TextPattern {
  std::optional<ast::TextOp> op;
  std::string text;
  bool folded = false;
};
struct TextRegex {
  std::shared_ptr<const re2::RE2> regex;
  std::string spelling;
};
// Sorted.
struct ListHas {
  ast::ListOp op = ast::ListOp::kHas;
  std::vector<std::string> elements;
};
struct ListSize {
  IntRange range;
  bool negated = false;
};
// Dates, and timestamps by their local day: an anniversary of it begins in the window.
struct AnniversaryIn {
  Window window;
};
struct AnyValue {};

using CellTest =
    std::variant<IntRange, IntSet, NumberRange, NumberSet, InWindow, TextSet, TextRange,
                 TextPattern, TextRegex, ListHas, ListSize, AnniversaryIn, AnyValue>;

// A test, or with `negated` that there is a value and it fails the test.
struct CellPredicate {
  CellTest test;
  bool negated = false;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_BOUND_CELLS_H_
