// SPDX-License-Identifier: Apache-2.0
//
// The days, weeks, months or years of many moments: where the clocks of a zone stand still, a day
// is a division. Thread rule: immutable. Source: LANGUAGE.md "Meaning", 2.
#ifndef ROSTER_QUERY_KERNELS_CALENDAR_NUMBERS_H_
#define ROSTER_QUERY_KERNELS_CALENDAR_NUMBERS_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "query/ast.h"
#include "query/window.h"

namespace roster::query {

inline constexpr int64_t kThursday = 3;  // 1970-01-01, counted from Monday

inline int64_t FloorDiv(int64_t value, int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }
// As CalendarNumber, of a local day.
int64_t NumberOfDay(int64_t day, ast::TimeUnit unit);
// The next moment after a moment at which the clocks of a zone are changed.
std::optional<int64_t> NextClockChange(int64_t ms, absl::TimeZone zone);

class CalendarNumbers {
 public:
  // `range`: in which most of the moments lie; those of its last 20 years are quick. Cost: O(clock
  // changes in them).
  CalendarNumbers(ast::TimeUnit unit, absl::TimeZone zone, TimeRange range);

  // The number of a moment, and of all from it on until `end_ms`.
  struct Span {
    int64_t number;
    int64_t end_ms;
  };
  Span SpanOf(int64_t ms) const {
    const bool known = pieces_.front().from_ms <= ms && ms <= last_ms_;
    if (!known) return {CalendarNumber(ms, unit_, zone_), ms};
    size_t piece = pieces_.size() - 1;
    int64_t end_ms = last_ms_ + 1;
    for (; ms < pieces_[piece].from_ms; --piece) end_ms = pieces_[piece].from_ms;
    const int64_t offset_ms = pieces_[piece].offset_ms;
    const int64_t day = FloorDiv(ms + offset_ms, kDayMs);
    return {unit_ == ast::TimeUnit::kDay ? day : NumberOfDay(day, unit_),
            std::min(end_ms, (day + 1) * kDayMs - offset_ms)};
  }

 private:
  static constexpr int64_t kDayMs = 86'400'000;
  // A time without a change of clocks.
  struct Piece {
    int64_t from_ms;
    int64_t offset_ms;  // local time less UTC
  };

  ast::TimeUnit unit_;
  absl::TimeZone zone_;
  std::vector<Piece> pieces_;  // ascending; never empty
  int64_t last_ms_;            // of the last piece
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_KERNELS_CALENDAR_NUMBERS_H_
