// SPDX-License-Identifier: Apache-2.0
//
// A statement with every name resolved, every type checked and every literal in the form of the
// cells that it is compared with. What moves with time (windows) stays a function of now, so a
// bound filter is true of any later view too. Made by the binder; read by the planner.
// Thread rule: plain values.
#ifndef ROSTER_QUERY_BOUND_H_
#define ROSTER_QUERY_BOUND_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "query/ast.h"
#include "query/catalog.h"
#include "query/exact_number.h"
#include "query/window.h"
#include "storage/base/ids.h"

namespace roster::query {

// --- What is asked of one cell. A cell that is missing never passes. ---

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
struct TextPattern {
  ast::TextOp op = ast::TextOp::kContains;
  std::string text;
};
struct ListHas {
  std::string element;
};
struct AnyValue {};

using CellTest = std::variant<IntRange, IntSet, NumberRange, NumberSet, InWindow, TextSet,
                              TextRange, TextPattern, ListHas, AnyValue>;

// A test, or with `negated` that there is a value and it fails the test.
struct CellPredicate {
  CellTest test;
  bool negated = false;
};

// --- Filters ---

struct BoundFilter;

// Shape: two or more children; `not` has one.
struct BoundLogic {
  ast::LogicOp op = ast::LogicOp::kAnd;
  std::vector<BoundFilter> children;
};

struct BoundTrait {
  TraitId trait;
  ValueInfo info;
  CellPredicate predicate;
};

// Only in the condition on an event.
struct BoundProperty {
  PropertyId property;
  ValueInfo info;
  CellPredicate predicate;
};

// True when one identity of the profile in the namespace passes; negated: when there is one and
// none passes. The test is on text.
struct BoundIdentity {
  NamespaceId name_space;
  CellPredicate predicate;
};

// The events of one type that are meant; none whose time has not come. Shape: `where` holds none
// or one, over properties.
struct BoundEvents {
  EventTypeId event;
  std::vector<BoundFilter> where;
  Window window;
};

// A property of the events of a type.
struct BoundEventProperty {
  EventTypeId event;
  PropertyId property;
  ValueInfo info;
};

// The number of events is in [min, max]; negated: it is not.
struct BoundDid {
  BoundEvents events;
  int64_t min = 1;
  int64_t max = std::numeric_limits<int64_t>::max();
  bool negated = false;
};

// A sum or an average of integers or decimals, compared exactly.
struct ExactCompare {
  ast::CompareOp op = ast::CompareOp::kEq;
  ExactThreshold threshold;
};

// The sum, average, least or greatest of a property over events that have it. Of least and
// greatest, and of numbers, the result is tested as a cell of the property's type.
struct BoundAggregate {
  BoundEvents events;
  ast::AggregateOp op = ast::AggregateOp::kSum;  // not kCount: that is a BoundDid
  PropertyId property;
  ValueInfo info;
  std::variant<CellPredicate, ExactCompare> test;
};

struct BoundFilter {
  std::variant<BoundLogic, BoundTrait, BoundProperty, BoundIdentity, BoundDid, BoundAggregate> node;
};

// --- Statements ---

// What a column of `find` shows.
struct BoundColumn {
  enum class Source : uint8_t { kId, kTrait, kIdentity };
  Source source = Source::kId;
  TraitId trait;
  NamespaceId name_space;
  std::string name;
  ValueInfo info;
};

struct BoundOrder {
  BoundColumn column;
  bool descending = false;
};

struct BoundFind {
  std::vector<BoundColumn> columns;
  std::vector<BoundOrder> order;
  std::optional<uint64_t> limit;
  uint64_t offset = 0;
};

struct BoundStatement {
  std::optional<BoundFind> find;   // else
  std::optional<ast::Shown> show;  // else `count`
  std::optional<BoundFilter> where;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_BOUND_H_
