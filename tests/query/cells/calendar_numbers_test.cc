// SPDX-License-Identifier: Apache-2.0
//
// Days and months by division and by the calendar are the same, about every change of clocks.
#include "query/cells/calendar_numbers.h"

#include <catch2/catch.hpp>
#include <limits>
#include <random>
#include <string>

#include "tests/seed.h"

namespace roster::query {
namespace {

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kDayMs = 1440 * kMinuteMs;
constexpr TimeRange kAll;

absl::TimeZone Zone(const std::string& name) {
  absl::TimeZone zone;
  REQUIRE(absl::LoadTimeZone(name, &zone));
  return zone;
}

void Check(const std::string& name, TimeRange range, const std::vector<int64_t>& moments) {
  const absl::TimeZone zone = Zone(name);
  for (const auto unit :
       {ast::TimeUnit::kDay, ast::TimeUnit::kWeek, ast::TimeUnit::kMonth, ast::TimeUnit::kYear}) {
    const CalendarNumbers numbers(unit, zone, range);
    for (const int64_t ms : moments) {
      INFO(name << " " << ms << " of " << range.low << " to " << range.high);
      const CalendarNumbers::Span span = numbers.SpanOf(ms);
      REQUIRE(span.number == CalendarNumber(ms, unit, zone));
      if (span.end_ms == ms) continue;
      for (const int64_t same : {ms + (span.end_ms - ms) / 2, span.end_ms - 1}) {
        REQUIRE(span.number == CalendarNumber(same, unit, zone));
      }
    }
  }
}

TEST_CASE("calendar numbers: about changes of clocks, also over midnight, and days left out") {
  std::mt19937_64 random(TestSeed());
  for (const std::string name :
       {"UTC", "Europe/Amsterdam", "America/St_Johns", "America/New_York", "America/Sao_Paulo",
        "America/Havana", "Pacific/Apia", "Asia/Kolkata", "Australia/Lord_Howe",
        "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Kwajalein", "Africa/Monrovia"}) {
    const absl::TimeZone zone = Zone(name);
    std::vector<int64_t> moments;
    for (int64_t ms = -80 * 366 * kDayMs; moments.size() < 4000;) {
      const auto change = NextClockChange(ms, zone);
      if (!change || *change > 80 * 366 * kDayMs) break;
      REQUIRE(*change > ms);
      ms = *change;
      for (const int64_t off : {int64_t{0}, int64_t{-1}, int64_t{1}, 30 * kMinuteMs,
                                -30 * kMinuteMs, 61 * kMinuteMs, -61 * kMinuteMs, kDayMs}) {
        moments.push_back(ms + off);
      }
    }
    for (int i = 0; i < 1000; ++i) {
      const auto day = static_cast<int64_t>(random() % 40'000) - 20'000;
      moments.push_back(day * kDayMs + static_cast<int64_t>(random() % 3) - 1);
      moments.push_back(day * kDayMs + static_cast<int64_t>(random() % kDayMs));
    }
    for (const int64_t end : {int64_t{0}, int64_t{1'781'524'800'000}, int64_t{3'000'000'000'000}}) {
      Check(name, {std::numeric_limits<int64_t>::min(), end}, moments);
      Check(name, {end - 30 * kDayMs, end}, moments);
    }
  }
}

TEST_CASE("calendar numbers: at the ends of time") {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  for (const std::string name : {"UTC", "Europe/Amsterdam"}) {
    for (const TimeRange range : {kAll, TimeRange{5, 4}, TimeRange{kMax, kMin}, TimeRange{0, 0}}) {
      Check(name, range,
            {kMin, kMin + 1, kMax, kMax - 1, 0, -1, 1, int64_t{9} << 53, -1 * (int64_t{9} << 53)});
    }
  }
}

}  // namespace
}  // namespace roster::query
