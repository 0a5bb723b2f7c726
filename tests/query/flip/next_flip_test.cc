// SPDX-License-Identifier: Apache-2.0
//
// The next flip of random leaves and trees, on data and at clocks near ends of months, leap days
// and changes of clocks: of a leaf it is exact, of a tree nothing changes before it. ROSTER_SIZE is
// how many leaves. Source: LANGUAGE.md "Meaning", 13.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "query/ast.h"
#include "query/bind/bind.h"
#include "query/errors.h"
#include "query/grammar/grammar.h"
#include "query/operators/logic.h"
#include "query/planner.h"
#include "tests/query/random_filter.h"
#include "tests/seed.h"

namespace roster::query {
namespace {

// Clocks change at midnight, by half an hour, in the south, never; 14 hours ahead.
constexpr std::array<const char*, 8> kZones = {
    "UTC",          "Europe/Amsterdam",    "America/New_York",   "Africa/Cairo",
    "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Kiritimati", "America/Sao_Paulo"};

std::unique_ptr<Operator> Planned(const std::string& text, const ReadView& view, const char* zone) {
  const SchemaCatalog catalog(view.schema(), &*view->definitions);
  const auto statement = Parse(text);
  INFO(RenderError(text, statement.status()));
  REQUIRE(statement.ok());
  auto bound =
      Bind(*statement, {.text = text, .catalog = &catalog, .params = {}, .time_zone = zone});
  INFO(RenderError(text, bound.status()));
  REQUIRE(bound.ok());
  return std::move(MakePlan(*std::move(bound), view, {})->filter);
}

// Moments, leaves and stores from one seed.
class RandomFlips {
 public:
  explicit RandomFlips(uint64_t seed) : filters_(seed), random_(seed + 1) {}

  uint64_t Below(uint64_t n) { return random_() % n; }

  // Where windows of the calendar end in odd ways, of 2026 but for the leap days.
  int64_t Moment() {
    static constexpr std::array<int64_t, 14> kOdd = {
        1'774'746'000'000,  // 2026-03-29T01:00Z, clocks go forward in Europe
        1'792'890'000'000,  // 2026-10-25T01:00Z, and back
        1'772'953'200'000,  // 2026-03-08T07:00Z, forward in New York
        1'777'500'000'000,  // 2026-04-29T22:00Z
        1'772'236'800'000,  // 2026-02-28T00:00Z
        1'772'323'200'000,  // 2026-03-01T00:00Z
        1'774'915'200'000,  // 2026-03-31T00:00Z
        1'777'507'200'000,  // 2026-04-30T00:00Z
        1'780'185'600'000,  // 2026-05-31T00:00Z
        1'767'225'600'000,  // 2026-01-01T00:00Z
        1'769'817'600'000,  // 2026-01-31T00:00Z
        1'709'164'800'000,  // 2024-02-29T00:00Z
        1'835'395'200'000,  // 2028-02-29T00:00Z
        TestStore::kNow.ms};
    static constexpr std::array<int64_t, 7> kSteps = {1,       1000,   60'000,     1'800'000,
                                                      kHourMs, kDayMs, 30 * kDayMs};
    const auto count = static_cast<int64_t>(Below(9)) - 4;
    return kOdd[Below(kOdd.size())] + count * kSteps[Below(kSteps.size())] +
           static_cast<int64_t>(Below(3)) - 1;
  }

  TestStore Store() {
    constexpr int kProfiles = 40;
    TestStore store = filters_.Store(kProfiles);
    for (int i = 0; i < 6 * kProfiles; ++i) {
      const ProfileId id{1 + Below(kProfiles)};
      Fields fields = {{"time", Timestamp{Moment()}},
                       {"int", static_cast<int64_t>(Below(5))},
                       {"text", std::string(Below(2) == 0 ? "a" : "b")},
                       {"day", Date{DayOf(Moment(), absl::UTCTimeZone())}}};
      if (Below(3) == 0) {
        for (auto& [name, value] : fields) store.Set(id, name, value, {Moment()});
      } else {
        store.Did(id, Below(3) == 0 ? "login" : "order", {Moment()}, fields);
      }
    }
    return store;
  }

