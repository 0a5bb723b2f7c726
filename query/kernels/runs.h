// SPDX-License-Identifier: Apache-2.0
//
// Which runs hold anything, by where each begins. Thread rule: pure functions.
#ifndef ROSTER_QUERY_KERNELS_RUNS_H_
#define ROSTER_QUERY_KERNELS_RUNS_H_

#include <cstddef>
#include <cstdint>

namespace roster::query::kernels {

// Sets in `rows` the bits of the runs that are not empty, of words in which `wanted` has a bit. Run
// i is [begins[i], begins[i + 1]). Shape: 64 * num_words + 1 begins. Cost: that of reading them.
void AddNonEmpty(const uint32_t* begins, size_t num_words, const uint64_t* wanted, uint64_t* rows);

}  // namespace roster::query::kernels

#endif  // ROSTER_QUERY_KERNELS_RUNS_H_
