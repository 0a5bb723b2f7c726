// SPDX-License-Identifier: Apache-2.0
//
// What is asked of one value, by the most obvious means. Thread rule: pure functions.
// Source: LANGUAGE.md "Types", "Missing values".
#ifndef ROSTER_TESTS_QUERY_NAIVE_CELLS_H_
#define ROSTER_TESTS_QUERY_NAIVE_CELLS_H_

#include <boost/multiprecision/cpp_int.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "query/ast.h"
#include "roster/value.h"
#include "tests/query/naive/calendar.h"

namespace roster::query::naive {

// num / den. Invariant: den > 0.
struct Exact {
  boost::multiprecision::cpp_int num;
  boost::multiprecision::cpp_int den = 1;
  int Compare(const Exact& other) const;
  double ToDouble() const;
};

std::string Nfc(std::string_view text);
// Without case and accents.
std::string Folded(std::string_view text);

// Of an integer or decimal.
std::optional<Exact> ExactOf(const Value& value);
Exact ExactOf(const ast::Literal& literal);
double DoubleOf(const ast::Literal& literal);
std::string TextOf(const ast::Literal& literal);

// Whether -1, 0 or 1 passes.
bool Passes(ast::CompareOp op, int order);
// The order of a value that is there and what a literal says.
int Order(const Value& value, const ast::Literal& literal, const Clock& clock);
bool Compares(const Value& value, const ast::Compare& compare, const Clock& clock);
// Of all but what was.
bool Holds(const Value& value, const ast::What& what, const Clock& clock);
bool HoldsSize(const Value& value, const ast::Compare& compare);
bool HoldsAnniversary(const Value& value, const ast::Window& window, const Clock& clock);

}  // namespace roster::query::naive

#endif  // ROSTER_TESTS_QUERY_NAIVE_CELLS_H_