  std::string Leaf() { return Below(2) == 0 ? filters_.Leaf() : Own(); }
  std::string Tree(int depth) {
    if (depth == 0) return Leaf();
    return std::string(Below(3) == 0 ? "not " : "") + "(" + Tree(depth - 1) +
           (Below(2) == 0 ? " and " : " or ") + Tree(depth - 1) + ")";
  }

 private:
  std::string Duration() {
    static constexpr std::array<const char*, 6> kUnits = {"hours",  "days",   "weeks",
                                                          "months", "months", "years"};
    const char* const unit = kUnits[Below(kUnits.size())];
    return std::to_string(1 + Below(unit[0] == 'y' ? 3 : 13)) + " " + unit;
  }

  std::string Window() {
    static constexpr std::array<const char*, 4> kUnits = {"day", "week", "month", "year"};
    switch (Below(7)) {
      case 0:
        return "within next " + Duration();
      case 1:
        return "more than " + Duration() + " ago";
      case 2: {
        const uint64_t from = 1 + Below(3);
        const std::string unit = Below(2) == 0 ? " months" : " years";
        return "between " + std::to_string(from + 1 + Below(9)) + " and " + std::to_string(from) +
               unit + " ago";
      }
      case 3:
        return "in last " + std::to_string(1 + Below(40)) + " calendar days";
      case 4:
        return std::string("this ") + kUnits[Below(kUnits.size())];
      default:
        return "within last " + Duration();
    }
  }

  // Leaves that time alone changes.
  std::string Own() {
    const std::string count = std::to_string(1 + Below(5));
    switch (Below(40)) {
      case 0:
        return "time " + Window();
      case 1:
        return "day " + Window();
      case 2:
      case 20:
      case 21:
        return "anniversary of " + std::string(Below(2) == 0 ? "day " : "time ") + Window();
      case 3:
        return "sum(order.int) " + Window() + " >= " + count;
      case 4:
        return "did \"order\" then not \"login\" within " + Duration();
      case 5:
        return "text was \"a\" " + Window();
      case 6:
        return "int = 1 for " + Duration();
      case 11:
        return "did \"order\" where (time " + Window() + " or anniversary of day " + Window() +
               ") at least " + count + " times";
      case 7:
      case 12:
      case 13:
      case 14:
        return "stopped \"order\" for " + Duration();
      case 8:
      case 15:
      case 16:
      case 17:
        return "count(order) " + Window() + " > count(login) " + Window();
      case 9:
      case 10:
      case 18:
      case 19:
        return "last \"order\" " + Window();
      default:
        return "did \"order\" exactly " + count + " times " + Window();
    }
  }

