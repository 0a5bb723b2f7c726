// SPDX-License-Identifier: Apache-2.0
//
// Which rows have several of the events of a block. Thread rule: pure functions.
#ifndef ROSTER_QUERY_KERNELS_REPEATS_H_
#define ROSTER_QUERY_KERNELS_REPEATS_H_

#include <cstddef>
#include <cstdint>

namespace roster::query::kernels {

// Finds the rows of which more than `ahead` places are selected: MarkRepeated sets reached[row] to
// 1, AddRepeated the bit of the row. `rows` ascend; of each row the selected places stand side by
// side, or `ahead` is 0. Shape: (size + 63) / 64 words of `selected`, with no bits from `size` on;
// a place, or a bit, for each row. Cost: that of reading the rows, and for each row that is found
// little with places, several times as much with bits, which need no clearing.
void MarkRepeated(const uint16_t* rows, size_t size, const uint64_t* selected, size_t ahead,
                  uint8_t* reached);
void AddRepeated(const uint16_t* rows, size_t size, const uint64_t* selected, size_t ahead,
                 uint64_t* found);

}  // namespace roster::query::kernels

#endif  // ROSTER_QUERY_KERNELS_REPEATS_H_
