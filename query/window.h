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

// Of a unit. Units: milliseconds; 0 for months and years, which have no fixed length.
int64_t FixedLength(ast::TimeUnit unit);
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
// The same after it.
int64_t After(Timestamp now, ast::Duration duration, absl::TimeZone zone);
// The number of the local day, week (from Monday), month or year of a moment; the same of a local
// day.
int64_t CalendarNumber(int64_t ms, ast::TimeUnit unit, absl::TimeZone zone);
int64_t NumberOfDay(int64_t day, ast::TimeUnit unit);
// The next moment after a moment at which the clocks of a zone are changed.
std::optional<int64_t> NextClockChange(int64_t ms, absl::TimeZone zone);
// Rounded down. Requires: by > 0.
inline int64_t FloorDiv(int64_t value, int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }

// The earlier of two moments, each of which may be none.
std::optional<Timestamp> Earlier(std::optional<Timestamp> a, std::optional<Timestamp> b);

// One end of a window: a fixed moment, or `ms` after a moment that goes with now: what lies `ago`
// before it (after it, of a negative amount), or where so many units of the calendar begin, 0 the
// one of now.
struct TimeBound {
  std::optional<ast::Duration> ago;
  int64_t ms = 0;
  bool calendar = false;
  int64_t units = 0;  // of `ago`'s unit, from the one of now on
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

  // The first moment after now at which it may be of another mind about the moment t, with or
  // without regard to whether that has come; none when there is none.
  std::optional<Timestamp> NextChange(Timestamp now, int64_t t) const;
  std::optional<Timestamp> NextChangeUntilNow(Timestamp now, int64_t t) const;

  // Whether it never moves.
  bool is_fixed() const { return !low_.ago && !high_.ago; }
  absl::TimeZone zone() const { return zone_; }
  const TimeBound& low() const { return low_; }
  const TimeBound& high() const { return high_; }

 private:
  int64_t Resolve(const TimeBound& bound, Timestamp now) const;
  int64_t Crossing(const TimeBound& bound, int64_t t) const;
  std::optional<Timestamp> NextCrossing(const TimeBound& bound, Timestamp now, int64_t t) const;

  TimeBound low_{std::nullopt, std::numeric_limits<int64_t>::min()};
  TimeBound high_{std::nullopt, std::numeric_limits<int64_t>::max()};
  absl::TimeZone zone_ = absl::UTCTimeZone();
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_WINDOW_H_
