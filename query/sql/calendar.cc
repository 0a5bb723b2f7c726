// SPDX-License-Identifier: Apache-2.0
#include "query/sql/calendar.h"

#include <algorithm>
#include <limits>

#include "absl/time/civil_time.h"
#include "storage/base/text.h"

namespace roster::query {
namespace {

constexpr int64_t kFarDays = 2'860'000;  // about the year 9800
constexpr int64_t kMaxDays = 400'000'000;
constexpr int64_t kLeapDay = 365;  // of a year that begins on 1 March, from 0
// A window of so many days has an anniversary of every day.
constexpr int64_t kLongestYear = 366;

absl::CivilDay CivilOf(int64_t days) { return absl::CivilDay(1970, 1, 1) + days; }
int64_t DaysOf(absl::CivilDay day) { return day - absl::CivilDay(1970, 1, 1); }

// Of the cycle of 400 years, the century in it, the 4 years in that and the year in these: where a
// day lies, counted from 1 March of the year 0.
struct Parts {
  Parts(const std::string& day, const Spelling& spelling) {
    // From 1970-01-01 to 0000-03-01.
    const std::string shifted = StrCat(day, " + ", 719'468 + kShiftDays);
    cycle = spelling.Divide(shifted, "146097");
    const std::string of_cycle = StrCat("((", shifted, ") % 146097)");
    century = StrCat("least(3, ", spelling.Divide(of_cycle, "36524"), ")");
    const std::string of_century = StrCat("(", of_cycle, " - 36524 * ", century, ")");
    four = spelling.Divide(of_century, "1461");
    const std::string of_four = StrCat("(", of_century, " % 1461)");
    year = StrCat("least(3, ", spelling.Divide(of_four, "365"), ")");
    of_year = StrCat("(", of_four, " - 365 * ", year, ")");
  }

  std::string cycle;
  std::string century;
  std::string four;
  std::string year;
  std::string of_year;  // the day, from 0
};

// The last day whose first anniversary is `last` or before it.
int64_t LastWithAnniversary(int64_t last) {
  const absl::CivilDay next = CivilOf(last) + 1;
  return DaysOf(absl::CivilDay(next.year() - 1, next.month(), next.day())) - 1;
}

}  // namespace

bool IsFixed(absl::TimeZone zone) {
  absl::TimeZone::CivilTransition change;
  return !zone.NextTransition(absl::InfinitePast(), &change);
}

bool CanSayAnniversary(TimeRange days) { return days.low > days.high || days.low < kFarDays; }

std::string AnniversaryTest(const std::string& day, TimeRange days, const Spelling& spelling) {
  if (days.low > days.high) return "FALSE";
  if (days.high > kMaxDays) return "TRUE";
  if (days.high < -kMaxDays) return "FALSE";
  if (days.low < days.high - kLongestYear + 1) {
    return StrCat(day, " <= ", LastWithAnniversary(days.high));
  }
  const auto year_of = [](absl::CivilDay civil) {
    return civil.month() >= 3 ? civil.year() : civil.year() - 1;
  };
  const std::string of_year = Parts(day, spelling).of_year;
  std::string any;
  for (auto year = year_of(CivilOf(days.low)); year <= year_of(CivilOf(days.high)); ++year) {
    const int64_t start = DaysOf(absl::CivilDay(year, 3, 1));
    const int64_t length = DaysOf(absl::CivilDay(year + 1, 3, 1)) - start;
    const int64_t from = std::max<int64_t>(days.low - start, 0);
    int64_t to = std::min(days.high - start, length - 1);
    // Where the year has none, 29 February falls on the 28th.
    if (to == length - 1) to = kLeapDay;
    any += StrCat(any.empty() ? "" : " OR ", "(", day, " < ", start, " AND ", of_year, " BETWEEN ",
                  from, " AND ", to, ")");
  }
  return any;
}

std::string CalendarNumberOf(const std::string& day, ast::TimeUnit unit, const Spelling& spelling) {
  constexpr int64_t kThursday = 3;  // 1970-01-01, counted from Monday
  if (unit == ast::TimeUnit::kDay) return day;
  if (unit == ast::TimeUnit::kWeek) {
    return spelling.Divide(StrCat(day, " + ", kShiftDays + kThursday), "7");
  }
  const Parts parts(day, spelling);
  const std::string year = StrCat("(400 * ", parts.cycle, " + 100 * ", parts.century, " + 4 * ",
                                  parts.four, " + ", parts.year, ")");
  // From March on; 153 days are five months.
  const std::string month = spelling.Divide(StrCat("5 * ", parts.of_year, " + 2"), "153");
  if (unit == ast::TimeUnit::kMonth) return StrCat("(12 * ", year, " + ", month, ")");
  return StrCat("(", year, " + ", spelling.Divide(StrCat(month, " + 2"), "12"), ")");
}

}  // namespace roster::query
