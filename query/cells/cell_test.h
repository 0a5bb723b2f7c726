// SPDX-License-Identifier: Apache-2.0
//
// One question about one value, whatever its family: asked of a trait column by ColumnOperator, of
// an event's property by EventFilter. Thread rule: pure functions.
#ifndef ROSTER_QUERY_CELLS_CELL_TEST_H_
#define ROSTER_QUERY_CELLS_CELL_TEST_H_

#include <optional>
#include <string>
#include <string_view>

#include "query/bound.h"
#include "query/cells/cell_filter.h"
#include "query/operators/limits.h"
#include "roster/value.h"
#include "storage/memory/cells.h"

namespace roster::query {

// The predicate on the cells of a type as a view at `now` sees them: codes are looked up and
// windows resolved. For cells that are present.
CellFilter Prepare(const CellPredicate& predicate, const CellType& type, Preparation* preparation);

// Whether one cell that is present passes, at any time and for any view.
bool Holds(const CellPredicate& predicate, const CellType& type, int64_t cell, Timestamp now);

// The first moment after now at which `Holds` may change for a cell; none: it stays for ever.
std::optional<Timestamp> NextChange(const CellPredicate& predicate, const CellType& type,
                                    int64_t cell, Timestamp now);

// Whether a text that is no cell passes (an identity). Requires: a test on text, or AnyValue.
bool HoldsText(const CellTest& test, std::string_view text);

// ">= 30", and with a name "`age` >= 30".
std::string DescribeTest(const CellPredicate& predicate, ValueInfo info);
std::string Describe(const CellPredicate& predicate, std::string_view name, ValueInfo info);

}  // namespace roster::query

#endif  // ROSTER_QUERY_CELLS_CELL_TEST_H_
