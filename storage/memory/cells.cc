// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/cells.h"

#include "storage/base/bytes.h"
#include "storage/base/check.h"

namespace roster {

CellType CellType::Make(ValueType type, uint8_t scale) {
  return {type, scale, IsCoded(type) ? std::make_shared<Dictionary>() : nullptr};
}

int64_t EncodeCell(const CellType& type, const Value& value) {
  ROSTER_DCHECK(TypeOf(value) == type.type);
  switch (type.type) {
    case ValueType::kText:
      return type.dictionary->Intern(std::get<std::string>(value));
    case ValueType::kInteger:
      return std::get<int64_t>(value);
    case ValueType::kNumber:
      return BitsOf(std::get<double>(value));
    case ValueType::kBoolean:
      return std::get<bool>(value) ? 1 : 0;
    case ValueType::kDate:
      return std::get<Date>(value).days;
    case ValueType::kTimestamp:
      return std::get<Timestamp>(value).ms;
    case ValueType::kDecimal:
      return std::get<Decimal>(value).unscaled;
    case ValueType::kTextList:
      return type.dictionary->Intern(EncodeTextList(std::get<TextList>(value)));
    case ValueType::kJson:
      return type.dictionary->Intern(std::get<Json>(value).text);
    case ValueType::kNone:
      break;
  }
  ROSTER_CHECK(false);
}

Value DecodeCell(const CellType& type, int64_t bits) {
  const auto text = [&] { return type.dictionary->Text(static_cast<uint32_t>(bits)); };
  switch (type.type) {
    case ValueType::kText:
      return std::string(text());
    case ValueType::kInteger:
      return bits;
    case ValueType::kNumber:
      return DoubleOf(bits);
    case ValueType::kBoolean:
      return bits != 0;
    case ValueType::kDate:
      return Date{static_cast<int32_t>(bits)};
    case ValueType::kTimestamp:
      return Timestamp{bits};
    case ValueType::kDecimal:
      return Decimal{bits, type.scale};
    case ValueType::kTextList:
      return DecodeTextList(text());
    case ValueType::kJson:
      return Json{std::string(text())};
    case ValueType::kNone:
      break;
  }
  ROSTER_CHECK(false);
}

std::string EncodeTextList(const TextList& list) {
  std::string bytes;
  ByteWriter writer(&bytes);
  for (const std::string& element : list) writer.Text(element);
  return bytes;
}

TextList DecodeTextList(std::string_view bytes) {
  TextList list;
  ByteReader reader(bytes);
  while (!reader.at_end() && !reader.failed()) list.emplace_back(reader.Text());
  return list;
}

}  // namespace roster
