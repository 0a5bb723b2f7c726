// SPDX-License-Identifier: Apache-2.0
//
// The type of a column from all its cells, and cells into values. Thread rule: not shared.
// Source: LANGUAGE.md "Meaning", 7: imports infer integer or decimal from the whole column; Yes
// and No stay text.
#ifndef ROSTER_ENGINE_IMPORT_INFER_H_
#define ROSTER_ENGINE_IMPORT_INFER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "roster/value.h"

namespace roster {

struct InferredType {
  ValueType type = ValueType::kText;
  uint8_t scale = 0;
};

// Narrows down, cell by cell: integer, decimal, number, boolean (true and false), date or
// timestamp when every cell that is not blank is one; else text. A number with a leading zero is
// text (a postcode, an article number).
class TypeInference {
 public:
  void Add(std::string_view cell);
  // Text when there was no cell.
  InferredType Result() const;

 private:
  bool any_ = false;
  bool numeric_ = true;  // integer or decimal
  bool number_ = true;   // also 1e5, and more digits than a decimal has
  bool boolean_ = true;
  bool date_ = true;
  bool timestamp_ = true;
  uint8_t scale_ = 0;
};

// Whether a cell is a missing value: empty or white space.
bool IsBlankCell(std::string_view cell);

// The cell in a type; nothing when it is not one. Text stays as it is, a list is cut at `;`.
// Requires: not blank.
std::optional<Value> ParseCell(std::string_view cell, InferredType type);

}  // namespace roster

#endif  // ROSTER_ENGINE_IMPORT_INFER_H_
