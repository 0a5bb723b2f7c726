// SPDX-License-Identifier: Apache-2.0
//
// The days, weeks, months or years of many moments: where the clocks of a zone stand still, a day
// is a division. Thread rule: immutable. Source: LANGUAGE.md "Meaning", 2.
#ifndef ROSTER_QUERY_CELLS_CALENDAR_NUMBERS_H_
#define ROSTER_QUERY_CELLS_CALENDAR_NUMBERS_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "query/ast.h"
#include "query/window.h"

namespace roster::query {

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

  // Where a day is the same number of milliseconds from the one before, all along: the number of a
  // moment is that of whole days in ms + `offset_ms`, for moments from `from_ms` to `last_ms`.
  // Nothing for weeks, months and years, or when a clock is changed.
  struct EvenDays {
    int64_t offset_ms;
    int64_t from_ms;
    int64_t last_ms;
  };
  std::optional<EvenDays> even_days() const {
    if (unit_ != ast::TimeUnit::kDay || pieces_.size() != 1) return std::nullopt;
    return EvenDays{pieces_[0].offset_ms, pieces_[0].from_ms, last_ms_};
  }

  static constexpr int64_t kDayMs = 86'400'000;

 private:
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

#endif  // ROSTER_QUERY_CELLS_CALENDAR_NUMBERS_H_
