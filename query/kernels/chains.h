// SPDX-License-Identifier: Apache-2.0
//
// Which rows have events of several steps, each a while after that of the step before, as far as
// rough times tell. Thread rule: pure functions.
#ifndef ROSTER_QUERY_KERNELS_CHAINS_H_
#define ROSTER_QUERY_KERNELS_CHAINS_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "query/kernels/narrow.h"

namespace roster::query::kernels {

// The events of a step, by row: in each row their times ascend, and lie less than 2^31 apart from
// all of the row's. What is added to a time may go round behind the greatest. An event of it
// follows one of the step before when its time less the other one's is in `sure`, and perhaps where
// it is in `maybe`, which holds `sure`.
struct ChainStep {
  const uint32_t* times;
  const uint32_t* begins;    // row i has [begins[i], begins[i + 1]) of them
  RawRange<uint32_t> sure;   // of the first step: anything
  RawRange<uint32_t> maybe;  // the same
};

// Events of a row, of each step but the first, that are looked at; rows with more are `maybe`.
inline constexpr uint32_t kMostChained = 128;

// For each of `rows`: sets its bit in `yes` where a chain of an event of each step is sure, in
// `maybe` where it cannot be told. Shape: num_words words each. Requires: two steps or more.
// Cost: a comparison of vectors for each pair of an event that may follow and a vector of those
// before it.
void FindChains(absl::Span<const ChainStep> steps, size_t num_words, const uint64_t* rows,
                uint64_t* yes, uint64_t* maybe);

}  // namespace roster::query::kernels

#endif  // ROSTER_QUERY_KERNELS_CHAINS_H_
