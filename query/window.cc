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
constexpr int64_t kThursday = 3;  // 1970-01-01, counted from Monday
constexpr int64_t kMaxMonths = 12 * 200'000;

int64_t Saturated(__int128 value) {
  return static_cast<int64_t>(std::clamp<__int128>(value, kMin, kMax));
}

// Of what the clocks skip: the change that skips it.
int64_t ToMs(absl::CivilSecond civil, absl::TimeZone zone, int64_t part_ms = 0) {
  const absl::TimeZone::TimeInfo info = zone.At(civil);
  if (info.kind == absl::TimeZone::TimeInfo::SKIPPED) return absl::ToUnixMillis(info.trans);
  return absl::ToUnixMillis(info.pre) + part_ms;
}

// Of a negative number: after it.
int64_t MonthsBefore(int64_t ms, int64_t months, absl::TimeZone zone) {
  if (months > kMaxMonths) return kMin;
  if (months < -kMaxMonths) return kMax;
  if (ms < -kCalendarMs || ms > kCalendarMs) return months > 0 ? kMin : kMax;
  const int64_t part_ms = ms - FloorDiv(ms, kSecondMs) * kSecondMs;
  const absl::CivilSecond now = absl::ToCivilSecond(absl::FromUnixMillis(ms), zone);
  const absl::CivilMonth month = absl::CivilMonth(now) - months;
  const int last_day = (absl::CivilDay(month + 1) - 1).day();
  return ToMs(absl::CivilSecond(month.year(), month.month(), std::min(now.day(), last_day),
                                now.hour(), now.minute(), now.second()),
              zone, part_ms);
}

}  // namespace

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

int64_t StartOfDay(Date day, absl::TimeZone zone) {
  return ToMs(absl::CivilSecond(absl::CivilDay(1970, 1, 1) + day.days), zone);
}

Date DayOf(int64_t ms, absl::TimeZone zone) {
  const absl::CivilDay day(absl::ToCivilSecond(absl::FromUnixMillis(ms), zone));
  return {static_cast<int32_t>(day - absl::CivilDay(1970, 1, 1))};
}

int64_t ToInstant(ast::LocalTime local, absl::TimeZone zone) {
  const int64_t seconds = FloorDiv(local.civil_ms, kSecondMs);
  return ToMs(absl::CivilSecond(1970, 1, 1) + seconds, zone, local.civil_ms - seconds * kSecondMs);
}

int64_t Before(Timestamp now, ast::Duration duration, absl::TimeZone zone) {
  if (const int64_t length = FixedLength(duration.unit); length != 0) {
    return Saturated(__int128{now.ms} - __int128{duration.amount} * length);
  }
  const int64_t amount = std::clamp(duration.amount, -kMaxMonths - 1, kMaxMonths + 1);
  return MonthsBefore(now.ms, duration.unit == TimeUnit::kYear ? 12 * amount : amount, zone);
}

int64_t After(Timestamp now, ast::Duration duration, absl::TimeZone zone) {
  return Before(now, {-duration.amount, duration.unit}, zone);
}

int64_t CalendarNumber(int64_t ms, ast::TimeUnit unit, absl::TimeZone zone) {
  return NumberOfDay(DayOf(ms, zone).days, unit);
}

int64_t NumberOfDay(int64_t day, ast::TimeUnit unit) {
  if (unit == ast::TimeUnit::kDay) return day;
  if (unit == ast::TimeUnit::kWeek) return FloorDiv(day + kThursday, 7);
  const absl::CivilDay civil = absl::CivilDay(1970, 1, 1) + day;
  return unit == ast::TimeUnit::kMonth ? civil.year() * 12 + civil.month() - 1 : civil.year();
}

std::optional<int64_t> NextClockChange(int64_t ms, absl::TimeZone zone) {
  absl::TimeZone::CivilTransition change;
  if (!zone.NextTransition(absl::FromUnixMillis(ms), &change)) return std::nullopt;
  const absl::TimeZone::TimeInfo info = zone.At(change.to);
  const bool once = info.kind == absl::TimeZone::TimeInfo::UNIQUE;
  return absl::ToUnixMillis(once ? info.pre : info.trans);
}

namespace {

// The first moment of a unit of the calendar, by its number.
int64_t StartOf(int64_t number, ast::TimeUnit unit, absl::TimeZone zone) {
  constexpr int64_t kFar = 3'000'000;  // units: any of them, beyond every calendar
  number = std::clamp(number, -kFar, kFar);
  if (unit == TimeUnit::kDay) return StartOfDay({static_cast<int32_t>(number)}, zone);
  if (unit == TimeUnit::kWeek) {
    return StartOfDay({static_cast<int32_t>(number * 7 - kThursday)}, zone);
  }
  const int64_t months = unit == TimeUnit::kMonth ? number : number * 12;
  return ToMs(absl::CivilSecond(absl::CivilMonth(0, 1) + months), zone);
}

}  // namespace

