// SPDX-License-Identifier: Apache-2.0
//
// The family of comparisons of integers, numbers, decimals, booleans, dates and times: =, <, in,
// between, and windows. Thread rule: pure functions.
#ifndef ROSTER_QUERY_CELLS_COMPARE_H_
#define ROSTER_QUERY_CELLS_COMPARE_H_

#include <optional>
#include <string>

#include "query/bound.h"
#include "query/cells/cell_filter.h"
#include "query/operators/limits.h"
#include "roster/value.h"
#include "storage/memory/cells.h"

namespace roster::query {

CellFilter Prepare(const IntRange& test, const CellType& type, Preparation* preparation);
CellFilter Prepare(const IntSet& test, const CellType& type, Preparation* preparation);
CellFilter Prepare(const NumberRange& test, const CellType& type, Preparation* preparation);
CellFilter Prepare(const NumberSet& test, const CellType& type, Preparation* preparation);
CellFilter Prepare(const InWindow& test, const CellType& type, Preparation* preparation);

bool Holds(const IntRange& test, const CellType& type, int64_t cell, Timestamp now);
bool Holds(const IntSet& test, const CellType& type, int64_t cell, Timestamp now);
bool Holds(const NumberRange& test, const CellType& type, int64_t cell, Timestamp now);
bool Holds(const NumberSet& test, const CellType& type, int64_t cell, Timestamp now);
bool Holds(const InWindow& test, const CellType& type, int64_t cell, Timestamp now);

// The first moment after now at which a cell may enter or leave the window.
std::optional<Timestamp> NextChange(const InWindow& test, const CellType& type, int64_t cell,
                                    Timestamp now);

std::string Describe(const IntRange& test, ValueInfo info);
std::string Describe(const IntSet& test, ValueInfo info);
std::string Describe(const NumberRange& test, ValueInfo info);
std::string Describe(const NumberSet& test, ValueInfo info);
std::string Describe(const InWindow& test, ValueInfo info);

// A window in words, from its bounds; "" for all time.
std::string Describe(const Window& window);

}  // namespace roster::query

#endif  // ROSTER_QUERY_CELLS_COMPARE_H_
