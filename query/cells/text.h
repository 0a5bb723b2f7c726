// SPDX-License-Identifier: Apache-2.0
//
// The family of questions about a text: =, in, <, between, contains, starts with, ends with, also
// folded, and matches. They are asked of distinct texts, not of rows (codes.h). Thread rule: pure
// functions.
#ifndef ROSTER_QUERY_CELLS_TEXT_H_
#define ROSTER_QUERY_CELLS_TEXT_H_

#include <string>
#include <string_view>

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

}  // namespace roster::query

#endif  // ROSTER_QUERY_CELLS_TEXT_H_
