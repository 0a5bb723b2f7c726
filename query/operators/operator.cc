// SPDX-License-Identifier: Apache-2.0
#include "query/operators/operator.h"

#include <cstdint>

namespace roster::query {

// Only anniversaries come round for ever, and the calendar repeats itself after so long: what did
// not change by then never does.
constexpr int64_t kCalendarCycleMs = int64_t{146'097} * 86'400'000;
// An anniversary takes 800 of them to come round.
constexpr int kMaxLooks = 1000;
constexpr int64_t kRoundMs = int64_t{370} * 86'400'000;

std::optional<Timestamp> Operator::NextFlip(const ReadView& view, RowId row) const {
  const bool matches = Matches(view, row);
  const int64_t cycle_ms = view.clock().ms + kCalendarCycleMs;
  std::optional<Timestamp> before;
  std::optional<Timestamp> next = NextChange(view, row);
  for (int look = 0; next && look < kMaxLooks; ++look) {
    const ReadView then = view.At(*next);
    if (Matches(then, row) != matches) return next;
    const bool comes_round = before && before->ms > cycle_ms && next->ms < before->ms + kRoundMs;
    if (comes_round) return std::nullopt;
    before = next;
    next = NextChange(then, row);
  }
  return next;
}

}  // namespace roster::query
