// SPDX-License-Identifier: Apache-2.0
//
// The family of questions about a text: =, in, <, between, contains, starts with, ends with. They
// are asked once of each distinct text, not of each row. Thread rule: pure functions.
#ifndef ROSTER_QUERY_OPERATORS_TEXT_H_
#define ROSTER_QUERY_OPERATORS_TEXT_H_

#include <string>
#include <string_view>

#include "query/bound.h"
#include "query/operators/cell_filter.h"
#include "roster/value.h"
#include "storage/memory/cells.h"

namespace roster::query {

// Whether a text passes: what the rest of the family is made of.
bool HoldsText(const TextSet& test, std::string_view text);
bool HoldsText(const TextRange& test, std::string_view text);
bool HoldsText(const TextPattern& test, std::string_view text);

CellFilter Prepare(const TextSet& test, const CellType& type, Timestamp now);
CellFilter Prepare(const TextRange& test, const CellType& type, Timestamp now);
CellFilter Prepare(const TextPattern& test, const CellType& type, Timestamp now);

bool Holds(const TextSet& test, const CellType& type, int64_t cell, Timestamp now);
bool Holds(const TextRange& test, const CellType& type, int64_t cell, Timestamp now);
bool Holds(const TextPattern& test, const CellType& type, int64_t cell, Timestamp now);

std::string Describe(const TextSet& test, ValueInfo info);
std::string Describe(const TextRange& test, ValueInfo info);
std::string Describe(const TextPattern& test, ValueInfo info);

// The codes of a dictionary whose text passes.
template <typename F>
CellFilter CodesWhere(const CellType& type, F&& passes) {
  CodeTable table;
  table.passes.resize(type.dictionary->size());
  for (uint32_t code = 0; code < table.passes.size(); ++code) {
    table.passes[code] = passes(type.dictionary->Text(code)) ? 1 : 0;
  }
  return CellFilter(std::move(table));
}

}  // namespace roster::query

#endif  // ROSTER_QUERY_OPERATORS_TEXT_H_
