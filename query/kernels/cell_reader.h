// SPDX-License-Identifier: Apache-2.0
//
// Packed cells read one by one in loops that are made for each width. Thread rule: pure functions.
#ifndef ROSTER_QUERY_KERNELS_CELL_READER_H_
#define ROSTER_QUERY_KERNELS_CELL_READER_H_

#include <cstddef>
#include <cstdint>

#include "storage/memory/packed_ints.h"

namespace roster::query::kernels {

// Calls f with a function that gives the cell of a place, as PackedInts::Get. Requires: the cells
// of a sealed block.
template <typename F>
void WithReader(const PackedInts& cells, F&& f) {
  const auto reader_of = [base = static_cast<uint64_t>(cells.base())](const auto* raw) {
    return [raw, base](size_t i) { return static_cast<int64_t>(raw[i] + base); };
  };
  switch (cells.width()) {
    case 1:
      return f(reader_of(cells.data<uint8_t>()));
    case 2:
      return f(reader_of(cells.data<uint16_t>()));
    case 4:
      return f(reader_of(cells.data<uint32_t>()));
    case 8:
      return f(reader_of(cells.data<uint64_t>()));
    default:
      return f([base = cells.base()](size_t) { return base; });
  }
}

}  // namespace roster::query::kernels

#endif  // ROSTER_QUERY_KERNELS_CELL_READER_H_
