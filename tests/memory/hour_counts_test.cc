// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/events/hour_counts.h"

#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "tests/seed.h"

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

TEST_CASE("the first and the last hour of all are hours", "[hours]") {
  CHECK(HourOf(INT64_MIN) == INT64_MIN);
  CHECK(HourOf(INT64_MIN + kHourMs) == INT64_MIN / kHourMs * kHourMs);
  CHECK(HourOf(INT64_MAX) == INT64_MAX / kHourMs * kHourMs);
  HourCounts hours;
  hours.Add(INT64_MIN);
  hours.Add(INT64_MAX);
  CHECK(hours.oldest_ms() == INT64_MIN);
  CHECK(hours.RemoveBefore(INT64_MIN) == 0);
  CHECK(hours.RemoveBefore(HourOf(INT64_MIN + kHourMs)) == 1);
  CHECK(hours.oldest_ms() == HourOf(INT64_MAX));
  hours.Remove(INT64_MAX);
  CHECK_FALSE(hours.oldest_ms().has_value());
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

TEST_CASE("hours come and go as in a map of them", "[hours]") {
  const uint64_t seed = TestSeed();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  HourCounts hours;
  std::map<int64_t, uint64_t> model;  // by the begin of the hour
  for (int round = 0; round < 20'000; ++round) {
    const int64_t at = static_cast<int64_t>(random() % 3000) * kHourMs - 700 * kHourMs;
    const uint64_t kind = random() % 500;
    const auto there = model.lower_bound(at);
    if (kind == 0) {
      uint64_t gone = 0;
      const auto end = model.lower_bound(at - 1000 * kHourMs);
      for (auto it = model.begin(); it != end; it = model.erase(it)) gone += it->second;
      REQUIRE(hours.RemoveBefore(at - 1000 * kHourMs) == gone);
    } else if (kind < 240 && there != model.end()) {
      hours.Remove(there->first + 17);
      if (--there->second == 0) model.erase(there);
    } else {
      hours.Add(at + 99);
      ++model[at];
    }
    const auto oldest = hours.oldest_ms();
    REQUIRE(oldest.has_value() == !model.empty());
    if (oldest) REQUIRE(*oldest == model.begin()->first);
  }
}

// Times from year 1 on: as many pages as a client can make, which go with the oldest first. A
// search through all of them each time would not end within a test's time.
TEST_CASE("the oldest hours of very many go without a search for the next", "[hours]") {
  constexpr int64_t kPages = 277'000;
  constexpr int64_t kPageMs = 64 * kHourMs;
  HourCounts hours;
  for (int64_t page = 0; page < kPages; ++page) hours.Add((page - kPages) * kPageMs);
  for (int64_t page = 0; page < kPages; ++page) {
    REQUIRE(hours.oldest_ms() == (page - kPages) * kPageMs);
    hours.Remove((page - kPages) * kPageMs);
  }
  CHECK_FALSE(hours.oldest_ms().has_value());
}

}  // namespace
}  // namespace roster
