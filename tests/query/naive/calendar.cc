// SPDX-License-Identifier: Apache-2.0
#include "tests/query/naive/calendar.h"

#include <algorithm>

namespace roster::query::naive {
namespace {

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// Of two moments that the clocks show alike the first; of none the change that skipped it.
int64_t InstantOf(absl::CivilSecond local, absl::TimeZone zone, int64_t rest_ms) {
  const absl::TimeZone::TimeInfo info = zone.At(local);
  if (info.kind == absl::TimeZone::TimeInfo::SKIPPED) return absl::ToUnixMillis(info.trans);
  return absl::ToUnixMillis(info.pre) + rest_ms;
}

int64_t FixedMs(ast::TimeUnit unit) {
  switch (unit) {
    case ast::TimeUnit::kMillisecond:
      return 1;
    case ast::TimeUnit::kSecond:
      return 1000;
    case ast::TimeUnit::kMinute:
      return 60'000;
    case ast::TimeUnit::kHour:
      return 3'600'000;
    case ast::TimeUnit::kDay:
      return 86'400'000;
    case ast::TimeUnit::kWeek:
      return 7 * int64_t{86'400'000};
    default:
      return 0;
  }
}

int DaysIn(absl::CivilMonth month) {
  return static_cast<int>(absl::CivilDay(month + 1) - absl::CivilDay(month));
}

}  // namespace

absl::CivilSecond Clock::Local(int64_t ms) const {
  return zone.At(absl::FromUnixMillis(FloorDiv(ms, 1000) * 1000)).cs;
}

int64_t Clock::StartOf(absl::CivilDay day) const {
  return InstantOf(absl::CivilSecond(day), zone, 0);
}

int64_t Clock::Instant(ast::LocalTime local) const {
  const int64_t seconds = FloorDiv(local.civil_ms, 1000);
  return InstantOf(absl::CivilSecond(1970, 1, 1) + seconds, zone, local.civil_ms - seconds * 1000);
}

int64_t Clock::Moved(int64_t ms, ast::Duration by, int sign) const {
  if (const int64_t fixed = FixedMs(by.unit)) return ms + sign * by.amount * fixed;
  const int64_t months = by.amount * (by.unit == ast::TimeUnit::kYear ? 12 : 1) * sign;
  const absl::CivilSecond at = Local(ms);
  const absl::CivilMonth month = absl::CivilMonth(at) + months;
  const int day = std::min(at.day(), DaysIn(month));
  const int64_t rest_ms = ms - FloorDiv(ms, 1000) * 1000;
  return InstantOf(
      absl::CivilSecond(month.year(), month.month(), day, at.hour(), at.minute(), at.second()),
      zone, rest_ms);
}

bool IsInstant(const ast::Literal& literal) { return !std::holds_alternative<Date>(literal.value); }

Moments Clock::MomentsOf(const ast::Literal& literal) const {
  if (const auto* date = std::get_if<Date>(&literal.value)) {
    const absl::CivilDay day = DayNumber(date->days);
    return {StartOf(day), StartOf(day + 1) - 1};
  }
  const auto* local = std::get_if<ast::LocalTime>(&literal.value);
  const int64_t ms = local ? Instant(*local) : std::get<Timestamp>(literal.value).ms;
  return {ms, ms};
}

absl::CivilDay Clock::FirstDay(absl::CivilDay day, ast::TimeUnit unit) {
  switch (unit) {
    case ast::TimeUnit::kWeek:
      while (absl::GetWeekday(day) != absl::Weekday::monday) --day;
      return day;
    case ast::TimeUnit::kMonth:
      return absl::CivilDay(absl::CivilMonth(day));
    case ast::TimeUnit::kYear:
      return absl::CivilDay(absl::CivilYear(day));
    default:
      return day;
  }
}

Moments Clock::MomentsOf(const ast::Window& window) const {
  using Kind = ast::Window::Kind;
  Moments in;
  switch (window.kind) {
    case Kind::kWithinLast:
      return {Before(window.first) + 1, now_ms};
    case Kind::kWithinNext:
      return {now_ms + 1, Moved(now_ms, window.first, 1)};
    case Kind::kMoreThanAgo:
      in.last = Before(window.first);
      return in;
    case Kind::kBetweenAgo:
      return {Before(window.first) + 1, Before(window.second)};
    case Kind::kBetweenTimes:
      in = {MomentsOf(window.low).first, MomentsOf(window.high).last};
      if (IsInstant(window.high)) --in.last;
      return in;
    case Kind::kBefore:
      in.last = MomentsOf(window.low).first - 1;
      return in;
    case Kind::kAfter:
      in.first = MomentsOf(window.low).last + 1;
      return in;
    case Kind::kLastDays:
      return {StartOf(Day(now_ms) - (window.first.amount - 1)), StartOf(Day(now_ms) + 1) - 1};
    case Kind::kThis: {
      const absl::CivilDay first = FirstDay(Day(now_ms), window.first.unit);
      absl::CivilDay next = first + 1;
      while (FirstDay(next, window.first.unit) == first) ++next;
      return {StartOf(first), StartOf(next) - 1};
    }
    case Kind::kOfFirstSeen:
      break;
  }
  return {1, 0};
}

}  // namespace roster::query::naive
