// SPDX-License-Identifier: Apache-2.0
//
// What is asked of one value: of a trait, a property, an identity, an aggregate.
#include <cmath>
#include <limits>

#include <re2/re2.h>

#include "query/sql/calendar.h"
#include "query/sql/emitter.h"
#include "storage/base/text.h"

namespace roster::query {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

std::string AllOf(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return a.empty() && b.empty() ? "TRUE" : a + b;
  return StrCat(a, " AND ", b);
}

template <typename T, typename F>
std::string In(const std::string& value, const std::vector<T>& values, F&& spell) {
  std::string list;
  for (const T& one : values) list += StrCat(list.empty() ? "" : ", ", spell(one));
  return list.empty() ? "FALSE" : StrCat(value, " IN (", list, ")");
}

}  // namespace

std::string Emitter::Cell(const SqlValue& cell, const CellPredicate& predicate) {
  const std::string test =
      std::visit([&](const auto& one) { return Test(cell, one); }, predicate.test);
  if (!predicate.negated && test == "TRUE") return StrCat("(", cell.present, ")");
  if (cell.present == "TRUE") return StrCat(predicate.negated ? "NOT " : "", "(", test, ")");
  return StrCat("(", cell.present, " AND ", predicate.negated ? "NOT " : "", "(", test, "))");
}

// Where equality goes by a hash, -0 is to be 0.
std::string Emitter::SameNumber(const SqlValue& cell) const {
  return cell.info.type == ValueType::kNumber ? StrCat("(", cell.value, " + 0.0)") : cell.value;
}

std::string Emitter::Unit(ValueInfo info, int64_t cell) const {
  return info.type == ValueType::kDecimal ? sql_.Decimal(cell, info.scale) : sql_.Integer(cell);
}

std::string Emitter::InRange(const std::string& value, IntRange range) const {
  return Test({value, "", {ValueType::kInteger, 0}}, range);
}

std::string Emitter::Test(const SqlValue& cell, const IntRange& range) const {
  if (range.low > range.high) return "FALSE";
  if (cell.info.type == ValueType::kBoolean) {
    const bool no = range.low <= 0 && 0 <= range.high;
    const bool yes = range.low <= 1 && 1 <= range.high;
    if (no == yes) return yes ? "TRUE" : "FALSE";
    return yes ? cell.value : StrCat("NOT ", cell.value);
  }
  if (range.low == range.high) return StrCat(cell.value, " = ", Unit(cell.info, range.low));
  return AllOf(range.low == kMin ? "" : StrCat(cell.value, " >= ", Unit(cell.info, range.low)),
               range.high == kMax ? "" : StrCat(cell.value, " <= ", Unit(cell.info, range.high)));
}

std::string Emitter::Test(const SqlValue& cell, const IntSet& set) {
  return In(cell.value, set.values, [&](int64_t value) { return Unit(cell.info, value); });
}

std::string Emitter::Test(const SqlValue& cell, const NumberRange& range) {
  if (!(range.low <= range.high)) return "FALSE";
  const auto bound = [&](const char* op, double value) {
    return std::isinf(value) ? "" : StrCat(cell.value, op, sql_.Number(value));
  };
  // An infinite end on the wrong side holds nothing, for there is no infinite number.
  if (range.low == std::numeric_limits<double>::infinity()) return "FALSE";
  if (range.high == -std::numeric_limits<double>::infinity()) return "FALSE";
  if (range.low == range.high) return bound(" = ", range.low);
  return AllOf(bound(" >= ", range.low), bound(" <= ", range.high));
}

std::string Emitter::Test(const SqlValue& cell, const NumberSet& set) {
  return In(SameNumber(cell), set.values, [&](double value) { return sql_.Number(value); });
}

std::string Emitter::Test(const SqlValue& cell, const InWindow& in) {
  const bool is_date = cell.info.type == ValueType::kDate;
  const TimeRange range = is_date ? in.window.DaysAt(now_) : in.window.At(now_);
  return Test(cell, IntRange{range.low, range.high});
}

// Both dialects compare texts by their bytes, which order as code points do.
std::string Emitter::Test(const SqlValue& cell, const TextSet& set) {
  if (set.texts.size() == 1) return StrCat(cell.value, " = ", Text(set.texts[0]));
  return In(cell.value, set.texts, [&](const std::string& text) { return Text(text); });
}

std::string Emitter::Test(const SqlValue& cell, const TextRange& range) {
  const auto bound = [&](const std::optional<std::string>& text, const char* op) {
    return text ? StrCat(cell.value, op, Text(*text)) : "";
  };
  return AllOf(bound(range.low, range.low_open ? " > " : " >= "),
               bound(range.high, range.high_open ? " < " : " <= "));
}

std::string Emitter::Test(const SqlValue& cell, const TextPattern& pattern) {
  const std::string& value = pattern.folded ? cell.folded : cell.value;
  if (value.empty()) return Refuse("`~` of what has no column without case and accents");
  const std::string text = Text(pattern.text);
  if (!pattern.op) return StrCat(value, " = ", text);
  switch (*pattern.op) {
    case ast::TextOp::kContains:
      return sql_.Contains(value, text);
    case ast::TextOp::kStartsWith:
      return sql_.StartsWith(value, text);
    case ast::TextOp::kEndsWith:
      return sql_.EndsWith(value, text);
  }
  return "FALSE";
}

// Both dialects match by RE2, as we do.
std::string Emitter::Test(const SqlValue& cell, const TextRegex& regex) {
  if (!sql_.CanSay(regex.regex->pattern())) return Text(regex.regex->pattern());
  const bool any_case = !regex.regex->options().case_sensitive();
  return sql_.Matches(cell.value, regex.regex->pattern(), any_case);
}

std::string Emitter::Test(const SqlValue& cell, const ListHas& has) {
  for (const std::string& element : has.elements) Text(element);  // only those that can be said
  switch (has.op) {
    case ast::ListOp::kHas:
    case ast::ListOp::kHasAny:
      return sql_.HasAny(cell.value, has.elements);
    case ast::ListOp::kHasAll:
      return sql_.HasAll(cell.value, has.elements);
    case ast::ListOp::kHasNone:
      return StrCat("NOT ", sql_.HasAny(cell.value, has.elements));
  }
  return "FALSE";
}

std::string Emitter::Test(const SqlValue& cell, const ListSize& size) {
  const std::string test = InRange(sql_.Size(cell.value), size.range);
  return size.negated ? StrCat("NOT (", test, ")") : test;
}

std::string Emitter::Test(const SqlValue& cell, const AnniversaryIn& in) {
  const bool is_date = cell.info.type == ValueType::kDate;
  std::string day = cell.value;
  if (!is_date) {
    if (!IsFixed(in.window.zone()))
      return Refuse("an anniversary of a time in a zone with changes");
    day = LocalDay(cell.value, in.window.zone());
  }
  const TimeRange days = in.window.DaysAt(now_);
  if (!CanSayAnniversary(days)) return Refuse("an anniversary after the year 9800");
  return AnniversaryTest(day, days, sql_);
}

std::string Emitter::Test(const SqlValue&, const AnyValue&) { return "TRUE"; }

}  // namespace roster::query
