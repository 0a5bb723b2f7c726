// SPDX-License-Identifier: Apache-2.0
//
// Numbers in their order, where they are few. Thread rule: pure functions.
#ifndef ROSTER_QUERY_KERNELS_ORDER_H_
#define ROSTER_QUERY_KERNELS_ORDER_H_

#include <cstddef>
#include <cstdint>

namespace roster::query::kernels {

// Puts numbers that are all different in ascending order. Each goes where the number of lower ones
// says: no comparison is a jump that the machine has to guess. Requires: none has its highest bit.
// Shape: `size` of both, apart. Cost: O(size^2) divided by what a vector holds; up to a hundred far
// less than that of a sort.
void PutInOrder(const uint64_t* numbers, size_t size, uint64_t* ordered);

}  // namespace roster::query::kernels

#endif  // ROSTER_QUERY_KERNELS_ORDER_H_
