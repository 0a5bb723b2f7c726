// SPDX-License-Identifier: Apache-2.0
#include "query/operators/operator.h"

#include <cstdint>

namespace roster::query {

constexpr int64_t kCalendarCycleMs = int64_t{146'097} * 86'400'000;
// An anniversary takes 800 of them to come round.
constexpr int kMaxLooks = 1000;
constexpr int64_t kRoundMs = int64_t{370} * 86'400'000;

Recurrence::Recurrence(Timestamp begin) : cycle_ms_(begin.ms + kCalendarCycleMs) {}

bool Recurrence::ComesRound(Timestamp next) {
  const bool comes = before_ms_ > cycle_ms_ && next.ms < before_ms_ + kRoundMs;
  before_ms_ = next.ms;
  return comes;
}

std::optional<Timestamp> Operator::NextFlip(const ReadView& view, RowId row) const {
  const bool matches = Matches(view, row);
  Recurrence recurrence(view.clock());
  std::optional<Timestamp> next = NextChange(view, row);
  for (int look = 0; next && look < kMaxLooks; ++look) {
    const ReadView then = view.At(*next);
    if (Matches(then, row) != matches) return next;
    if (recurrence.ComesRound(*next)) return std::nullopt;
    next = NextChange(then, row);
  }
  return next;
}

}  // namespace roster::query
