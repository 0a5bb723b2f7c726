// SPDX-License-Identifier: Apache-2.0
//
// Kernels: loops over packed cells and bit sets, compiled by Highway for several targets (sets of
// instructions), of which the best that the machine has is taken at run time. A file of kernels has
// the shape of narrow.cc. Thread rule: pure functions.
#ifndef ROSTER_QUERY_KERNELS_TARGET_H_
#define ROSTER_QUERY_KERNELS_TARGET_H_

namespace roster::query::kernels {

// The one that is taken here, as "AVX2", "AVX3_DL", "EMU128" (none: plain C++).
const char* TargetName();

}  // namespace roster::query::kernels

#endif  // ROSTER_QUERY_KERNELS_TARGET_H_
