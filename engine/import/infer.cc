// SPDX-License-Identifier: Apache-2.0
#include "engine/import/infer.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "absl/strings/str_split.h"
#include "engine/coerce.h"
#include "roster/json.h"
#include "storage/base/text.h"
#include "storage/base/unicode.h"

namespace roster {
namespace {

std::string_view WithoutSign(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return text;
}

bool HasLeadingZero(std::string_view text) {
  text = WithoutSign(text);
  return text.size() > 1 && text[0] == '0' && text[1] != '.';
}

std::optional<double> ParseNumber(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) {
    return std::nullopt;
  }
  return number;
}

std::optional<bool> ParseBoolean(std::string_view text) {
  const std::string lower = ToLower(text);
  if (lower == "true") return true;
  if (lower == "false") return false;
  return std::nullopt;
}

TextList ParseList(std::string_view cell) {
  TextList list;
  for (const absl::string_view part : absl::StrSplit(AbslView(cell), ';')) {
    const std::string_view element = Trim(StdView(part));
    if (!element.empty()) list.emplace_back(element);
  }
  return list;
}

template <typename T>
std::optional<Value> ToValue(const T& parsed) {
  if (!parsed) return std::nullopt;
  return *parsed;
}

}  // namespace

void TypeInference::Add(std::string_view cell) {
  if (IsBlankCell(cell)) return;
  const std::string_view text = Trim(cell);
  any_ = true;
  if (numeric_) {
    const std::optional<Decimal> decimal = ParseDecimal(text);
    numeric_ = decimal.has_value() && !HasLeadingZero(text);
    if (numeric_) scale_ = std::max(scale_, decimal->scale);
  }
  number_ = number_ && ParseNumber(text).has_value() && !HasLeadingZero(text);
  boolean_ = boolean_ && ParseBoolean(text).has_value();
  date_ = date_ && ParseDate(text).ok();
  timestamp_ = timestamp_ && ParseTimestamp(text).ok();
}

InferredType TypeInference::Result() const {
  if (!any_) return {};
  if (numeric_) return {scale_ == 0 ? ValueType::kInteger : ValueType::kDecimal, scale_};
  if (number_) return {ValueType::kNumber};
  if (boolean_) return {ValueType::kBoolean};
  if (date_) return {ValueType::kDate};
  if (timestamp_) return {ValueType::kTimestamp};
  return {};
}

bool IsBlankCell(std::string_view cell) {
  return std::all_of(cell.begin(), cell.end(),
                     [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); });
}

std::optional<Value> ParseCell(std::string_view cell, InferredType type) {
  const std::string_view text = Trim(cell);
  switch (type.type) {
    case ValueType::kText:
      return std::string(cell);
    case ValueType::kInteger:
    case ValueType::kDecimal: {
      const std::optional<Decimal> decimal = ParseDecimal(text);
      return decimal ? Coerce(*decimal, type.type, type.scale) : std::nullopt;
    }
    case ValueType::kNumber:
      return ToValue(ParseNumber(text));
    case ValueType::kBoolean:
      return ToValue(ParseBoolean(text));
    case ValueType::kDate:
    case ValueType::kTimestamp:
      return Coerce(std::string(text), type.type, 0);
    case ValueType::kTextList:
      return ParseList(cell);
    default:
      return std::nullopt;
  }
}

}  // namespace roster
