// SPDX-License-Identifier: Apache-2.0
#include "query/cells/compare.h"

#include <algorithm>
#include <limits>

#include "query/ast.h"
#include "storage/base/text.h"

namespace roster::query {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string CellText(int64_t cell, ValueInfo info) {
  switch (info.type) {
    case ValueType::kBoolean:
      return ast::ToText(ast::Literal{cell != 0, {}});
    case ValueType::kDate:
      return ast::ToText(ast::Literal{Date{static_cast<int32_t>(cell)}, {}});
    case ValueType::kTimestamp:
      return ast::ToText(ast::Literal{Timestamp{cell}, {}});
    default:
      return ExactNumber(Decimal{cell, info.scale}).ToText();
  }
}

std::string RangeText(const std::string& low, const std::string& high) {
  if (low.empty() && high.empty()) return "is set";
  if (low.empty()) return StrCat("<= ", high);
  if (high.empty()) return StrCat(">= ", low);
  return low == high ? StrCat("= ", low) : StrCat("between ", low, " and ", high);
}

template <typename T, typename ToText>
std::string ListText(const std::vector<T>& values, ToText to_text) {
  std::string text = "in (";
  for (size_t i = 0; i < values.size(); ++i) {
    text += StrCat(i == 0 ? "" : ", ", to_text(values[i]));
  }
  return text + ")";
}

std::string NumberText(double number) { return ExactNumber(number).ToText(); }

IntRange CellsIn(const InWindow& test, const CellType& type, Timestamp now) {
  const bool is_date = type.type == ValueType::kDate;
  const TimeRange range = is_date ? test.window.DaysAt(now) : test.window.At(now);
  return {range.low, range.high};
}

std::string BoundText(const TimeBound& bound) {
  if (!bound.ago) return ast::ToText(ast::Literal{Timestamp{bound.ms}, {}});
  if (bound.calendar) {
    const std::string unit = ast::Spelling(bound.ago->unit);
    return StrCat("the begin of the ", unit.substr(0, unit.size() - 1), " ", bound.units);
  }
  if (bound.ago->amount == 0) return "now";
  if (bound.ago->amount < 0) {
    return StrCat(ast::ToText(ast::Duration{-bound.ago->amount, bound.ago->unit}), " ahead");
  }
  return StrCat(ast::ToText(*bound.ago), " ago");
}

}  // namespace

CellFilter Prepare(const IntRange& test, const CellType&, Preparation*) { return CellFilter(test); }
CellFilter Prepare(const IntSet& test, const CellType&, Preparation*) { return CellFilter(test); }
CellFilter Prepare(const NumberRange& test, const CellType&, Preparation*) {
  return CellFilter(test);
}
CellFilter Prepare(const NumberSet& test, const CellType&, Preparation*) {
  return CellFilter(test);
}
CellFilter Prepare(const InWindow& test, const CellType& type, Preparation* preparation) {
  return CellFilter(CellsIn(test, type, preparation->now()));
}

bool Holds(const IntRange& test, const CellType&, int64_t cell, Timestamp) {
  return test.low <= cell && cell <= test.high;
}
bool Holds(const IntSet& test, const CellType&, int64_t cell, Timestamp) {
  return std::find(test.values.begin(), test.values.end(), cell) != test.values.end();
}
bool Holds(const NumberRange& test, const CellType&, int64_t cell, Timestamp) {
  return test.low <= DoubleOf(cell) && DoubleOf(cell) <= test.high;
}
bool Holds(const NumberSet& test, const CellType&, int64_t cell, Timestamp) {
  return std::find(test.values.begin(), test.values.end(), DoubleOf(cell)) != test.values.end();
}
bool Holds(const InWindow& test, const CellType& type, int64_t cell, Timestamp now) {
  return Holds(CellsIn(test, type, now), type, cell, now);
}

std::optional<Timestamp> NextChange(const InWindow& test, const CellType& type, int64_t cell,
                                    Timestamp now) {
  if (type.type != ValueType::kDate) return test.window.NextChange(now, cell);
  const Date day{static_cast<int32_t>(cell)};
  return test.window.NextChange(now, StartOfDay(day, test.window.zone()));
}

std::string Describe(const IntRange& test, ValueInfo info) {
  if (test.low > test.high) return "in ()";
  return RangeText(test.low == kMin ? "" : CellText(test.low, info),
                   test.high == kMax ? "" : CellText(test.high, info));
}
std::string Describe(const IntSet& test, ValueInfo info) {
  return ListText(test.values, [&](int64_t cell) { return CellText(cell, info); });
}
std::string Describe(const NumberRange& test, ValueInfo) {
  if (test.low > test.high) return "in ()";
  return RangeText(test.low == -kInfinity ? "" : NumberText(test.low),
                   test.high == kInfinity ? "" : NumberText(test.high));
}
std::string Describe(const NumberSet& test, ValueInfo) { return ListText(test.values, NumberText); }
std::string Describe(const InWindow& test, ValueInfo) { return Describe(test.window); }

std::string Describe(const Window& window) {
  const bool from_ever = !window.low().ago && window.low().ms == kMin;
  const bool to_ever = !window.high().ago && window.high().ms == kMax;
  if (from_ever && to_ever) return "";
  if (from_ever) return StrCat("until ", BoundText(window.high()));
  if (to_ever) return StrCat("from ", BoundText(window.low()));
  return StrCat("from ", BoundText(window.low()), " until ", BoundText(window.high()));
}

}  // namespace roster::query
