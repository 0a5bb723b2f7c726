// SPDX-License-Identifier: Apache-2.0
//
// Packed cells in loops that are made for each width. Thread rule: pure functions.
#ifndef ROSTER_QUERY_KERNELS_CELL_READER_H_
#define ROSTER_QUERY_KERNELS_CELL_READER_H_

#include <cstddef>
#include <cstdint>

#include "storage/memory/packed_ints.h"

namespace roster::query::kernels {

// Calls f with the cells less their base, as an array of their width; not where all are the base.
// Requires: they are not split.
template <typename F>
void WithRaw(const PackedInts& cells, F&& f) {
  switch (cells.width()) {
    case 1:
      return f(cells.data<uint8_t>());
    case 2:
      return f(cells.data<uint16_t>());
    case 4:
      return f(cells.data<uint32_t>());
    case 8:
      return f(cells.data<uint64_t>());
    default:
      return;
  }
}

// Calls f with a function that gives the cell of a place, as PackedInts::Get. Requires: they are
// not Unscanned.
template <typename F>
void WithReader(const PackedInts& cells, F&& f) {
  if (cells.width() == 0) return f([base = cells.base()](size_t) { return base; });
  if (cells.is_split()) {
    return f([base = cells.base(), highs = cells.highs(), lows = cells.lows()](size_t i) {
      return base + static_cast<int64_t>(uint64_t{highs[i]} << 8 | lows[i]);
    });
  }
  WithRaw(cells, [&f, base = static_cast<uint64_t>(cells.base())](const auto* raw) {
    f([raw, base](size_t i) { return static_cast<int64_t>(raw[i] + base); });
  });
}

}  // namespace roster::query::kernels

#endif  // ROSTER_QUERY_KERNELS_CELL_READER_H_
