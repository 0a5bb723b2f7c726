// SPDX-License-Identifier: Apache-2.0
#include "query/window.h"

#include <algorithm>

#include "absl/time/civil_time.h"

namespace roster::query {
namespace {

using ast::TimeUnit;

constexpr int64_t kSecondMs = 1000;
constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
// Beyond these the calendar is not asked any more (about the years ±270,000).
constexpr int64_t kCalendarMs = 8'640'000'000'000'000;
constexpr int64_t kMaxMonths = 12 * 200'000;

int64_t FloorDiv(int64_t value, int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }

int64_t Saturated(__int128 value) {
  return static_cast<int64_t>(std::clamp<__int128>(value, kMin, kMax));
}

// Units: milliseconds; 0 for what has no fixed length.
int64_t FixedLength(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kMillisecond:
      return 1;
    case TimeUnit::kSecond:
      return kSecondMs;
    case TimeUnit::kMinute:
      return 60 * kSecondMs;
    case TimeUnit::kHour:
      return 3600 * kSecondMs;
    case TimeUnit::kDay:
      return kDayMs;
    case TimeUnit::kWeek:
      return 7 * kDayMs;
    case TimeUnit::kMonth:
    case TimeUnit::kYear:
      return 0;
  }
  return 0;
}

int64_t ToMs(absl::CivilSecond civil, absl::TimeZone zone) {
  return absl::ToUnixMillis(absl::FromCivil(civil, zone));
}

int64_t MonthsBefore(int64_t ms, int64_t months, absl::TimeZone zone) {
  if (months > kMaxMonths || ms < -kCalendarMs || ms > kCalendarMs) return kMin;
  const int64_t part_ms = ms - FloorDiv(ms, kSecondMs) * kSecondMs;
  const absl::CivilSecond now = absl::ToCivilSecond(absl::FromUnixMillis(ms), zone);
  const absl::CivilMonth month = absl::CivilMonth(now) - months;
  const int last_day = (absl::CivilDay(month + 1) - 1).day();
  return ToMs(absl::CivilSecond(month.year(), month.month(), std::min(now.day(), last_day),
                                now.hour(), now.minute(), now.second()),
              zone) +
         part_ms;
}

}  // namespace

int64_t StartOfDay(Date day, absl::TimeZone zone) {
  return ToMs(absl::CivilSecond(absl::CivilDay(1970, 1, 1) + day.days), zone);
}

Date DayOf(int64_t ms, absl::TimeZone zone) {
  const absl::CivilDay day(absl::ToCivilSecond(absl::FromUnixMillis(ms), zone));
  return {static_cast<int32_t>(day - absl::CivilDay(1970, 1, 1))};
}

int64_t ToInstant(ast::LocalTime local, absl::TimeZone zone) {
  const int64_t seconds = FloorDiv(local.civil_ms, kSecondMs);
  return ToMs(absl::CivilSecond(1970, 1, 1) + seconds, zone) + local.civil_ms - seconds * kSecondMs;
}

int64_t Before(Timestamp now, ast::Duration duration, absl::TimeZone zone) {
  if (const int64_t length = FixedLength(duration.unit); length != 0) {
    return Saturated(__int128{now.ms} - __int128{duration.amount} * length);
  }
  const int64_t amount = std::min(duration.amount, kMaxMonths + 1);
  return MonthsBefore(now.ms, duration.unit == TimeUnit::kYear ? 12 * amount : amount, zone);
}

int64_t Window::Resolve(const TimeBound& bound, Timestamp now) const {
  if (!bound.ago) return bound.ms;
  return Saturated(__int128{Before(now, *bound.ago, zone_)} + bound.ms);
}

TimeRange Window::At(Timestamp now) const { return {Resolve(low_, now), Resolve(high_, now)}; }

TimeRange Window::UntilNow(Timestamp now) const {
  const TimeRange range = At(now);
  return {range.low, std::min(range.high, now.ms)};
}

// A day's first moment is at or before t exactly when the day is DayOf(t) or earlier.
TimeRange Window::DaysAt(Timestamp now) const {
  const TimeRange range = At(now);
  const auto day_of = [&](int64_t ms) -> int64_t {
    const bool far = ms < -kCalendarMs || ms > kCalendarMs;
    return far ? FloorDiv(ms, kDayMs) : DayOf(ms, zone_).days;
  };
  if (range.low > range.high) return {1, 0};
  return {range.low == kMin ? kMin : day_of(range.low - 1) + 1, day_of(range.high)};
}

}  // namespace roster::query
