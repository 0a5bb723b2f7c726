// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/people/device_owners.h"

#include <catch2/catch.hpp>
#include <random>

#include "tests/seed.h"

namespace roster {
namespace {

constexpr ProfileId kJo{1};
constexpr ProfileId kAnn{2};
constexpr ProfileId kNobody{0};

ProfileId OwnerAt(const std::vector<DeviceMark>& marks, int64_t ms) {
  const std::vector<DeviceSpan> spans = DeviceSpans(marks);
  return spans[SpanAt(spans, {ms})].owner;
}

TEST_CASE("a device belongs to the last who identified on it, from then on", "[device_owners]") {
  const std::vector<DeviceMark> marks = {{{10}, 1, kJo}, {{20}, 2, kAnn}};
  CHECK(OwnerAt(marks, 5) == kJo);  // what came before anybody identified is the first one's
  CHECK(OwnerAt(marks, 10) == kJo);
  CHECK(OwnerAt(marks, 19) == kJo);
  CHECK(OwnerAt(marks, 20) == kAnn);
  CHECK(OwnerAt({}, 5) == kNobody);
}

TEST_CASE("a logout ends it, and what follows is the next one's", "[device_owners]") {
  std::vector<DeviceMark> marks = {{{10}, 1, kJo}, {{20}, 2, kNobody}};
  CHECK(OwnerAt(marks, 19) == kJo);
  CHECK(OwnerAt(marks, 20) == kNobody);
  marks.push_back({{30}, 3, kAnn});
  CHECK(OwnerAt(marks, 20) == kAnn);
  marks.push_back({{25}, 4, kNobody});  // came late: two gaps, of which the second was claimed
  CHECK(OwnerAt(marks, 20) == kNobody);
  CHECK(OwnerAt(marks, 25) == kAnn);
  CHECK(DeviceSpans(marks).size() == 3);
}

TEST_CASE("marks of one time: who identifies has it", "[device_owners]") {
  CHECK(OwnerAt({{{10}, 2, kJo}, {{10}, 1, kNobody}}, 10) == kJo);
  CHECK(OwnerAt({{{10}, 2, kJo}, {{10}, 1, kAnn}}, 10) == kJo);
}

// The rule as it is said, for one moment.
ProfileId OwnerBySaying(const std::vector<DeviceMark>& marks, int64_t ms) {
  const auto later = [](const DeviceMark& a, const DeviceMark& b) {
    return std::tuple(a.time, a.person.value != 0, a.order) <
           std::tuple(b.time, b.person.value != 0, b.order);
  };
  const DeviceMark* last = nullptr;
  const DeviceMark* next = nullptr;
  for (const DeviceMark& mark : marks) {
    const bool past = mark.time.ms <= ms;
    if (past && (last == nullptr || later(*last, mark))) last = &mark;
    if (!past && (next == nullptr || later(mark, *next))) next = &mark;
  }
  if (last != nullptr && last->person != kNobody) return last->person;
  return next == nullptr ? kNobody : next->person;
}

TEST_CASE("spans say what the rule says", "[device_owners]") {
  const uint64_t seed = TestSeed();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 5'000; ++round) {
    std::vector<DeviceMark> marks;
    for (uint64_t i = 0; i < random() % 6; ++i) {
      marks.push_back({{static_cast<int64_t>(random() % 8)}, i, {random() % 3}});
    }
    for (int64_t ms = -1; ms < 9; ++ms) {
      INFO("round " << round << ", at " << ms);
      REQUIRE(OwnerAt(marks, ms) == OwnerBySaying(marks, ms));
    }
    const std::vector<DeviceSpan> spans = DeviceSpans(marks);
    for (size_t i = 1; i < spans.size(); ++i) REQUIRE(spans[i - 1].begin < spans[i].begin);
  }
}

}  // namespace
}  // namespace roster
