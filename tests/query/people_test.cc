// SPDX-License-Identifier: Apache-2.0
//
// Who somebody is, what they did and what changed, by small cases with the answers that the
// reference gives.
#include <catch2/catch.hpp>
#include <string>

#include "query/declarations/names.h"
#include "tests/query/test_store.h"

namespace roster::query {
namespace {

constexpr int64_t kMinuteMs = 60'000;

TEST_CASE("labels by the latest word") {
  TestStore store;
  const ProfileId both = store.Profile();
  store.Record(both, kLabelRecords, Ago(2), {{"label", "vip"}, {"added", true}});
  store.Record(both, kLabelRecords, Ago(1), {{"label", "new"}, {"added", true}});
  const ProfileId none = store.Profile();
  store.Record(none, kLabelRecords, Ago(2), {{"label", "vip"}, {"added", true}});
  store.Record(none, kLabelRecords, Ago(1), {{"label", "vip"}, {"added", false}});
  CHECK(store.Count("count where has label \"vip\"") == 1);
  CHECK(store.Count("count where not has label \"vip\"") == 1);
  CHECK(store.Count("count where has any label (\"x\", \"new\")") == 1);
  CHECK(store.Count("count where has label \"x\"") == 0);
}

TEST_CASE("labels and consent as of a time are what had been said by then") {
  TestStore store;
  const ProfileId jo = store.Profile({}, Ago(20 * kDayMs));
  const auto label = [&](bool added, int64_t days) {
    store.Record(jo, kLabelRecords, Ago(days * kDayMs), {{"label", "vip"}, {"added", added}});
  };
  const auto decide = [&](int64_t decision, int64_t days) {
    store.Record(jo, kConsentRecords, Ago(days * kDayMs),
                 {{"channel", "email"}, {"decision", decision}, {"address", "a@x"}});
  };
  label(true, 15);
  decide(1, 14);
  label(false, 5);
  decide(2, 4);
  store.Define(kSegments, "mailed",
               "define segment \"mailed\" as has label \"vip\" and consent email granted");
  const auto at = [&](const std::string& condition, int64_t days) {
    return store.Count("count where " + condition + " as of $1", {Ago(days * kDayMs)});
  };
  CHECK(at("has label \"vip\"", 16) == 0);
  CHECK(at("has label \"vip\"", 15) == 1);  // at that very time it had been said
  CHECK(at("has label \"vip\"", 6) == 1);
  CHECK(at("has label \"vip\"", 5) == 0);
  CHECK(at("consent email unknown", 15) == 1);
  CHECK(at("consent email granted", 10) == 1);
  CHECK(at("consent email withdrawn", 4) == 1);
  CHECK(at("in segment mailed", 10) == 1);
  CHECK(store.Count("count where in segment mailed") == 0);
}

TEST_CASE("identities that count are those that name the profile now") {
  TestStore store;
  store.Namespace("email");
  store.Namespace("device_id", NamespaceKind::kDevice);
  const ProfileId person = store.Profile();
  store.Identity(person, "email", "a@x");
  const ProfileId device = store.Profile();
  store.Identity(device, "device_id", "d");
  const ProfileId former = store.Profile();
  store.Identity(former, "email", "old@x");
  store.SetStanding(former, "email", "old@x", IdentityStanding::kFormer);
  store.Profile();
  CHECK(store.Count("count where is identified") == 1);
  CHECK(store.Count("count where is anonymous") == 3);
  CHECK(store.Count("count where has no identity") == 2);
  CHECK(store.Count("count where has identity device_id") == 1);
  CHECK(store.Count("count where email = \"old@x\"") == 0);
  CHECK(store.Count("count where email is set") == 1);
  CHECK(store.Count("count where email contains \"old\"") == 0);
}

TEST_CASE("status, where no trait is called so") {
  TestStore store;
  store.Profile();
  CHECK(store.Count("count including archived where status = \"archived\"") == 0);
  store.Archive(store.Profile());
  CHECK(store.Count("count including archived where status = \"archived\"") == 1);
  CHECK(store.Count("count including archived where status != \"archived\"") == 1);
  CHECK(store.Count("count including archived where status in (\"active\", \"archived\")") == 2);
  CHECK(store.Count("count where status = \"archived\"") == 0);
  store.Trait("status", ValueType::kText);
  CHECK(store.Count("count including archived where status is set") == 0);
}

TEST_CASE("consent is the most guarded of the addresses") {
  TestStore store;
  const auto say = [&](ProfileId id, int64_t decision, const std::string& address, int64_t ago,
                       const std::string& policy) {
    store.Record(
        id, kConsentRecords, Ago(ago),
        {{"channel", "email"}, {"decision", decision}, {"address", address}, {"policy", policy}});
  };
  const ProfileId granted = store.Profile();
  say(granted, 2, "a@x", 3 * kDayMs, "p1");
  say(granted, 1, "a@x", 2 * kDayMs, "p2");
  const ProfileId guarded = store.Profile();
  say(guarded, 1, "a@x", kDayMs, "p2");
  say(guarded, 2, "b@x", 2 * kDayMs, "p1");
  store.Profile();
  CHECK(store.Count("count where consent email granted") == 1);
  CHECK(store.Count("count where consent email withdrawn") == 1);
  CHECK(store.Count("count where consent email unknown") == 1);
  CHECK(store.Count("count where consent sms unknown") == 3);
  CHECK(store.Count("count where consent email granted policy \"p1\"") == 0);
  CHECK(store.Count("count where consent email granted policy \"p2\" ") == 1);
  CHECK(store.Count("count where consent email granted since 2026-06-13") == 1);
  CHECK(store.Count("count where consent email granted since 2026-06-14") == 0);
}

TEST_CASE("segments go by reference, and know active profiles only") {
  TestStore store;
  store.Trait("age", ValueType::kInteger);
  store.Profile({{"age", int64_t{20}}});
  store.Archive(store.Profile({{"age", int64_t{30}}}));
  store.Define(kSegments, "adult", "define segment \"adult\" as `age` >= 18");
  store.Define(kSegments, "young",
               "define segment \"young\" as in segment \"adult\" and `age` < 25");
  CHECK(store.Count("count including archived where in segment adult") == 1);
  CHECK(store.Count("count including archived where not in segment \"adult\"") == 1);
  CHECK(store.Count("count where in segment young") == 1);
  store.Define(kSegments, "adult", "define segment \"adult\" as `age` >= 21");
  CHECK(store.Count("count where in segment young") == 0);
}

TEST_CASE("channels, also of calls, campaigns and goals") {
  TestStore store;
  store.Event("Email Clicked");
  store.Event("order");
  for (const char* event : {"Email Clicked", "order"}) {
    store.Property(event, "channel", ValueType::kText);
    store.Property(event, "campaign", ValueType::kText);
  }
  store.Property("order", "total", ValueType::kInteger);
  const ProfileId id = store.Profile();
  store.Did(id, "order", Ago(1), {{"channel", "web"}, {"campaign", "c"}, {"total", int64_t{5}}});
  store.Did(id, "Email Clicked", Ago(1), {{"campaign", "c"}});
  const ProfileId called = store.Profile();
  store.Record(called, kCallRecords, Ago(1), {{"channel", "app"}});
  store.Define(kGoals, "g", "define goal \"g\" as \"order\" where (`total` > 1), \"order\"");
  CHECK(store.Count("count where has channel \"web\"") == 1);
  CHECK(store.Count("count where has channel \"app\"") == 1);
  CHECK(store.Count("count where touched campaign c exactly 2 times") == 1);
  CHECK(store.Count("count where touched campaign c clicked exactly 1 time") == 1);
  CHECK(store.Count("count where touched campaign c seen") == 0);
  CHECK(store.Count("count where completed goal g exactly 1 time") == 1);
  CHECK(store.Count("count where completed goal g where total > 5") == 0);
}

TEST_CASE("windows of the calendar, with clocks that change") {
  TestStore store;
  store.Trait("at", ValueType::kTimestamp);
  // 2026-03-29T00:30+01:00, the day on which the clocks go forward.
  const int64_t early = 1'774'740'600'000;
  store.Profile({{"at", Timestamp{early}}});
  const Timestamp evening{early + 22 * kHourMs};  // 23:30 of the same day
  const Timestamp next{early + 23 * kHourMs};
  const auto count = [&](const std::string& filter, Timestamp now) {
    return store.Count("count where " + filter, {}, now, "Europe/Amsterdam");
  };
  CHECK(count("at this day", evening) == 1);
  CHECK(count("at this day", next) == 0);
  CHECK(count("at in last 1 calendar days", evening) == 1);
  CHECK(count("at in last 1 calendar days", next) == 0);
  CHECK(count("at in last 2 calendar days", next) == 1);
  CHECK(count("at this week", evening) == 1);  // a Sunday
  CHECK(count("at this week", next) == 0);
  CHECK(count("at within next 1 day", {early - kHourMs}) == 1);
  CHECK(count("at within next 1 hour", {early}) == 0);
}

TEST_CASE("anniversaries, also of the 29th of February") {
  TestStore store;
  store.Trait("born", ValueType::kDate);
  store.Profile({{"born", Date{11'016}}});  // 2000-02-29
  const auto on = [](const char* day) {
    return std::string("count where anniversary of born ") + day;
  };
  CHECK(store.Count(on("between 2027-02-28 and 2027-02-28")) == 1);
  CHECK(store.Count(on("between 2028-02-29 and 2028-02-29")) == 1);
  CHECK(store.Count(on("between 2028-02-28 and 2028-02-28")) == 0);
  CHECK(store.Count(on("between 2000-02-29 and 2000-02-29")) == 0);  // the day itself is none
  CHECK(store.Count(on("within next 1 year")) == 1);
  CHECK(store.Count(on("within next 7 days")) == 0);
}

TEST_CASE("first, last and nth choose before they ask") {
  TestStore store;
  store.Event("order");
  store.Property("order", "total", ValueType::kInteger);
  const ProfileId id = store.Profile();
  for (int64_t n = 1; n <= 3; ++n) {
    store.Did(id, "order", Ago((4 - n) * kDayMs), {{"total", n * 10}});
  }
  CHECK(store.Count("count where first order where total = 10") == 1);
  CHECK(store.Count("count where first order where total > 10") == 0);
  CHECK(store.Count("count where last order where total = 30 within last 1 day") == 0);
  CHECK(store.Count("count where last order where total = 30 within last 2 days") == 1);
  CHECK(store.Count("count where nth 2 order where total = 20") == 1);
  CHECK(store.Count("count where nth 4 order") == 0);
  CHECK(store.Count("count where did order on exactly 3 days") == 1);
  CHECK(store.Count("count where did any event where total >= 20 exactly 2 times") == 1);
  CHECK(store.Count("count where distinct(order.total) = 3") == 1);
  CHECK(store.Count("count where max(order.total) > avg(order.total)") == 1);
  CHECK(store.Count("count where sum(order.total) = min(order.total)") == 0);
}

TEST_CASE("what a trait was, when it changed, and since when it is") {
  TestStore store;
  store.Trait("plan", ValueType::kText);
  store.KeepHistory("plan");
  const ProfileId id = store.Profile();
  store.Set(id, "plan", "pro", Ago(5 * kDayMs));
  store.Set(id, "plan", "free", Ago(20 * kDayMs));  // said later
  store.Profile({{"plan", "pro"}}, Ago(40 * kDayMs));
  CHECK(store.Count("count where plan was \"free\"") == 1);
  CHECK(store.Count("count where plan was \"free\" within last 5 days") == 0);
  CHECK(store.Count("count where plan was \"free\" within last 6 days") == 1);
  CHECK(store.Count("count where plan was \"pro\" more than 30 days ago") == 1);
  CHECK(store.Count("count where plan changed") == 1);
  CHECK(store.Count("count where plan changed from \"free\" to \"pro\" within last 6 days") == 1);
  CHECK(store.Count("count where plan changed to \"free\"") == 0);
  CHECK(store.Count("count where plan = \"pro\" for 5 days") == 2);
  CHECK(store.Count("count where plan = \"pro\" for 6 days") == 1);
  CHECK(store.Count("count where plan != \"free\" for 6 days") == 1);
}

// As `known for` and `more than ... ago` do.
TEST_CASE("how long something is so goes back from now by the calendar") {
  TestStore store;
  store.Trait("plan", ValueType::kText);
  store.KeepHistory("plan");
  const Timestamp begin{TestStore::kNow.ms + 230 * kDayMs};  // 2027-01-31T12:00:00Z
  store.Profile({{"plan", "pro"}}, begin);
  const auto count = [&](const std::string& filter, int64_t days) {
    return store.Count("count where " + filter, {}, {begin.ms + days * kDayMs});
  };
  for (const char* filter : {"plan = \"pro\" for 1 month", "known for 1 month"}) {
    INFO(filter);
    CHECK(count(filter, 28) == 0);  // a month before 28 February is 28 January
    CHECK(count(filter, 29) == 1);
    CHECK(count(filter, 59) == 1);  // before 31 March it is 28 February
  }
}

TEST_CASE("sessions") {
  TestStore store;
  store.Trait("country", ValueType::kText);
  store.Event("view");
  store.Event("order");
  store.Property("view", "channel", ValueType::kText);
  const ProfileId id = store.Profile({{"country", "NL"}});
  store.Did(id, "view", Ago(5 * kHourMs), {{"channel", "web"}});
  store.Did(id, "order", Ago(5 * kHourMs - 10 * kMinuteMs));
  store.Did(id, "view", Ago(kHourMs), {{"channel", "app"}});
  store.Profile();
  const auto count = [&](const std::string& filter) {
    return store.Count("count where " + filter);
  };
  CHECK(count("any session (channel = \"web\" and did order and duration = 10 minutes)") == 1);
  CHECK(count("any session (channel = \"app\" and did order)") == 0);
  CHECK(count("any session (events >= 1) exactly 2 times") == 1);
  CHECK(count("any session (events >= 1) at least 2 times within last 2 hours") == 0);
  CHECK(count("all sessions (kind = \"visit\" and profile.country = \"NL\")") == 1);
  CHECK(count("all sessions (did order)") == 0);
  CHECK(count("no session (did order) within last 2 hours") == 2);
  CHECK(count("any session (start within last 2 hours)") == 1);
}

TEST_CASE("a sample is the same for ever") {
  TestStore store;
  for (int i = 0; i < 2000; ++i) store.Profile();
  const int64_t tenth = store.Count("count where sample 10% seed \"a\"");
  CHECK(tenth > 130);
  CHECK(tenth < 270);
  CHECK(store.Count("count where sample 10% seed \"a\" and sample 20% seed \"a\"") == tenth);
  CHECK(store.Count("count where sample 10% seed \"b\"") != tenth);
  CHECK(store.Count("count where sample 100% seed \"a\"") == 2000);
  CHECK(store.Count("count where sample 0% seed \"a\"") == 0);
}

}  // namespace
}  // namespace roster::query
