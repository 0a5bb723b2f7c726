// SPDX-License-Identifier: Apache-2.0
#include "query/sql/spelling.h"

#include <cstdio>
#include <limits>

#include "storage/base/text.h"

namespace roster::query {
namespace {

constexpr int kWideDigits = 38;     // of a decimal: as many as 128 bits hold
constexpr int kDecimalDigits = 19;  // of a cell: 64 bits

std::string Quoted(std::string_view text, char quote, bool backslashes) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == '\\' && backslashes) out += '\\';
    if (c == quote) out += backslashes ? '\\' : quote;
    if (c == '\0' && backslashes) {
      out += "\\0";
    } else {
      out += c;
    }
  }
  return out + quote;
}

std::string Digits(Int128 value) {
  const bool negative = value < 0;
  std::string digits;
  do {
    const auto digit = static_cast<int>(value % 10);
    digits.insert(digits.begin(), static_cast<char>('0' + (negative ? -digit : digit)));
    value /= 10;
  } while (value != 0);
  return negative ? "-" + digits : digits;
}

}  // namespace

std::string Spelling::Name(std::string_view name) const { return Quoted(name, '"', !is_duckdb()); }

std::string Spelling::Text(std::string_view text) const { return Quoted(text, '\'', !is_duckdb()); }

bool Spelling::CanSay(std::string_view text) const {
  return !is_duckdb() || text.find('\0') == std::string_view::npos;
}

std::string Spelling::Integer(Int128 value) const {
  std::string digits = Digits(value);
  const bool fits =
      std::numeric_limits<int64_t>::min() <= value && value <= std::numeric_limits<int64_t>::max();
  if (fits) return digits;
  return is_duckdb() ? StrCat("CAST('", digits, "' AS HUGEINT)")
                     : StrCat("toInt128('", digits, "')");
}

std::string Spelling::Number(double value) const {
  char text[40];
  std::snprintf(text, sizeof(text), "%.17g", value);
  // What DuckDB reads as a decimal it rounds once more than a text.
  return is_duckdb() ? StrCat("CAST('", text, "' AS DOUBLE)") : StrCat("toFloat64(", text, ")");
}

std::string Spelling::Decimal(int64_t unscaled, uint8_t scale) const {
  std::string digits = Digits(unscaled);
  const size_t sign = unscaled < 0 ? 1 : 0;
  while (digits.size() - sign <= scale) digits.insert(sign, "0");
  if (scale != 0) digits.insert(digits.size() - scale, ".");
  return is_duckdb() ? StrCat("CAST('", digits, "' AS DECIMAL(", kDecimalDigits, ", ",
                              static_cast<int>(scale), "))")
                     : StrCat("toDecimal128('", digits, "', ", static_cast<int>(scale), ")");
}

std::string Spelling::List(const std::vector<std::string>& texts) const {
  std::string list;
  for (const std::string& text : texts) list += StrCat(list.empty() ? "" : ", ", Text(text));
  return StrCat("[", list, "]");
}

std::string Spelling::Type(ValueInfo info) const {
  const int scale = info.scale;
  switch (info.type) {
    case ValueType::kInteger:
    case ValueType::kTimestamp:
      return is_duckdb() ? "BIGINT" : "Int64";
    case ValueType::kDate:
      return is_duckdb() ? "INTEGER" : "Int32";
    case ValueType::kNumber:
      return is_duckdb() ? "DOUBLE" : "Float64";
    case ValueType::kBoolean:
      return is_duckdb() ? "BOOLEAN" : "Bool";
    case ValueType::kDecimal:
      return is_duckdb() ? StrCat("DECIMAL(", kDecimalDigits, ", ", scale, ")")
                         : StrCat("Decimal(", kWideDigits, ", ", scale, ")");
    case ValueType::kTextList:
      return is_duckdb() ? "VARCHAR[]" : "Array(String)";
    case ValueType::kText:
    case ValueType::kJson:
    case ValueType::kNone:
      break;
  }
  return is_duckdb() ? "VARCHAR" : "String";
}

std::string Spelling::NullableType(ValueInfo info) const {
  if (is_duckdb() || info.type == ValueType::kTextList) return Type(info);
  return StrCat("Nullable(", Type(info), ")");
}

std::string Spelling::Contains(const std::string& text, const std::string& part) const {
  return is_duckdb() ? StrCat("contains(", text, ", ", part, ")")
                     : StrCat("position(", text, ", ", part, ") > 0");
}

std::string Spelling::StartsWith(const std::string& text, const std::string& part) const {
  return StrCat(is_duckdb() ? "starts_with(" : "startsWith(", text, ", ", part, ")");
}

std::string Spelling::EndsWith(const std::string& text, const std::string& part) const {
  return StrCat(is_duckdb() ? "ends_with(" : "endsWith(", text, ", ", part, ")");
}

std::string Spelling::Matches(const std::string& text, std::string_view regex,
                              bool any_case) const {
  // ClickHouse's own default lets a dot match an end of line.
  const std::string flags = any_case ? "(?i-s)" : "(?-s)";
  return StrCat(is_duckdb() ? "regexp_matches(" : "match(", text, ", ", Text(StrCat(flags, regex)),
                ")");
}

std::string Spelling::Size(const std::string& list) const {
  return StrCat(is_duckdb() ? "len(" : "length(", list, ")");
}

std::string Spelling::HasAny(const std::string& list, const std::vector<std::string>& texts) const {
  return StrCat(is_duckdb() ? "list_has_any(" : "hasAny(", list, ", ", List(texts), ")");
}

std::string Spelling::HasAll(const std::string& list, const std::vector<std::string>& texts) const {
  return StrCat(is_duckdb() ? "list_has_all(" : "hasAll(", list, ", ", List(texts), ")");
}

// What ClickHouse takes `count(DISTINCT)` for is a setting, and may be an estimate.
std::string Spelling::CountDistinct(const std::string& value) const {
  return StrCat(is_duckdb() ? "count(DISTINCT " : "uniqExact(", value, ")");
}

std::string Spelling::Divide(const std::string& over, const std::string& under) const {
  return is_duckdb() ? StrCat("((", over, ") // ", under, ")")
                     : StrCat("intDiv(", over, ", ", under, ")");
}

std::string Spelling::Wide(const std::string& value, ValueInfo info) const {
  Int128 units = 1;
  for (uint8_t i = 0; i < info.scale; ++i) units *= 10;
  const std::string scaled = units == 1 ? value : StrCat(value, " * ", Digits(units));
  return is_duckdb() ? StrCat("CAST(", scaled, " AS HUGEINT)") : StrCat("toInt256(", scaled, ")");
}

std::string Spelling::AsNumber(const std::string& value) const {
  return is_duckdb() ? StrCat("CAST(", value, " AS DOUBLE)") : StrCat("toFloat64(", value, ")");
}

}  // namespace roster::query
