// SPDX-License-Identifier: Apache-2.0
//
// anniversary of birthday within next 7 days: whether the day comes round in a window, in a later
// year. 29 February falls on 28 February in other years. Thread rule: pure functions.
// Source: LANGUAGE.md "Meaning", 2.
#ifndef ROSTER_QUERY_CELLS_ANNIVERSARY_H_
#define ROSTER_QUERY_CELLS_ANNIVERSARY_H_

#include <optional>
#include <string>

#include "query/bound.h"
#include "query/cells/cell_filter.h"
#include "query/operators/limits.h"
#include "roster/value.h"
#include "storage/memory/cells.h"

namespace roster::query {

CellFilter Prepare(const AnniversaryIn& test, const CellType& type, Preparation* preparation);
bool Holds(const AnniversaryIn& test, const CellType& type, int64_t cell, Timestamp now);
std::optional<Timestamp> NextChange(const AnniversaryIn& test, const CellType& type, int64_t cell,
                                    Timestamp now);
std::string Describe(const AnniversaryIn& test, ValueInfo info);

}  // namespace roster::query

#endif  // ROSTER_QUERY_CELLS_ANNIVERSARY_H_
