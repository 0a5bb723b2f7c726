// SPDX-License-Identifier: Apache-2.0
#include "engine/coerce.h"

#include <array>
#include <charconv>
#include <cmath>

#include "roster/json.h"

namespace roster {
namespace {

constexpr double kTwoTo63 = 9223372036854775808.0;

// A number as a decimal of a scale when its shortest text has no more digits than that.
std::optional<Value> NumberToDecimal(double number, uint8_t scale) {
  std::array<char, 64> text;
  const auto fixed =
      std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (fixed.ec != std::errc()) return std::nullopt;
  const std::string_view digits(text.data(), static_cast<size_t>(fixed.ptr - text.data()));
  std::optional<Decimal> decimal = ParseDecimal(digits);
  if (!decimal) return std::nullopt;
  return Coerce(*decimal, ValueType::kDecimal, scale);
}

std::optional<Value> Rescale(Decimal decimal, uint8_t scale) {
  for (; decimal.scale < scale; ++decimal.scale) {
    if (__builtin_mul_overflow(decimal.unscaled, 10, &decimal.unscaled)) return std::nullopt;
  }
  for (; decimal.scale > scale; --decimal.scale) {
    if (decimal.unscaled % 10 != 0) return std::nullopt;
    decimal.unscaled /= 10;
  }
  return decimal;
}

std::optional<Value> ToInteger(const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) {
    if (!(*number >= -kTwoTo63 && *number < kTwoTo63) || std::trunc(*number) != *number) {
      return std::nullopt;
    }
    return static_cast<int64_t>(*number);
  }
  if (const auto* decimal = std::get_if<Decimal>(&value)) {
    const std::optional<Value> whole = Rescale(*decimal, 0);
    if (whole) return std::get<Decimal>(*whole).unscaled;
  }
  return std::nullopt;
}

std::optional<Value> ToNumber(const Value& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) {
    const auto number = static_cast<double>(*integer);
    if (number >= kTwoTo63 || static_cast<int64_t>(number) != *integer) return std::nullopt;
    return number;
  }
  if (const auto* decimal = std::get_if<Decimal>(&value)) {
    const std::string text = FormatDecimal(*decimal);
    double number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }
  return std::nullopt;
}

std::optional<Value> ToDecimal(const Value& value, uint8_t scale) {
  if (const auto* integer = std::get_if<int64_t>(&value)) return Rescale({*integer, 0}, scale);
  if (const auto* decimal = std::get_if<Decimal>(&value)) return Rescale(*decimal, scale);
  if (const auto* number = std::get_if<double>(&value)) return NumberToDecimal(*number, scale);
  return std::nullopt;
}

std::optional<Value> ToText(const Value& value) {
  if (const auto* date = std::get_if<Date>(&value)) return FormatDate(*date);
  if (const auto* time = std::get_if<Timestamp>(&value)) return FormatTimestamp(*time);
  return std::nullopt;
}

template <typename Parsed>
std::optional<Value> OkOrNothing(const Parsed& parsed) {
  if (!parsed.ok()) return std::nullopt;
  return *parsed;
}

}  // namespace

std::optional<Value> Coerce(const Value& value, ValueType type, uint8_t scale) {
  const auto* text = std::get_if<std::string>(&value);
  if (TypeOf(value) == type && type != ValueType::kDecimal) return value;
  switch (type) {
    case ValueType::kText:
      return ToText(value);
    case ValueType::kInteger:
      return ToInteger(value);
    case ValueType::kNumber:
      return ToNumber(value);
    case ValueType::kDecimal:
      return ToDecimal(value, scale);
    case ValueType::kDate:
      return text != nullptr ? OkOrNothing(ParseDate(*text)) : std::nullopt;
    case ValueType::kTimestamp:
      return text != nullptr ? OkOrNothing(ParseTimestamp(*text)) : std::nullopt;
    default:
      return std::nullopt;
  }
}

std::string_view TypeName(ValueType type) {
  constexpr std::array<std::string_view, 10> kNames = {"nothing",   "text", "integer",   "number",
                                                       "boolean",   "date", "timestamp", "decimal",
                                                       "text list", "JSON"};
  return kNames[static_cast<size_t>(type)];
}

}  // namespace roster
