// SPDX-License-Identifier: Apache-2.0
#include "tests/sql/calendar_pairs.h"

#include <algorithm>
#include <functional>

#include "absl/time/civil_time.h"
#include "query/sql/calendar.h"
#include "query/window.h"
#include "storage/base/check.h"
#include "storage/base/text.h"

namespace roster::query {
namespace {

constexpr int64_t kHourMs = 3'600'000;
constexpr size_t kRows = 40;

class Calendars {
 public:
  Calendars(const std::vector<SqlDialect>& dialects, std::mt19937_64* random)
      : dialects_(dialects), random_(*random) {}

  std::vector<CalendarPair> Make() {
    static constexpr const char* kZones[] = {"Europe/Amsterdam",    "America/New_York",
                                             "Australia/Lord_Howe", "Pacific/Apia",
                                             "Asia/Kolkata",        "UTC"};
    const char* const name = kZones[random_() % std::size(kZones)];
    absl::TimeZone zone;
    ROSTER_CHECK(absl::LoadTimeZone(name, &zone));
    AddMonths(name, zone);
    AddNumbers(name, zone);
    for (int i = 0; i < 3; ++i) AddAnniversary();
    return std::move(pairs_);
  }

 private:
  int64_t Between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random_() % static_cast<uint64_t>(high - low + 1));
  }

  bool OneIn(uint64_t n) { return random_() % n == 0; }

  // Near a change of the clocks between 1890 and 2036, if there are any.
  int64_t NearChange(absl::TimeZone zone) {
    const absl::Time from = absl::FromUnixSeconds(Between(-2'524'521'600, 2'082'758'400));
    absl::TimeZone::CivilTransition change;
    const absl::Time at = zone.NextTransition(from, &change) ? zone.At(change.to).trans : from;
    return absl::ToUnixMillis(at) + Between(-3, 3) * kHourMs / 2 + Between(-2, 2);
  }

  // A pair that asks `expression` of the column `_of` for each value; `rows` may add columns first.
  void Add(std::string text, const std::vector<int64_t>& values, std::vector<int64_t> answers,
           const std::function<std::string(const Spelling&)>& expression,
           const std::function<std::string(std::string, const Spelling&)>& rows) {
    CalendarPair pair{std::move(text), std::move(answers), {}};
    for (const SqlDialect dialect : dialects_) {
      const Spelling spelling(dialect);
      const std::string type = spelling.Type({ValueType::kInteger, 0});
      std::string all;
      for (size_t i = 0; i < values.size(); ++i) {
        all += StrCat(i == 0 ? "" : " UNION ALL ", "SELECT ", i, " AS _i, CAST(", values[i], " AS ",
                      type, ") AS _of");
      }
      pair.sql.push_back(StrCat("SELECT ", expression(spelling), " AS answer FROM (",
                                rows(all, spelling), ") r ORDER BY _i"));
    }
    pairs_.push_back(std::move(pair));
  }
  static std::string Same(std::string rows, const Spelling&) { return rows; }

  // So many months before a local time, on the day of that number.
  static int64_t MonthsBefore(absl::CivilSecond local, int64_t months, absl::TimeZone zone) {
    const absl::CivilMonth month = absl::CivilMonth(local) - months;
    const absl::CivilSecond from(month.year(), month.month(), local.day(), local.hour(),
                                 local.minute(), local.second());
    return absl::ToUnixMillis(absl::FromCivil(from, zone));
  }

  // From near a change, to one, to the end of a February.
  int64_t MonthsFrom(size_t way, int64_t months, absl::TimeZone zone) {
    static constexpr int kYears[] = {1896, 1900, 1999, 2000, 2003, 2004};
    if (way == 0) return NearChange(zone);
    if (way == 1) {
      const absl::Time near = absl::FromUnixMillis(NearChange(zone));
      absl::TimeZone::CivilTransition change;
      const bool any = zone.PrevTransition(near + absl::Hours(3), &change);
      const absl::CivilSecond local = any ? change.from : absl::ToCivilSecond(near, zone);
      return MonthsBefore(local + Between(-1800, 5400), months, zone) + Between(0, 999);
    }
    const int year = kYears[random_() % std::size(kYears)];
    const absl::CivilMonth month = absl::CivilMonth(year, 2) - months;
    const absl::CivilSecond from(month.year(), month.month(), Between(27, 31), 12, 0, 0);
    return absl::ToUnixMillis(absl::FromCivil(from, zone));
  }

