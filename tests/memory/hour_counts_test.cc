// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/events/hour_counts.h"

#include <catch2/catch.hpp>

namespace roster {
namespace {

constexpr int64_t kHourMs = kRetentionStepMs;

TEST_CASE("hours are whole, also before 1970", "[hours]") {
  HourCounts hours;
  CHECK_FALSE(hours.oldest_ms().has_value());
  hours.Add(5);
  CHECK(hours.oldest_ms() == 0);
  hours.Add(-1);
  CHECK(hours.oldest_ms() == -kHourMs);
  hours.Remove(-1);
  CHECK(hours.oldest_ms() == 0);
}

TEST_CASE("hours before a floor are forgotten, however far away", "[hours]") {
  HourCounts hours;
  for (const int64_t hour : {-100'000, -1, 0, 63, 64, 65, 100'000}) hours.Add(hour * kHourMs + 1);
  CHECK(hours.RemoveBefore(-100'000 * kHourMs) == 0);
  CHECK(hours.RemoveBefore(64 * kHourMs) == 4);
  CHECK(hours.oldest_ms() == 64 * kHourMs);
  CHECK(hours.RemoveBefore(65 * kHourMs) == 1);
  CHECK(hours.oldest_ms() == 65 * kHourMs);
  CHECK(hours.RemoveBefore(200'000 * kHourMs) == 2);
  CHECK_FALSE(hours.oldest_ms().has_value());
}

}  // namespace
}  // namespace roster
