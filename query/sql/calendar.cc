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
constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t kMaxMonths = 1200;           // so that the changes of a zone are not too many
constexpr int64_t kFromMarchOfZero = 719'468;  // days, from 0000-03-01 to 1970-01-01
constexpr int64_t kLeapDay = 365;              // of a year that begins on 1 March, from 0
// A window of so many days has an anniversary of every day.
constexpr int64_t kLongestYear = 366;

absl::CivilDay CivilOf(int64_t days) { return absl::CivilDay(1970, 1, 1) + days; }
int64_t DaysOf(absl::CivilDay day) { return day - absl::CivilDay(1970, 1, 1); }

// Of the cycle of 400 years, the century in it, the 4 years in that and the year in these: where a
// day lies, counted from 1 March of the year 0.
struct Parts {
  Parts(const std::string& day, const Spelling& spelling) {
    const std::string shifted = StrCat(day, " + ", kFromMarchOfZero + kShiftDays);
    cycle = spelling.Divide(shifted, "146097");
    const std::string of_cycle = StrCat("((", shifted, ") % 146097)");
    century = StrCat("least(3, ", spelling.Divide(of_cycle, "36524"), ")");
    const std::string of_century = StrCat("(", of_cycle, " - 36524 * ", century, ")");
    four = spelling.Divide(of_century, "1461");
    const std::string of_four = StrCat("(", of_century, " % 1461)");
    year = StrCat("least(3, ", spelling.Divide(of_four, "365"), ")");
    of_year = StrCat("(", of_four, " - 365 * ", year, ")");
  }

  // Of the year.
  std::string number() const {
    return StrCat("(400 * ", cycle, " + 100 * ", century, " + 4 * ", four, " + ", year, ")");
  }

  std::string cycle;
  std::string century;
  std::string four;
  std::string year;
  std::string of_year;  // the day, from 0
};

// From a moment on the clocks are so far ahead of UTC.
struct Era {
  int64_t from_ms = 0;
  int64_t offset_ms = 0;
};

// Those of a zone that begin until a moment; the first is from ever.
std::vector<Era> ErasOf(absl::TimeZone zone, Timestamp until) {
  const auto offset_at = [&](absl::Time at) { return int64_t{zone.At(at).offset} * 1000; };
  std::vector<Era> eras = {{0, offset_at(absl::UnixEpoch())}};
  absl::Time last = absl::InfinitePast();
  absl::TimeZone::CivilTransition change;
  while (zone.NextTransition(last, &change)) {
    const absl::TimeZone::TimeInfo info = zone.At(change.to);
    const absl::Time at = info.kind == absl::TimeZone::TimeInfo::UNIQUE ? info.pre : info.trans;
    // The infinite past itself has none.
    if (eras.size() == 1) eras[0].offset_ms = offset_at(at - absl::Milliseconds(1));
    if (at > absl::FromUnixMillis(until.ms)) break;
    eras.push_back({absl::ToUnixMillis(at), offset_at(at)});
    last = at;
  }
  return eras;
}

// The moment at which the clocks show a local time, in ms: the first of two, or the change that
// skipped it.
std::string InstantOf(const std::string& local, const std::vector<Era>& eras) {
  std::string cases;
  const auto add = [&](int64_t before, const std::string& then) {
    cases += StrCat(" WHEN ", local, " < ", before, " THEN ", then);
  };
  for (size_t i = 1; i < eras.size(); ++i) {
    const int64_t change_ms = eras[i].from_ms;
    const int64_t offset_ms = eras[i - 1].offset_ms;
    add(change_ms + offset_ms, StrCat(local, " - (", offset_ms, ")"));
    if (eras[i].offset_ms <= offset_ms) continue;
    add(change_ms + eras[i].offset_ms, StrCat(change_ms));
  }
  const std::string last = StrCat(local, " - (", eras.back().offset_ms, ")");
  return cases.empty() ? last : StrCat("CASE", cases, " ELSE ", last, " END");
}

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