int64_t Window::Resolve(const TimeBound& bound, Timestamp now) const {
  if (!bound.ago) return bound.ms;
  if (bound.calendar) {
    if (now.ms < -kCalendarMs || now.ms > kCalendarMs) return bound.units > 0 ? kMax : kMin;
    const int64_t number = CalendarNumber(now.ms, bound.ago->unit, zone_);
    const __int128 units = __int128{number} + bound.units;
    return Saturated(__int128{StartOf(Saturated(units), bound.ago->unit, zone_)} + bound.ms);
  }
  return Saturated(__int128{Before(now, *bound.ago, zone_)} + bound.ms);
}

namespace {

// The moments at which the clocks of a zone are changed or a local day begins, one after the other.
class Breaks {
 public:
  explicit Breaks(absl::TimeZone zone) : zone_(zone) {}

  // The first one after a moment. Requires: none is before the one asked for before.
  int64_t After(int64_t from) {
    if (change_ms_ <= from) change_ms_ = NextClockChange(from, zone_).value_or(kMax);
    const int64_t day_ms = StartOfDay({DayOf(from, zone_).days + 1}, zone_);
    return std::max(std::min(day_ms, change_ms_), from + 1);
  }

 private:
  const absl::TimeZone zone_;
  int64_t change_ms_ = kMin;
};

}  // namespace

// About the moment at which an end comes to be at t, give or take a unit and a few days.
int64_t Window::Crossing(const TimeBound& bound, int64_t t) const {
  if (t < -kCalendarMs || t > kCalendarMs) return t > 0 ? kMax : kMin;
  const ast::TimeUnit unit = bound.ago->unit;
  const int64_t at = t - std::clamp(bound.ms, -kDayMs, kDayMs);
  if (!bound.calendar) return After({at}, *bound.ago, zone_);
  return StartOf(Saturated(__int128{CalendarNumber(at, unit, zone_)} - bound.units + 1), unit,
                 zone_);
}

// An end goes forward with now, but for three days at the most: where clocks are changed, and where
// a month that is too short has the same last day for several days. Within a day without a change
// a moment is crossed once, and found by halving.
std::optional<Timestamp> Window::NextCrossing(const TimeBound& bound, Timestamp now,
                                              int64_t t) const {
  if (!bound.ago) return std::nullopt;
  const auto behind = [&](int64_t at) { return Resolve(bound, {at}) > t; };
  const bool is_behind = behind(now.ms);
  if (const int64_t length = FixedLength(bound.ago->unit); length != 0 && !bound.calendar) {
    if (is_behind) return std::nullopt;
    const __int128 crossing = __int128{t} - bound.ms + __int128{bound.ago->amount} * length + 1;
    if (crossing > kCalendarMs) return std::nullopt;
    return Timestamp{static_cast<int64_t>(crossing)};
  }
  constexpr int64_t kSlackMs = 3 * kDayMs;
  const int64_t about_ms = Crossing(bound, t);
  if (about_ms > kCalendarMs / 2) return std::nullopt;
  int64_t from = now.ms;
  for (const int64_t days : {5, 40, 800}) {
    const int64_t before_ms = about_ms - days * kDayMs;
    if (from != now.ms || before_ms <= from) break;
    if (Resolve(bound, {before_ms}) < t - kSlackMs) from = before_ms;
  }
  for (Breaks breaks(zone_); from < kCalendarMs / 2;) {
    // From here on the end is behind the moment, whatever the calendar does.
    if (Resolve(bound, {from}) > t + kSlackMs) return std::nullopt;
    const int64_t to = breaks.After(from);
    // The last moment before the break, and the break itself.
    for (const int64_t end : {to - 1, to}) {
      if (end <= from) continue;
      if (behind(end) != is_behind) {
        int64_t same = from;
        int64_t other = end;
        while (other - same > 1) {
          const int64_t middle = same + (other - same) / 2;
          (behind(middle) == is_behind ? same : other) = middle;
        }
        return Timestamp{other};
      }
      from = end;
    }
  }
  return std::nullopt;
}

std::optional<Timestamp> Earlier(std::optional<Timestamp> a, std::optional<Timestamp> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

std::optional<Timestamp> Window::NextChange(Timestamp now, int64_t t) const {
  // In it from low on, and to high: out of it just behind.
  return Earlier(NextCrossing(low_, now, t),
                 t == kMin ? std::nullopt : NextCrossing(high_, now, t - 1));
}

std::optional<Timestamp> Window::NextChangeUntilNow(Timestamp now, int64_t t) const {
  std::optional<Timestamp> come;
  if (t > now.ms) come = Timestamp{t};
  return Earlier(come, NextChange(now, t));
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
