// SPDX-License-Identifier: Apache-2.0
#include "engine/maintenance/dump_values.h"

#include <string>
#include <utility>

#include "engine/coerce.h"
#include "roster/error.h"
#include "roster/json.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"

namespace roster {

namespace dom = simdjson::dom;

absl::Status BadLine(std::string_view what) {
  return MakeError(ErrorCode::kParse, std::string(what));
}

absl::StatusOr<std::string_view> TextOf(dom::object line, const char* name) {
  std::string_view text;
  if (line[name].get(text) != simdjson::SUCCESS)
    return BadLine(StrCat("`", name, "` is to be text"));
  return text;
}

absl::StatusOr<int64_t> NumberOf(dom::object line, const char* name, int64_t min, int64_t max) {
  int64_t number = 0;
  if (line[name].get(number) != simdjson::SUCCESS || number < min || number > max) {
    return BadLine(StrCat("`", name, "` is to be an integer from ", min, " to ", max));
  }
  return number;
}

bool IsTrue(dom::object line, const char* name) {
  bool flag = false;
  return line[name].get(flag) == simdjson::SUCCESS && flag;
}

namespace {

absl::StatusOr<Timestamp> ToTime(dom::element element) {
  int64_t ms = 0;
  if (element.get(ms) == simdjson::SUCCESS) return Timestamp{ms};
  std::string_view text;
  if (element.get(text) != simdjson::SUCCESS)
    return BadLine("a time is to be text or milliseconds");
  return ParseTimestamp(text);
}

}  // namespace

absl::StatusOr<Timestamp> TimeMember(dom::object line, const char* name) {
  dom::element element;
  if (line[name].get(element) != simdjson::SUCCESS)
    return BadLine(StrCat("`", name, "` is missing"));
  return ToTime(element);
}

absl::StatusOr<ValueType> TypeMember(dom::object line) {
  ROSTER_ASSIGN_OR_RETURN(const std::string_view name, TextOf(line, "type"));
  for (int t = 1; t <= static_cast<int>(ValueType::kJson); ++t) {
    if (TypeName(static_cast<ValueType>(t)) == name) return static_cast<ValueType>(t);
  }
  return BadLine(StrCat("unknown type `", name, "`"));
}

absl::StatusOr<uint8_t> ScaleMember(dom::object line) {
  if (line["scale"].error() == simdjson::NO_SUCH_FIELD) return uint8_t{0};
  ROSTER_ASSIGN_OR_RETURN(const int64_t scale, NumberOf(line, "scale", 0, 9));
  return static_cast<uint8_t>(scale);
}

std::optional<Value> ParseValue(dom::element element, ValueType type, uint8_t scale) {
  std::string_view text;
  int64_t integer = 0;
  double number = 0;
  bool boolean = false;
  dom::array array;
  const bool is_text = element.get(text) == simdjson::SUCCESS;
  const bool is_integer = element.get(integer) == simdjson::SUCCESS;
  switch (type) {
    case ValueType::kText:
      if (is_text) return std::string(text);
      break;
    case ValueType::kJson:
      if (is_text) return Json{std::string(text)};
      break;
    case ValueType::kInteger:
      if (is_integer) return integer;
      break;
    case ValueType::kNumber:
      if (element.get(number) == simdjson::SUCCESS) return number;
      break;
    case ValueType::kBoolean:
      if (element.get(boolean) == simdjson::SUCCESS) return boolean;
      break;
    case ValueType::kDecimal:
      if (is_text) {
        if (const auto decimal = ParseDecimal(text)) return Coerce(*decimal, type, scale);
      }
      break;
    case ValueType::kDate:
      if (is_integer && integer == static_cast<int32_t>(integer)) {
        return Date{static_cast<int32_t>(integer)};
      }
      if (is_text) {
        if (const auto date = ParseDate(text); date.ok()) return *date;
      }
      break;
    case ValueType::kTimestamp:
      if (const auto time = ToTime(element); time.ok()) return *time;
      break;
    case ValueType::kTextList:
      if (element.get(array) == simdjson::SUCCESS) {
        TextList list;
        for (const dom::element part : array) {
          if (part.get(text) != simdjson::SUCCESS) return std::nullopt;
          list.emplace_back(text);
        }
        return list;
      }
      break;
    case ValueType::kNone:
      break;
  }
  return std::nullopt;
}

}  // namespace roster
