// SPDX-License-Identifier: Apache-2.0
//
// A question about a text or a list, asked of dictionary codes: once of each of them, or, where
// there are many, of those only that candidates have. Thread rule: pure; what it makes, any thread
// may run.
#ifndef ROSTER_QUERY_CELLS_CODES_H_
#define ROSTER_QUERY_CELLS_CODES_H_

#include <functional>
#include <string_view>

#include "query/cells/cell_filter.h"
#include "query/operators/limits.h"
#include "storage/memory/cells.h"

namespace roster::query {

// The codes of a dictionary whose text passes; none when `preparation` says to stop.
CellFilter CodesWhere(const CellType& type, Preparation* preparation,
                      std::function<bool(std::string_view)> passes);

}  // namespace roster::query

#endif  // ROSTER_QUERY_CELLS_CODES_H_
