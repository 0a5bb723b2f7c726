// SPDX-License-Identifier: Apache-2.0
//
// Ranges of time, fixed or moving with now, in a time zone. Thread rule: plain values.
// Source: LANGUAGE.md "Meaning", 2.
#ifndef ROSTER_QUERY_WINDOW_H_
#define ROSTER_QUERY_WINDOW_H_

#include <cstdint>
#include <limits>
#include <optional>

#include "absl/time/time.h"
#include "query/ast.h"
#include "roster/value.h"

namespace roster::query {

// Closed; empty when low > high. Units: milliseconds, or days where it says so.
struct TimeRange {
  int64_t low = std::numeric_limits<int64_t>::min();
  int64_t high = std::numeric_limits<int64_t>::max();
  bool Contains(int64_t value) const { return low <= value && value <= high; }
  bool operator==(const TimeRange&) const = default;
};

// The first moment of a local day. A day that begins inside a clock change begins at the change.
int64_t StartOfDay(Date day, absl::TimeZone zone);
// The local day of a moment.
Date DayOf(int64_t ms, absl::TimeZone zone);
// The moment at which the clocks of the zone show a time: the first of two, or the change that
// skipped it.
int64_t ToInstant(ast::LocalTime local, absl::TimeZone zone);
// The moment that lies a duration before now. Weeks and shorter units have a fixed length; months
// and years go by the calendar, clamped to the month's end.
int64_t Before(Timestamp now, ast::Duration duration, absl::TimeZone zone);

// One end of a window: a fixed moment, or `ms` after the moment that lies `ago` before now.
struct TimeBound {
  std::optional<ast::Duration> ago;
  int64_t ms = 0;
};

// A range of time as a function of now, so that what is bound once stays right as time passes.
class Window {
 public:
  // All time.
  Window() = default;
  Window(TimeBound low, TimeBound high, absl::TimeZone zone)
      : low_(low), high_(high), zone_(zone) {}

  // The moments in it.
  TimeRange At(Timestamp now) const;
  // The moments in it that have come: an event counts when its time comes.
  TimeRange UntilNow(Timestamp now) const;
  // The days whose first moment is in it. Units: days since 1970-01-01.
  TimeRange DaysAt(Timestamp now) const;

  // Whether it never moves.
  bool is_fixed() const { return !low_.ago && !high_.ago; }
  const TimeBound& low() const { return low_; }
  const TimeBound& high() const { return high_; }

 private:
  int64_t Resolve(const TimeBound& bound, Timestamp now) const;

  TimeBound low_{std::nullopt, std::numeric_limits<int64_t>::min()};
  TimeBound high_{std::nullopt, std::numeric_limits<int64_t>::max()};
  absl::TimeZone zone_ = absl::UTCTimeZone();
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_WINDOW_H_