std::string OffsetOf(const std::string& instant, absl::TimeZone zone, Timestamp until) {
  const std::vector<Era> eras = ErasOf(zone, until);
  std::string cases;
  for (size_t i = 1; i < eras.size(); ++i) {
    cases += StrCat(" WHEN ", instant, " < ", eras[i].from_ms, " THEN ", eras[i - 1].offset_ms);
  }
  const int64_t last = eras.back().offset_ms;
  return cases.empty() ? StrCat("(", last, ")") : StrCat("CASE", cases, " ELSE ", last, " END");
}

std::string LocalDayOf(const std::string& instant, absl::TimeZone zone, Timestamp until,
                       const Spelling& spelling) {
  const std::string shifted =
      StrCat(instant, " + ", kShiftDays * kDayMs, " + ", OffsetOf(instant, zone, until));
  return StrCat("(", spelling.Divide(shifted, StrCat(kDayMs)), " - ", kShiftDays, ")");
}

bool CanSayMonths(int64_t months) { return months <= kMaxMonths; }

// A step a SELECT, so that no expression is written twice.
std::string WithMonthsAfter(const std::string& rows, const std::string& time, int64_t months,
                            absl::TimeZone zone, Timestamp now, const std::string& limit,
                            const Spelling& spelling) {
  const Timestamp until{now.ms + (months + 1) * 31 * kDayMs};
  std::string text = rows;
  const auto add = [&](const std::string& columns) {
    text = StrCat("SELECT *, ", columns, " FROM (", text, ") m");
  };
  const auto start_of = [&](const std::string& month) {
    return spelling.Divide(StrCat("153 * ", month, " + 2"), "5");
  };
  add(StrCat(time, " + ", kShiftDays * kDayMs, " + ", OffsetOf(time, zone, now), " AS _local"));
  add(StrCat(spelling.Divide("_local", StrCat(kDayMs)), " - ", kShiftDays, " AS _date, _local % ",
             kDayMs, " AS _clock"));
  const Parts parts("_date", spelling);
  add(StrCat(parts.number(), " AS _year, ", parts.of_year, " AS _of_year"));
  add(StrCat(spelling.Divide("5 * _of_year + 2", "153"), " AS _month"));
  add(StrCat("12 * _year + _month + ", months, " AS _months, _of_year - ", start_of("_month"),
             " AS _of_month"));
  add(StrCat(spelling.Divide("_months", "12"), " AS _to_year, _months % 12 AS _to_month"));
  // Of the last one, February, in the year of the calendar that begins in it.
  const std::string year = "(_to_year + 1)";
  add(StrCat("CASE WHEN _to_month < 11 THEN ", start_of("(_to_month + 1)"), " - ",
             start_of("_to_month"), " WHEN ", year, " % 4 = 0 AND (", year, " % 100 <> 0 OR ", year,
             " % 400 = 0) THEN 29 ELSE 28 END AS _length"));
  add(StrCat("(365 * _to_year + ", spelling.Divide("_to_year", "4"), " - ",
             spelling.Divide("_to_year", "100"), " + ", spelling.Divide("_to_year", "400"), " + ",
             start_of("_to_month"), " + least(_of_month, _length - 1) - ",
             kFromMarchOfZero + kShiftDays, ") * ", kDayMs, " + _clock AS _to_local"));
  add(StrCat(InstantOf("_to_local", ErasOf(zone, until)), " AS ", limit));
  return text;
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
  const std::string year = parts.number();
  // From March on; 153 days are five months.
  const std::string month = spelling.Divide(StrCat("5 * ", parts.of_year, " + 2"), "153");
  if (unit == ast::TimeUnit::kMonth) return StrCat("(12 * ", year, " + ", month, ")");
  return StrCat("(", year, " + ", spelling.Divide(StrCat(month, " + 2"), "12"), ")");
}

}  // namespace roster::query
