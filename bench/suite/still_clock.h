// SPDX-License-Identifier: Apache-2.0
//
// A clock whose `now` is always the end of the generated data, so that windows mean the same
// moments in every run and in every engine. Durations are real. Thread rule: any thread.
#ifndef ROSTER_BENCH_SUITE_STILL_CLOCK_H_
#define ROSTER_BENCH_SUITE_STILL_CLOCK_H_

#include "server/tools/dataset.h"
#include "storage/base/environment.h"

namespace roster::suite {

class StillClock final : public Clock {
 public:
  Timestamp Now() override { return server::kDatasetEnd; }
  int64_t MonotonicMicros() override { return SystemClock()->MonotonicMicros(); }
};

}  // namespace roster::suite

#endif  // ROSTER_BENCH_SUITE_STILL_CLOCK_H_