  void AddMonths(const char* name, absl::TimeZone zone) {
    const int64_t months = Between(0, 40);
    std::vector<int64_t> times;
    std::vector<int64_t> answers;
    for (size_t i = 0; i < kRows; ++i) {
      times.push_back(MonthsFrom(i % 3, months, zone));
      answers.push_back(After({times.back()}, {months, ast::TimeUnit::kMonth}, zone));
    }
    const Timestamp now{*std::max_element(times.begin(), times.end())};
    Add(
        StrCat(months, " months after, in ", name), times, answers,
        [](const Spelling&) { return std::string("_limit"); },
        [&](const std::string& rows, const Spelling& spelling) {
          return WithMonthsAfter(rows, "_of", months, zone, now, "_limit", spelling);
        });
  }

  // Ours count from 1970 or the year 0, those of the SQL from 20,000 cycles before.
  void AddNumbers(const char* name, absl::TimeZone zone) {
    constexpr int64_t kShiftYears = int64_t{400} * 20'000;
    using ast::TimeUnit;
    const std::vector<std::pair<TimeUnit, int64_t>> units = {
        {TimeUnit::kDay, 0},
        {TimeUnit::kWeek, kShiftDays / 7},
        {TimeUnit::kMonth, 12 * kShiftYears - 2},
        {TimeUnit::kYear, kShiftYears}};
    for (const auto& [unit, shift] : units) {
      std::vector<int64_t> times;
      std::vector<int64_t> answers;
      for (size_t i = 0; i < kRows; ++i) {
        times.push_back(i % 3 == 0 ? Between(-60'000'000'000'000, 4'000'000'000'000)
                                   : NearChange(zone));
        answers.push_back(CalendarNumber(times.back(), unit, zone));
      }
      const Timestamp now{*std::max_element(times.begin(), times.end())};
      Add(
          StrCat("the number of ", ast::Spelling(unit), " in ", name), times, answers,
          [&, of = unit, by = shift](const Spelling& spelling) {
            return StrCat(CalendarNumberOf("_day", of, spelling), " - ", by);
          },
          [&](const std::string& rows, const Spelling& spelling) {
            return StrCat("SELECT *, ", LocalDayOf("_of", zone, now, spelling), " AS _day FROM (",
                          rows, ") d");
          });
    }
  }

  static bool HasAnniversary(absl::CivilDay day, TimeRange days) {
    for (absl::civil_year_t year = day.year() + 1; year < 2100; ++year) {
      absl::CivilDay then(year, day.month(), day.day());
      if (then.month() != day.month()) then = absl::CivilDay(year, 2, 28);
      if (days.Contains(then - absl::CivilDay(1970, 1, 1))) return true;
    }
    return false;
  }

  void AddAnniversary() {
    const absl::CivilDay march(Between(1990, 2030), 3, 1);
    TimeRange window;
    window.low = march - absl::CivilDay(1970, 1, 1) + Between(-4, 3);
    window.high = window.low + Between(0, 5);
    if (OneIn(2)) {
      const absl::CivilDay later(march.year() + Between(1, 2), 3, 1);
      window.high = later - absl::CivilDay(1970, 1, 1) + Between(-4, 3);
    }
    std::vector<int64_t> days;
    std::vector<int64_t> answers;
    for (size_t i = 0; i < kRows; ++i) {
      const absl::CivilDay near(Between(march.year() - 6, march.year() + 3), 3, 1);
      days.push_back(near - absl::CivilDay(1970, 1, 1) + Between(-4, 3));
      answers.push_back(HasAnniversary(absl::CivilDay(1970, 1, 1) + days.back(), window) ? 1 : 0);
    }
    Add(
        StrCat("an anniversary between the days ", window.low, " and ", window.high), days, answers,
        [&](const Spelling& spelling) {
          return StrCat("CASE WHEN ", AnniversaryTest("_of", window, spelling),
                        " THEN 1 ELSE 0 END");
        },
        Same);
  }

  const std::vector<SqlDialect>& dialects_;
  std::mt19937_64& random_;
  std::vector<CalendarPair> pairs_;
};

}  // namespace

std::vector<CalendarPair> CalendarPairs(const std::vector<SqlDialect>& dialects,
                                        std::mt19937_64* random) {
  return Calendars(dialects, random).Make();
}

}  // namespace roster::query