  RandomFilter filters_;
  std::mt19937_64 random_;
};

// Nothing changes before the flip. Of a leaf the answer does at the flip, never where there is
// none, and whoever asks on the way there hears the same.
void CheckFlip(const Operator& filter, const ReadView& view, RowId row, bool exact,
               RandomFlips* random) {
  constexpr int64_t kFarMs = 4000 * kDayMs;
  const bool now = filter.Matches(view, row);
  const std::optional<Timestamp> flip = filter.NextFlip(view, row);
  const int64_t clock = view.clock().ms;
  const int64_t end = flip ? flip->ms - 1 : clock + kFarMs;
  REQUIRE(end >= clock);
  std::vector<int64_t> before = {end};
  for (int64_t later = 1; later <= end - clock; later *= 30) before.push_back(clock + later);
  for (int i = 0; i < 5; ++i) {
    const int64_t moment = random->Moment();
    if (clock < moment && moment < end) before.push_back(moment);
    before.push_back(clock +
                     static_cast<int64_t>(random->Below(static_cast<uint64_t>(end - clock) + 1)));
  }
  for (const int64_t ms : before) {
    INFO("at " << ms << ", from " << clock << " to " << (flip ? flip->ms : -1));
    REQUIRE(filter.Matches(view.At({ms}), row) == now);
  }
  if (!exact) return;
  INFO("from " << clock << " to " << (flip ? flip->ms : -1));
  if (flip) REQUIRE(filter.Matches(view.At(*flip), row) != now);
  const ReadView later = view.At({before[before.size() / 2]});
  REQUIRE(filter.NextFlip(later, row) == flip);
}

TEST_CASE("of leaves the next flip is exact, of trees nothing changes before it", "[T10]") {
  constexpr uint64_t kLeavesOfStore = 500;
  RandomFlips random(TestSeed());
  const char* const size = std::getenv("ROSTER_SIZE");
  const uint64_t wanted = size == nullptr ? 500 : std::strtoull(size, nullptr, 10);
  uint64_t leaves = 0;
  uint64_t trees = 0;
  uint64_t flips = 0;
  while (leaves < wanted) {
    const TestStore store = random.Store();
    for (uint64_t i = 0; i < kLeavesOfStore && leaves < wanted; ++i) {
      const ReadView view = store.View({random.Moment()});
      const bool leaf = i % 4 != 0;
      const std::string text = leaf ? random.Leaf() : random.Tree(2);
      const char* const zone = kZones[random.Below(kZones.size())];
      INFO(text << " in " << zone);
      const auto filter = Planned("count including archived where " + text, view, zone);
      // What binds to more than one leaf is logic.
      const bool is_logic = dynamic_cast<const LogicOperator*>(filter.get()) != nullptr;
      // Anniversaries of many events come round too often to be followed for ever.
      const size_t anniversary = text.find("anniversary");
      const bool followed = anniversary == 0 || anniversary == std::string::npos;
      const bool exact = leaf && !is_logic && followed;
      for (int n = 0; n < 3; ++n) {
        const RowId row{static_cast<uint32_t>(random.Below(view->num_rows()))};
        if (!view->live.Test(row)) continue;
        flips += filter->NextFlip(view, row).has_value();
        CheckFlip(*filter, view, row, exact, &random);
      }
      exact ? ++leaves : ++trees;
    }
  }
  std::printf("T10, the next flip: %llu leaves, %llu trees, %llu flips\n",
              static_cast<unsigned long long>(leaves), static_cast<unsigned long long>(trees),
              static_cast<unsigned long long>(flips));
}

// Each was missed once, or told where nothing changes.
TEST_CASE("flips that the calendar hides") {
  constexpr int64_t kMarch28 = 1'774'656'000'000;  // 2026-03-28T00:00Z
  TestStore store;
  store.Trait("time", ValueType::kTimestamp);
  store.Trait("day", ValueType::kDate);
  // Noon of 28 February; born tomorrow; on 29 February.
  store.Profile({{"time", Timestamp{kMarch28 - 28 * kDayMs + kDayMs / 2}},
                 {"day", Date{DayOf(kMarch28 + kDayMs, absl::UTCTimeZone())}}});
  store.Profile({{"day", Date{19'782}}});
  const auto flip = [&](const std::string& filter, int64_t now, uint32_t row = 0) {
    const ReadView view = store.View({now});
    const auto flips = Planned("count where " + filter, view, "UTC")->NextFlip(view, {row});
    return flips ? flips->ms : -1;
  };
  // A month before 29, 30 and 31 March is 28 February: whoever left it comes back for half a day.
  const std::string month = "time within last 1 month";
  CHECK(flip(month, kMarch28) == kMarch28 + kDayMs / 2);
  CHECK(flip(month, kMarch28 + kDayMs / 2) == kMarch28 + kDayMs);
  CHECK(flip(month, kMarch28 + kDayMs) == kMarch28 + kDayMs + kDayMs / 2);
  CHECK(flip(month, kMarch28 + 3 * kDayMs) == kMarch28 + 3 * kDayMs + kDayMs / 2);
  CHECK(flip(month, kMarch28 + 3 * kDayMs + kDayMs / 2) == -1);
  // The first anniversary may be years away.
  CHECK(flip("anniversary of day this month", kMarch28) == kMarch28 + (365 - 27) * kDayMs);
  // Comes round for ever, and changes nothing.
  CHECK(flip("anniversary of day within last 2 years", kMarch28 + 1000 * kDayMs) == -1);
  CHECK(flip("anniversary of day within last 0 days", kMarch28, 1) == -1);
  // All anniversaries are within 366 days; within 365 only where no leap day lies between.
  CHECK(flip("anniversary of day within last 366 days", kMarch28, 1) == -1);
  CHECK(flip("anniversary of day within last 365 days", kMarch28, 1) == 1'835'395'200'000 - kDayMs);
}

}  // namespace
}  // namespace roster::query
