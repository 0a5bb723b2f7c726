// SPDX-License-Identifier: Apache-2.0
//
// The calendar in whole numbers, where SQL has no exact one: years that begin on 1 March, so that
// 29 February is their last day. Thread rule: pure functions.
// Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms" (2014).
#ifndef ROSTER_QUERY_SQL_CALENDAR_H_
#define ROSTER_QUERY_SQL_CALENDAR_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "query/ast.h"
#include "query/sql/spelling.h"
#include "query/window.h"

namespace roster::query {

// Whole cycles of 400 years, which make any day of 32 bits positive. They are whole weeks, too.
inline constexpr int64_t kShiftDays = int64_t{146'097} * 20'000;

// What an instant (an expression) is ahead of UTC, in ms; right for those until `until`.
std::string OffsetOf(const std::string& instant, absl::TimeZone zone, Timestamp until);
// The local day of an instant, as the days since 1970-01-01; as OffsetOf.
std::string LocalDayOf(const std::string& instant, absl::TimeZone zone, Timestamp until,
                       const Spelling& spelling);

// `rows` with one more column, `limit`: the moment so many months after their column `time`. Right
// for times until `now`. Requires: CanSayMonths(months).
std::string WithMonthsAfter(const std::string& rows, const std::string& time, int64_t months,
                            absl::TimeZone zone, Timestamp now, const std::string& limit,
                            const Spelling& spelling);
bool CanSayMonths(int64_t months);

// Whether its clocks never change.
bool IsFixed(absl::TimeZone zone);

// Whether a day, an expression of the days since 1970-01-01, has an anniversary among `days`.
// Requires: CanSayAnniversary(days).
std::string AnniversaryTest(const std::string& day, TimeRange days, const Spelling& spelling);
bool CanSayAnniversary(TimeRange days);

// The number of the week, month or year of a local day; each has its own.
std::string CalendarNumberOf(const std::string& day, ast::TimeUnit unit, const Spelling& spelling);

}  // namespace roster::query

#endif  // ROSTER_QUERY_SQL_CALENDAR_H_
