// SPDX-License-Identifier: Apache-2.0
//
// Bit sets as a whole. Thread rule: pure functions.
#ifndef ROSTER_QUERY_KERNELS_BITS_H_
#define ROSTER_QUERY_KERNELS_BITS_H_

#include <cstddef>
#include <cstdint>

namespace roster::query::kernels {

// How many bits are set. Cost: a fraction of std::popcount's, which may not use what the machine
// has.
uint64_t CountBits(const uint64_t* words, size_t num_words);

// Clears the bits that the others do not have.
void AndBits(const uint64_t* others, size_t num_words, uint64_t* words);

}  // namespace roster::query::kernels

#endif  // ROSTER_QUERY_KERNELS_BITS_H_
