// SPDX-License-Identifier: Apache-2.0
//
// Days, durations and windows by the calendar of a time zone, from the words of LANGUAGE.md
// "Windows" and nothing of the product. Thread rule: pure functions.
#ifndef ROSTER_TESTS_QUERY_NAIVE_CALENDAR_H_
#define ROSTER_TESTS_QUERY_NAIVE_CALENDAR_H_

#include <cstdint>
#include <limits>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "query/ast.h"

namespace roster::query::naive {

// Closed. Units: milliseconds.
struct Moments {
  int64_t first = std::numeric_limits<int64_t>::min();
  int64_t last = std::numeric_limits<int64_t>::max();
  bool Has(int64_t ms) const { return first <= ms && ms <= last; }
};

struct Clock {
  int64_t now_ms = 0;
  absl::TimeZone zone;

  absl::CivilSecond Local(int64_t ms) const;
  absl::CivilDay Day(int64_t ms) const { return absl::CivilDay(Local(ms)); }
  int64_t StartOf(absl::CivilDay day) const;
  int64_t Instant(ast::LocalTime local) const;
  // `sign`: -1 before, 1 after.
  int64_t Moved(int64_t ms, ast::Duration by, int sign) const;
  int64_t Before(ast::Duration by) const { return Moved(now_ms, by, -1); }
  // All of a day for a date, one moment for an instant.
  Moments MomentsOf(const ast::Literal& literal) const;
  // Requires: not `of first seen`.
  Moments MomentsOf(const ast::Window& window) const;
  // The first day of the week, month or year that has a day.
  static absl::CivilDay FirstDay(absl::CivilDay day, ast::TimeUnit unit);
};

inline absl::CivilDay DayNumber(int64_t days) { return absl::CivilDay(1970, 1, 1) + days; }
bool IsInstant(const ast::Literal& literal);

}  // namespace roster::query::naive

#endif  // ROSTER_TESTS_QUERY_NAIVE_CALENDAR_H_
