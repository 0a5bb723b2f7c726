// SPDX-License-Identifier: Apache-2.0
//
// What every operator means, on small stores: missing values, windows to the millisecond, time
// zones, exact decimals, lists, identities, merged profiles.
#include <catch2/catch.hpp>
#include <limits>

#include "tests/query/test_store.h"

namespace roster::query {
namespace {

TestStore People() {
  TestStore store;
  store.Trait("country", ValueType::kText);
  store.Trait("age", ValueType::kInteger);
  store.Trait("score", ValueType::kNumber);
  store.Trait("balance", ValueType::kDecimal, 2);
  store.Trait("vip", ValueType::kBoolean);
  store.Trait("birthday", ValueType::kDate);
  store.Trait("joined", ValueType::kTimestamp);
  store.Trait("interests", ValueType::kTextList);
  store.Namespace("email");
  store.Profile({{"country", "NL"}, {"age", int64_t{30}}, {"score", 0.1}, {"vip", true}});
  store.Profile({{"country", "BE"}, {"age", int64_t{-5}}, {"score", 2.5}, {"vip", false}});
  store.Profile({{"country", ""}, {"age", int64_t{0}}, {"score", -0.0}});
  store.Profile();
  return store;
}

TEST_CASE("a count without a filter counts live profiles") {
  TestStore store = People();
  CHECK(store.Count("count") == 4);
  store.Merge({1}, {2});
  CHECK(store.Count("count") == 3);
}

TEST_CASE("comparisons need a value, their negation does not") {
  const TestStore store = People();
  CHECK(store.Count("count where country = \"NL\"") == 1);
  CHECK(store.Count("count where country != \"NL\"") == 2);
  CHECK(store.Count("count where not country = \"NL\"") == 3);
  CHECK(store.Count("count where country in (\"NL\", \"BE\", \"XX\")") == 2);
  CHECK(store.Count("count where country not in (\"NL\")") == 2);
  CHECK(store.Count("count where country = \"\"") == 1);
  CHECK(store.Count("count where country is set") == 3);
  CHECK(store.Count("count where country is missing") == 1);
  CHECK(store.Count("count where vip = true") == 1);
  CHECK(store.Count("count where vip != true") == 1);
  CHECK(store.Count("count where not vip = true") == 3);
}

TEST_CASE("integers compare exactly with whatever number is written") {
  const TestStore store = People();
  CHECK(store.Count("count where age = 0") == 1);
  CHECK(store.Count("count where age < 0") == 1);
  CHECK(store.Count("count where age >= -5") == 3);
  CHECK(store.Count("count where age > -5.5") == 3);
  CHECK(store.Count("count where age <= -4.5") == 1);
  CHECK(store.Count("count where age = 0.5") == 0);
  CHECK(store.Count("count where age != 0.5") == 3);
  CHECK(store.Count("count where age between -5 and 29.999") == 2);
  CHECK(store.Count("count where age between 30 and -5") == 0);
  CHECK(store.Count("count where age in (30, 0, 7.5)") == 2);
  CHECK(store.Count("count where age < 1e30") == 3);
  CHECK(store.Count("count where age > 99999999999999999999999999999999999999999999") == 0);
  CHECK(store.Count("count where age > -1e300") == 3);
}

TEST_CASE("numbers compare as the doubles that they are") {
  TestStore store = People();
  CHECK(store.Count("count where score = 0.1") == 1);
  CHECK(store.Count("count where score = 0") == 1);
  CHECK(store.Count("count where score <= 0.1") == 2);
  CHECK(store.Count("count where score < 0.1") == 1);
  CHECK(store.Count("count where score > 0.1") == 1);
  CHECK(store.Count("count where score != 2.5") == 2);
  CHECK(store.Count("count where score in (0.1, 2.5, 9)") == 2);
  CHECK(store.Count("count where score between 0.1 and 2.5") == 2);
  CHECK(store.Count("count where score < 1e400") == 3);
  CHECK(store.Count("count where score < 1e401") == -1);
  store.Set({4}, "score", 9007199254740992.0);
  CHECK(store.Count("count where score < 9007199254740993") == 4);
  CHECK(store.Count("count where score = 9007199254740993") == 0);
  CHECK(store.Count("count where score > 9007199254740991") == 1);
}

TEST_CASE("decimals compare exactly, also with more digits than the column has") {
  TestStore store = People();
  store.Set({1}, "balance", Decimal{101, 2});   // 1.01
  store.Set({2}, "balance", Decimal{-101, 2});  // -1.01
  store.Set({3}, "balance", Decimal{100, 2});
  CHECK(store.Count("count where balance > 1.005") == 1);
  CHECK(store.Count("count where balance >= 1.0100000000000000000000001") == 0);
  CHECK(store.Count("count where balance < -1.005") == 1);
  CHECK(store.Count("count where balance <= -1.0099999999999999999999999") == 1);
  CHECK(store.Count("count where balance <= -1.0100000000000000000000001") == 0);
  CHECK(store.Count("count where balance = 1") == 1);
  CHECK(store.Count("count where balance = 1.001") == 0);
  CHECK(store.Count("count where balance != 1.001") == 3);
  CHECK(store.Count("count where balance = $1", {Decimal{10100, 4}}) == 1);
  CHECK(store.Count("count where balance = $1", {1.01}) == 1);
  CHECK(store.Count("count where balance in (1, 1.01, 1.001)") == 2);
}

TEST_CASE("texts") {
  TestStore store = People();
  store.Set({4}, "country", "Österreich");
  CHECK(store.Count("count where country contains \"ster\"") == 1);
  CHECK(store.Count("count where country contains \"\"") == 4);
  CHECK(store.Count("count where country starts with \"N\"") == 1);
  CHECK(store.Count("count where country ends with \"reich\"") == 1);
  CHECK(store.Count("count where country = \"O\\u{308}sterreich\"") == 1);
  CHECK(store.Count("count where country < \"NL\"") == 2);
  CHECK(store.Count("count where country >= \"NL\"") == 2);
  CHECK(store.Count("count where country between \"BE\" and \"NL\"") == 2);
  CHECK(store.Count("count where country > \"BE\" and country < \"Z\"") == 1);
}

TEST_CASE("lists") {
  TestStore store = People();
  store.Set({1}, "interests", TextList{"a", "bc"});
  store.Set({2}, "interests", TextList{"b", ""});
  store.Set({3}, "interests", TextList{});
  CHECK(store.Count("count where interests has \"a\"") == 1);
  CHECK(store.Count("count where interests has \"b\"") == 1);
  CHECK(store.Count("count where interests has \"\"") == 1);
  CHECK(store.Count("count where interests has \"c\"") == 0);
  CHECK(store.Count("count where not interests has \"a\"") == 3);
  CHECK(store.Count("count where interests is set") == 3);
}

TEST_CASE("identities are texts of which a profile may have several") {
  TestStore store = People();
  store.Identity({1}, "email", "a@x.nl");
  store.Identity({1}, "email", "b@x.nl");
  store.Identity({2}, "email", "c@y.nl");
  CHECK(store.Count("count where email = \"b@x.nl\"") == 1);
  CHECK(store.Count("count where email in (\"a@x.nl\", \"b@x.nl\", \"c@y.nl\")") == 2);
  CHECK(store.Count("count where email != \"b@x.nl\"") == 1);
  CHECK(store.Count("count where not email = \"b@x.nl\"") == 3);
  CHECK(store.Count("count where email ends with \"x.nl\"") == 1);
  CHECK(store.Count("count where email is set") == 2);
  CHECK(store.Count("count where email is missing") == 2);
  store.Merge({2}, {1});
  CHECK(store.Count("count where email = \"c@y.nl\"") == 1);
  CHECK(store.Count("count where email is set") == 1);
}

TEST_CASE("dates and times") {
  TestStore store = People();
  store.Set({1}, "birthday", Date{0});      // 1970-01-01
  store.Set({2}, "birthday", Date{20454});  // 2026-01-01
  CHECK(store.Count("count where birthday = 1970-01-01") == 1);
  CHECK(store.Count("count where birthday < 2026-01-01") == 1);
  CHECK(store.Count("count where birthday between 1970-01-01 and 2026-01-01") == 2);
  CHECK(store.Count("count where birthday in (1970-01-01, 1970-01-02)") == 1);
  CHECK(store.Count("count where birthday more than 18 years ago") == 1);
  CHECK(store.Count("count where birthday before 2026-01-01") == 1);
  CHECK(store.Count("count where birthday within last 200 days") == 1);

  // The 29th of March 2026 has 23 hours in Amsterdam: from 23:00Z to 22:00Z.
  const int64_t day_begin = 1'774'738'800'000;
  const int64_t day_end = day_begin + 23 * kHourMs;
  store.Set({1}, "joined", Timestamp{day_begin - 1});
  store.Set({2}, "joined", Timestamp{day_begin});
  store.Set({3}, "joined", Timestamp{day_end - 1});
  store.Set({4}, "joined", Timestamp{day_end});
  const auto count = [&](std::string_view filter) {
    return store.Count(std::string("count where joined ") + std::string(filter) +
                       " at time zone \"Europe/Amsterdam\"");
  };
  CHECK(count("= 2026-03-29") == 2);
  CHECK(count("!= 2026-03-29") == 2);
  CHECK(count("< 2026-03-29") == 1);
  CHECK(count("<= 2026-03-29") == 3);
  CHECK(count("> 2026-03-29") == 1);
  CHECK(count(">= 2026-03-29") == 3);
  CHECK(count("before 2026-03-29") == 1);
  CHECK(count("after 2026-03-29") == 1);
  CHECK(count("between 2026-03-29 and 2026-03-29") == 2);
  CHECK(count("between 2026-03-29 and 2026-03-30") == 3);
  CHECK(count("between 2026-03-28T23:00:00Z and 2026-03-29T22:00:00Z") == 2);
  CHECK(count("between 2026-03-29T00:00:00 and 2026-03-30T00:00:00") == 2);
  CHECK(count(">= 2026-03-29T00:00:00+01:00") == 3);
  CHECK(count("in (2026-03-28T23:00:00Z, 2026-03-28T22:59:59.999Z)") == 2);
  CHECK(store.Count("count where joined >= $1", {"2026-03-28T23:00:00Z"}) == 3);
  CHECK(store.Count("count where joined = 2026-03-29", {}, TestStore::kNow, "Europe/Amsterdam") ==
        2);
  CHECK(store.Count("count where joined = 2026-03-29") == 2);  // UTC: rows 3 and 4
}

TestStore Shop() {
  TestStore store;
  store.Trait("country", ValueType::kText);
  store.Event("order");
  store.Property("order", "total", ValueType::kDecimal, 2);
  store.Property("order", "items", ValueType::kInteger);
  store.Property("order", "weight", ValueType::kNumber);
  store.Property("order", "category", ValueType::kText);
  store.Property("order", "shipped", ValueType::kTimestamp);
  store.Event("login");
  return store;
}

TEST_CASE("windows hold to the millisecond") {
  TestStore store = Shop();
  const auto at = [&](int64_t ago) { store.Did(store.Profile(), "order", Ago(ago)); };
  for (const int64_t ago : {-1l, 0l, kDayMs - 1, kDayMs, kDayMs + 1}) at(ago);
  CHECK(store.Count("count where did \"order\"") == 4);  // the future has not come
  CHECK(store.Count("count where did order", {}, {TestStore::kNow.ms + 1}) == 5);
  CHECK(store.Count("count where did \"order\" within last 1 day") == 2);
  CHECK(store.Count("count where did \"order\" within last 24 hours") == 2);
  CHECK(store.Count("count where did \"order\" within last 86400001 ms") == 3);
  CHECK(store.Count("count where did \"order\" within last 0 days") == 0);
  CHECK(store.Count("count where did \"order\" more than 1 day ago") == 2);
  CHECK(store.Count("count where did \"order\" more than 0 days ago") == 4);
  CHECK(store.Count("count where did \"order\" between 2 and 1 days ago") == 2);
  CHECK(store.Count("count where did \"order\" between 1 and 0 days ago") == 2);
  CHECK(store.Count("count where did \"order\" between 86400001 ms and 1 days ago") == 1);
  CHECK(store.Count("count where did \"order\" before 2026-06-14T12:00:00Z") == 1);
  CHECK(store.Count("count where did \"order\" after 2026-06-14T12:00:00Z") == 2);
  CHECK(store.Count("count where did \"order\" between 2026-06-14T12:00:00Z and "
                    "2026-06-15T12:00:00Z") == 2);
  CHECK(store.Count("count where did \"order\" between 2026-06-14 and 2026-06-14") == 3);
  CHECK(store.Count("count where did \"order\" within last 1000000 years") == 4);
  CHECK(store.Count("count where not did \"order\" within last 1 day") == 3);
}

TEST_CASE("months and years go by the calendar of the time zone") {
  TestStore store = Shop();
  // One month before 2026-03-31T12:00 in Amsterdam (10:00Z) is 2026-02-28T12:00 (11:00Z).
  const Timestamp now{1'774'951'200'000};
  const Timestamp edge{1'772'276'400'000};
  store.Did(store.Profile(), "order", edge);
  store.Did(store.Profile(), "order", {edge.ms + 1});
  const std::string query = "count where did \"order\" within last 1 month";
  CHECK(store.Count(query, {}, now, "Europe/Amsterdam") == 1);
  CHECK(store.Count(query, {}, {now.ms - 1}, "Europe/Amsterdam") == 2);
  CHECK(store.Count(query, {}, now, "UTC") == 0 + 2);  // the edge is an hour earlier
  // A year before 29 February is 28 February.
  const Timestamp leap{1'709'164'800'000};  // 2024-02-29T00:00Z
  const Timestamp year{1'677'542'400'000};  // 2023-02-28T00:00Z
  store.Did(store.Profile(), "login", year);
  store.Did(store.Profile(), "login", {year.ms + 1});
  CHECK(store.Count("count where did login within last 1 year", {}, leap) == 1);
}

TEST_CASE("how many times") {
  TestStore store = Shop();
  for (int n = 0; n < 4; ++n) {
    const ProfileId id = store.Profile();
    for (int i = 0; i < n; ++i) {
      store.Did(id, "order", Ago(i * kDayMs),
                {{"total", Decimal{1000 * (i + 1), 2}}, {"category", i == 0 ? "shoes" : "hats"}});
    }
  }
  CHECK(store.Count("count where did \"order\" at least 2 times") == 2);
  CHECK(store.Count("count where did \"order\" at most 1 times") == 2);
  CHECK(store.Count("count where did \"order\" exactly 0 times") == 1);
  CHECK(store.Count("count where did \"order\" exactly 3 times") == 1);
  CHECK(store.Count("count where not did \"order\" at least 1 time") == 1);
  CHECK(store.Count("count where did \"order\" where category = \"hats\"") == 2);
  CHECK(store.Count("count where did \"order\" where (category = \"hats\" and total >= 30)") == 1);
  CHECK(store.Count("count where did \"order\" where (not category = \"hats\" or total > 25) "
                    "at least 2 times") == 1);
  CHECK(store.Count("count where did \"order\" where total > 5 at least 2 times within last "
                    "2 days and not did \"login\"") == 2);
  CHECK(store.Count("count where count(order) >= 2") == 2);
  CHECK(store.Count("count where count(order) != 0") == 3);
  CHECK(store.Count("count where count(order.items) >= 1") == 0);
  CHECK(store.Count("count where count(order.total where category = \"hats\") = 1") == 1);
  CHECK(store.Count("count where did \"login\"") == 0);
  CHECK(store.Count("count where did \"login\" at most 0 times") == 4);
}

TEST_CASE("an event condition with a window of its own") {
  TestStore store = Shop();
  store.Did(store.Profile(), "order", Ago(kDayMs), {{"shipped", Ago(kHourMs)}});
  store.Did(store.Profile(), "order", Ago(kDayMs), {{"shipped", Ago(2 * kDayMs)}});
  store.Did(store.Profile(), "order", Ago(kDayMs));
  CHECK(store.Count("count where did order where (shipped within last 1 day)") == 1);
  CHECK(store.Count("count where did order where shipped is missing within last 2 days") == 1);
  CHECK(store.Count("count where max(order.shipped) >= 2026-06-15") == 1);
}

TEST_CASE("sums, averages, least and greatest") {
  TestStore store = Shop();
  const ProfileId a = store.Profile();
  store.Did(a, "order", Ago(kDayMs), {{"total", Decimal{33, 2}}, {"items", int64_t{1}}});
  store.Did(a, "order", Ago(kDayMs), {{"total", Decimal{33, 2}}, {"items", int64_t{2}}});
  store.Did(a, "order", Ago(kDayMs), {{"total", Decimal{34, 2}}});
  store.Did(a, "order", Ago(3 * kDayMs), {{"total", Decimal{100, 2}}, {"weight", 1.5}});
  store.Did(a, "order", Ago(-kDayMs), {{"total", Decimal{99900, 2}}});
  store.Profile();
  CHECK(store.Count("count where sum(order.total) within last 2 days = 1") == 1);
  CHECK(store.Count("count where sum(order.total) = 2") == 1);
  CHECK(store.Count("count where sum(order.total) = 0") == 1);
  CHECK(store.Count("count where sum(order.total) < 2.001") == 2);
  CHECK(store.Count("count where sum(order.total) != 2") == 1);
  CHECK(store.Count("count where avg(order.total) within last 2 days > 0.3333333333333333") == 1);
  CHECK(store.Count("count where avg(order.total) within last 2 days > 0.3333333333333334") == 0);
  CHECK(store.Count("count where avg(order.total) within last 2 days < 0.3333333333333334") == 1);
  CHECK(store.Count("count where avg(order.total) = 0.5") == 1);
  CHECK(store.Count("count where avg(order.items) = 1.5") == 1);
  CHECK(store.Count("count where min(order.total) = 0.33") == 1);
  CHECK(store.Count("count where max(order.total) >= 1") == 1);
  CHECK(store.Count("count where min(order.total) < 1000000") == 1);  // of nothing: missing
  CHECK(store.Count("count where not min(order.total) < 1000000") == 1);
  CHECK(store.Count("count where sum(order.weight) = 1.5") == 1);
  CHECK(store.Count("count where avg(order.weight) between 2 and 1 days ago = 1") == 0);
}

TEST_CASE("a sum of integers runs in 128 bits") {
  TestStore store = Shop();
  const ProfileId id = store.Profile();
  const int64_t most = std::numeric_limits<int64_t>::max();
  for (int i = 0; i < 3; ++i) store.Did(id, "order", Ago(1), {{"items", most}});
  CHECK(store.Count("count where sum(order.items) = 27670116110564327421") == 1);
  CHECK(store.Count("count where sum(order.items) > 27670116110564327420.9") == 1);
  CHECK(store.Count("count where avg(order.items) = 9223372036854775807") == 1);
}

TEST_CASE("a sum of numbers does not depend on order, nor does it lose anything") {
  TestStore store = Shop();
  const ProfileId a = store.Profile();
  for (const double x : {1e308, 1e308, 0.5, -1e308, -1e308}) {
    store.Did(a, "order", Ago(1), {{"weight", x}});
  }
  CHECK(store.Count("count where sum(order.weight) = 0.5") == 1);
  const ProfileId b = store.Profile();
  for (int i = 0; i < 10; ++i) store.Did(b, "order", Ago(1), {{"weight", 0.1}});
  CHECK(store.Count("count where sum(order.weight) = 1") == 1);
}

TEST_CASE("a merged profile counts once, with what both did") {
  TestStore store = Shop();
  const ProfileId a = store.Profile({{"country", "NL"}});
  const ProfileId b = store.Profile({{"country", "BE"}});
  store.Did(a, "order", Ago(1), {{"total", Decimal{100, 2}}});
  store.Did(b, "order", Ago(2), {{"total", Decimal{200, 2}}});
  store.Merge(a, b);
  CHECK(store.Count("count where did order at least 2 times") == 1);
  CHECK(store.Count("count where sum(order.total) = 3") == 1);
  CHECK(store.Count("count where did order") == 1);
  CHECK(store.Count("count where not did order") == 0);
  CHECK(store.Count("count where country is set") == 1);
}

TEST_CASE("sealed blocks, tails and several chunks answer alike") {
  TestStore store = Shop();
  constexpr int kProfiles = 20'000;
  for (int i = 0; i < kProfiles; ++i) store.Profile();
  int64_t expected_at_least_two = 0;
  for (uint64_t i = 1; i <= kProfiles; ++i) {
    const int n = static_cast<int>(i % 4);
    for (int k = 0; k < n; ++k) {
      store.Did({i}, "order", Ago(k), {{"items", static_cast<int64_t>(k)}});
    }
    expected_at_least_two += n >= 2 ? 1 : 0;
  }
  CHECK(store.Count("count where did order at least 2 times") == expected_at_least_two);
  CHECK(store.Count("count where sum(order.items) = 3") == kProfiles / 4);
  CHECK(store.Count("count where did order where items = 2") == kProfiles / 4);
  CHECK(store.Count("count where not did order") == kProfiles / 4);
  CHECK(store.Count("count where did order where category is missing") == kProfiles / 4 * 3);
}

}  // namespace
}  // namespace roster::query
