// SPDX-License-Identifier: Apache-2.0
#include "query/cells/calendar_numbers.h"

#include <algorithm>

namespace roster::query {
namespace {

// Beyond these the calendar itself is asked.
constexpr int64_t kFarMs = 8'000'000'000'000'000;
constexpr int64_t kMostMs = int64_t{20 * 366} * 86'400'000;

int64_t OffsetMs(int64_t ms, absl::TimeZone zone) {
  return int64_t{zone.At(absl::FromUnixMillis(ms)).offset} * 1000;
}

}  // namespace

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
