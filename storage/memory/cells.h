// SPDX-License-Identifier: Apache-2.0
//
// Between values and the 64 bits in which a cell is stored: dictionary codes for text, lists and
// JSON; units for dates, times and decimals; the bits of a double. Thread rule: as Dictionary.
#ifndef ROSTER_STORAGE_MEMORY_CELLS_H_
#define ROSTER_STORAGE_MEMORY_CELLS_H_

#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "roster/value.h"
#include "storage/memory/dictionary.h"

namespace roster {

// The type of a column or property, with the dictionary of what is stored by code.
// `scale` is the digits after the point of a decimal: cells are unscaled integers of that scale.
struct CellType {
  ValueType type = ValueType::kNone;
  uint8_t scale = 0;
  std::shared_ptr<Dictionary> dictionary;  // null unless IsCoded(type)

  static CellType Make(ValueType type, uint8_t scale);
};

inline bool IsCoded(ValueType type) {
  return type == ValueType::kText || type == ValueType::kTextList || type == ValueType::kJson;
}

// The stored bits of a value; texts are interned. Requires: value has exactly the type (a decimal:
// the scale). Thread: the writer.
int64_t EncodeCell(const CellType& type, const Value& value);
Value DecodeCell(const CellType& type, int64_t bits);

inline double DoubleOf(int64_t bits) { return std::bit_cast<double>(bits); }
inline int64_t BitsOf(double number) { return std::bit_cast<int64_t>(number); }

// A text list as one dictionary entry: each element with its length before it.
std::string EncodeTextList(const TextList& list);
TextList DecodeTextList(std::string_view bytes);

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_CELLS_H_
