// SPDX-License-Identifier: Apache-2.0
//
// What the machine itself can do, for the report. Thread rule: nothing else should run beside it.
#ifndef ROSTER_BENCH_SUITE_LIMITS_H_
#define ROSTER_BENCH_SUITE_LIMITS_H_

namespace roster::suite {

// How fast 256 MiB are read from memory: the best of some passes, 1 or 2 threads.
double ReadGigabytesPerSecond(int threads);

}  // namespace roster::suite

#endif  // ROSTER_BENCH_SUITE_LIMITS_H_
