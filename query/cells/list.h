// SPDX-License-Identifier: Apache-2.0
//
// The family of questions about a list of texts: has, size. They are asked once of each distinct
// list. Thread rule: pure functions.
#ifndef ROSTER_QUERY_CELLS_LIST_H_
#define ROSTER_QUERY_CELLS_LIST_H_

#include <string>

#include "query/bound.h"
#include "query/cells/cell_filter.h"
#include "query/operators/limits.h"
#include "roster/value.h"
#include "storage/memory/cells.h"

namespace roster::query {

CellFilter Prepare(const ListHas& test, const CellType& type, Preparation* preparation);
CellFilter Prepare(const ListSize& test, const CellType& type, Preparation* preparation);

bool Holds(const ListHas& test, const CellType& type, int64_t cell, Timestamp now);
bool Holds(const ListSize& test, const CellType& type, int64_t cell, Timestamp now);

std::string Describe(const ListHas& test, ValueInfo info);
std::string Describe(const ListSize& test, ValueInfo info);

}  // namespace roster::query

#endif  // ROSTER_QUERY_CELLS_LIST_H_
