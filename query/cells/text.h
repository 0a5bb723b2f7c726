// SPDX-License-Identifier: Apache-2.0
//
// The family of questions about a text: =, in, <, between, contains, starts with, ends with, also
// folded, and matches. They are asked once of each distinct text, not of each row. Thread rule:
// pure functions.
#ifndef ROSTER_QUERY_CELLS_TEXT_H_
#define ROSTER_QUERY_CELLS_TEXT_H_

#include <string>
#include <string_view>
#include <utility>

#include "query/bound.h"
#include "query/cells/cell_filter.h"
#include "query/operators/limits.h"
#include "roster/value.h"
#include "storage/memory/cells.h"

namespace roster::query {

// Whether a text passes: what the rest of the family is made of.
bool HoldsText(const TextSet& test, std::string_view text);
bool HoldsText(const TextRange& test, std::string_view text);
bool HoldsText(const TextPattern& test, std::string_view text);
bool HoldsText(const TextRegex& test, std::string_view text);

CellFilter Prepare(const TextSet& test, const CellType& type, Preparation* preparation);
CellFilter Prepare(const TextRange& test, const CellType& type, Preparation* preparation);
CellFilter Prepare(const TextPattern& test, const CellType& type, Preparation* preparation);
CellFilter Prepare(const TextRegex& test, const CellType& type, Preparation* preparation);

bool Holds(const TextSet& test, const CellType& type, int64_t cell, Timestamp now);
bool Holds(const TextRange& test, const CellType& type, int64_t cell, Timestamp now);
bool Holds(const TextPattern& test, const CellType& type, int64_t cell, Timestamp now);
bool Holds(const TextRegex& test, const CellType& type, int64_t cell, Timestamp now);

std::string Describe(const TextSet& test, ValueInfo info);
std::string Describe(const TextRange& test, ValueInfo info);
std::string Describe(const TextPattern& test, ValueInfo info);
std::string Describe(const TextRegex& test, ValueInfo info);

// The codes of a dictionary whose text passes; none when `preparation` says to stop.
template <typename F>
CellFilter CodesWhere(const CellType& type, Preparation* preparation, F&& passes) {
  constexpr size_t kCodesPerCheck = 4096;
  if (!preparation->GoOn()) return CellFilter::None();
  const size_t num_codes = type.dictionary->size();
  CodeTable table(num_codes);
  for (size_t code = 0; code < num_codes; ++code) {
    if ((code + 1) % kCodesPerCheck == 0 && !preparation->GoOn()) return CellFilter::None();
    if (passes(type.dictionary->Text(static_cast<uint32_t>(code)))) table.Set(code);
  }
  return CellFilter(std::move(table));
}

}  // namespace roster::query

#endif  // ROSTER_QUERY_CELLS_TEXT_H_
