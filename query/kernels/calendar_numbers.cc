// SPDX-License-Identifier: Apache-2.0
#include "query/kernels/calendar_numbers.h"

#include <algorithm>

#include "absl/time/civil_time.h"

namespace roster::query {
namespace {

// Beyond these the calendar itself is asked.
constexpr int64_t kFarMs = 8'000'000'000'000'000;
constexpr int64_t kMostMs = int64_t{20 * 366} * 86'400'000;

int64_t OffsetMs(int64_t ms, absl::TimeZone zone) {
  return int64_t{zone.At(absl::FromUnixMillis(ms)).offset} * 1000;
}

}  // namespace

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

CalendarNumbers::CalendarNumbers(ast::TimeUnit unit, absl::TimeZone zone, TimeRange range)
    : unit_(unit), zone_(zone), last_ms_(std::clamp(range.high, -kFarMs, kFarMs)) {
  const int64_t low = std::clamp(range.low, last_ms_ - kMostMs, last_ms_);
  pieces_.push_back({low, OffsetMs(low, zone)});
  for (auto change = NextClockChange(low, zone); change && *change <= last_ms_;
       change = NextClockChange(*change, zone)) {
    if (*change <= pieces_.back().from_ms) {
      last_ms_ = pieces_.back().from_ms;  // what comes next is not known
      break;
    }
    pieces_.push_back({*change, OffsetMs(*change, zone)});
  }
}

}  // namespace roster::query
