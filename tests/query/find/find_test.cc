// SPDX-License-Identifier: Apache-2.0
//
// What find shows, in which order, and what stops a statement.
#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "query/bind/bind.h"
#include "query/declarations/names.h"
#include "query/errors.h"
#include "query/grammar/grammar.h"
#include "query/planner.h"
#include "roster/error.h"
#include "tests/query/test_store.h"

namespace roster::query {
namespace {

TableAnswer Found(const TestStore& store, const std::string& text) {
  auto answer = store.Ask(text);
  INFO(RenderError(text, answer.status()));
  REQUIRE(answer.ok());
  return std::get<TableAnswer>(*std::move(answer));
}

// The ids of a result whose first column is `id`.
std::string Ids(const TestStore& store, const std::string& text) {
  std::string ids;
  for (const std::vector<Value>& row : Found(store, text).rows) {
    ids += (ids.empty() ? "" : " ") + std::get<std::string>(row[0]);
  }
  return ids;
}

TestStore People() {
  TestStore store;
  store.Trait("name", ValueType::kText);
  store.Trait("age", ValueType::kInteger);
  store.Trait("score", ValueType::kNumber);
  store.Namespace("email");
  store.Profile({{"name", "Bo"}, {"age", int64_t{30}}, {"score", -1.5}}, Ago(3));
  store.Profile({{"name", "Al"}, {"age", int64_t{-2}}, {"score", 0.0}}, Ago(1));
  store.Profile({{"name", "Bo"}, {"age", int64_t{30}}, {"score", 1e9}}, Ago(2));
  store.Profile();
  store.Profile({{"name", "a long name, second"}, {"score", -0.0}}, Ago(4));
  store.Profile({{"name", "a long name, first"}}, Ago(5));
  store.Identity({1}, "email", "z@x");
  store.Identity({1}, "email", "a@x");
  store.Identity({3}, "email", "b@x");
  return store;
}

TEST_CASE("count by shows how many have each combination of values") {
  const TestStore store = People();
  const auto rows = [&](const std::string& text) {
    std::string shown;
    for (const std::vector<Value>& row : Found(store, text).rows) {
      const auto* name = std::get_if<std::string>(&row[0]);
      shown += (shown.empty() ? "" : ", ") + (name != nullptr ? *name : "-") + " " +
               std::to_string(std::get<int64_t>(row.back()));
    }
    return shown;
  };
  CHECK(rows("count by name") == "Al 1, Bo 2, a long name, first 1, a long name, second 1, - 1");
  CHECK(rows("count by name having count > 1") == "Bo 2");
  CHECK(rows("count where age = 30 by name, age") == "Bo 2");
  CHECK(rows("count where age = 31 by name").empty());
  CHECK(Found(store, "count by score").rows.size() == 4);  // -0 is 0; missing is one
  CHECK(!store.Ask("count by email").ok());
  CHECK(!store.Ask("count having count > 1").ok());
}

TEST_CASE("find shows traits, identities and the id") {
  const TestStore store = People();
  const TableAnswer table =
      Found(store, "find id, email, name, age where name = \"Bo\" order by id");
  REQUIRE(table.columns.size() == 4);
  CHECK(table.columns[0].name == "id");
  CHECK(table.columns[0].type == ValueType::kText);
  CHECK(table.columns[3].type == ValueType::kInteger);
  REQUIRE(table.rows.size() == 2);
  CHECK(table.rows[0] == std::vector<Value>{"p1", "z@x", "Bo", int64_t{30}});
  CHECK(table.rows[1] == std::vector<Value>{"p3", "b@x", "Bo", int64_t{30}});
}

TEST_CASE("find without columns shows everything") {
  const TestStore store = People();
  std::vector<std::string> names;
  for (const AnswerColumn& column : Found(store, "find").columns) names.push_back(column.name);
  CHECK(names == std::vector<std::string>{"id", "email", "created_at", "first_seen", "last_seen",
                                          "created_via", "name", "age", "score"});
}

TEST_CASE("order is total: missing last, ties by id") {
  const TestStore store = People();
  CHECK(Ids(store, "find id") == "p4 p2 p3 p1 p5 p6");  // last seen
  CHECK(Ids(store, "find id order by id desc") == "p6 p5 p4 p3 p2 p1");
  CHECK(Ids(store, "find id order by age") == "p2 p1 p3 p4 p5 p6");
  CHECK(Ids(store, "find id order by age desc") == "p1 p3 p2 p4 p5 p6");
  CHECK(Ids(store, "find id order by age desc, id desc") == "p3 p1 p2 p6 p5 p4");
  CHECK(Ids(store, "find id order by name") == "p2 p1 p3 p6 p5 p4");
  CHECK(Ids(store, "find id order by name desc, age") == "p5 p6 p1 p3 p2 p4");
  CHECK(Ids(store, "find id order by score") == "p1 p2 p5 p3 p4 p6");
  CHECK(Ids(store, "find id order by email") == "p3 p1 p2 p4 p5 p6");
}

TEST_CASE("limit and offset cut the order") {
  const TestStore store = People();
  for (const char* order : {"age desc", "name", "email, score desc"}) {
    const std::string query = std::string("find id order by ") + order;
    const TableAnswer all = Found(store, query);
    for (size_t limit = 0; limit <= 7; ++limit) {
      for (size_t offset = 0; offset <= 7; ++offset) {
        const TableAnswer page = Found(
            store, query + " limit " + std::to_string(limit) + " offset " + std::to_string(offset));
        const size_t begin = std::min(offset, all.rows.size());
        const size_t end = std::min(begin + limit, all.rows.size());
        const std::vector<std::vector<Value>> expected(
            all.rows.begin() + static_cast<std::ptrdiff_t>(begin),
            all.rows.begin() + static_cast<std::ptrdiff_t>(end));
        CHECK(page.rows == expected);
      }
    }
  }
  CHECK(Found(store, "find id limit 9223372036854775807 offset 9223372036854775807").rows.empty());
}

TEST_CASE("a merged profile is not found") {
  TestStore store = People();
  store.Merge({3}, {1});
  CHECK(Ids(store, "find id where name = \"Bo\"") == "p1");
  CHECK(Ids(store, "find id where email = \"b@x\"") == "p1");
}

class StoppedClock : public Clock {
 public:
  Timestamp Now() override { return {}; }
  int64_t MonotonicMicros() override { return 1000; }
};

TEST_CASE("a statement stops at its deadline, when cancelled, and at too many rows") {
  const TestStore store = People();
  const ReadView view = store.View();
  const SchemaCatalog catalog(view.schema());
  const auto code = [&](const std::string& text, const ExecutionLimits& limits) {
    const auto answer = Run(text, {}, {}, view, catalog, limits);
    return answer.ok() ? std::string("ok")
                       : std::string(ErrorCodeName(ErrorCodeOf(answer.status())));
  };
  StoppedClock clock;
  ExecutionLimits limits;
  limits.clock = &clock;
  limits.deadline_us = 1000;
  CHECK(code("count", limits) == "TIMEOUT");
  CHECK(code("find id", limits) == "TIMEOUT");
  limits.deadline_us = 1001;
  CHECK(code("count", limits) == "ok");
  std::atomic<bool> cancelled = true;
  limits.cancelled = &cancelled;
  CHECK(code("count where age = 1", limits) == "CANCELLED");
  cancelled = false;
  limits.max_rows = 5;
  CHECK(code("find id", limits) == "LIMIT");
  CHECK(code("find id limit 6", limits) == "ok");
  limits.max_limited_rows = 5;
  CHECK(code("find id limit 6", limits) == "LIMIT");
  CHECK(code("find id limit 5", limits) == "ok");
  CHECK(code("find id offset 1", limits) == "ok");
  CHECK(code("find id where age is set", limits) == "ok");
}

// Each look at it takes a millisecond.
class TickingClock : public Clock {
 public:
  Timestamp Now() override { return {}; }
  int64_t MonotonicMicros() override { return now_us_ += 1000; }

 private:
  int64_t now_us_ = 0;
};

// A part that is true whatever its own parts do: why looks at each of their flips.
TEST_CASE("a breakdown tells no value from the number one below nothing") {
  TestStore store;
  store.Trait("n", ValueType::kInteger);
  store.Profile({});
  for (const int64_t n : {-1, 0, 0, 4095, 4096}) store.Profile({{"n", n}});
  const auto answer = store.Ask("count by n");
  REQUIRE(answer.ok());
  const std::vector<std::vector<Value>> expected = {{int64_t{-1}, int64_t{1}},
                                                    {int64_t{0}, int64_t{2}},
                                                    {int64_t{4095}, int64_t{1}},
                                                    {int64_t{4096}, int64_t{1}},
                                                    {Value(), int64_t{1}}};
  CHECK((std::get<TableAnswer>(*answer).rows == expected));
}

TEST_CASE("why stops at the deadline") {
  TestStore store;
  store.Trait("n", ValueType::kInteger);
  store.Event("click");
  const ProfileId id = store.Profile();
  std::string any = "define segment \"any\" as `n` is set or `n` is missing";
  for (int i = 1; i <= 40; ++i) {
    store.Did(id, "click", Ago(i * kHourMs));
    any += StrCat(" or did \"click\" at least ", i, " times within last 30 days");
  }
  store.Define(kSegments, "any", any);
  const ReadView view = store.View();
  const SchemaCatalog catalog(view.schema(), &*view->definitions);
  const auto why = [&](int64_t deadline_us) {
    TickingClock clock;
    ExecutionLimits limits;
    limits.clock = &clock;
    limits.deadline_us = deadline_us;
    return Run("why \"p1\" in segment any", {}, {}, view, catalog, limits);
  };
  const auto stopped = why(20'000);
  REQUIRE_FALSE(stopped.ok());
  CHECK(ErrorCodeOf(stopped.status()) == ErrorCode::kTimeout);
  const auto answer = why(10'000'000);
  REQUIRE(answer.ok());
  CHECK_FALSE(std::get<WhyAnswer>(*answer).root.flips_at);
}

TEST_CASE("why knows that what comes round every year changes nothing") {
  TestStore store;
  store.Trait("birthday", ValueType::kDate);
  store.Profile({{"birthday", Date{7'000}}});
  const std::string soon = "anniversary of `birthday` within next 3 days";
  store.Define(kSegments, "all", "define segment \"all\" as " + soon + " or not " + soon);
  const auto answer = store.Ask("why \"p1\" in segment all");
  REQUIRE(answer.ok());
  const WhyNode& root = std::get<WhyAnswer>(*answer).root;
  CHECK(root.holds);
  CHECK_FALSE(root.flips_at);
  CHECK(root.children.at(0).flips_at);
}

TEST_CASE("planning stops at the deadline and when cancelled") {
  TestStore store;
  store.Trait("name", ValueType::kText);
  store.Trait("tags", ValueType::kTextList);
  store.Event("order");
  store.Property("order", "category", ValueType::kText);
  for (int i = 0; i < 10'000; ++i) store.Profile({{"name", "name " + std::to_string(i)}});
  const ReadView view = store.View();
  const SchemaCatalog catalog(view.schema());
  for (const char* test : {"name contains \"7\"", "name > \"b\"", "tags has \"a\"",
                           "did order where category ends with \"s\""}) {
    std::string text = std::string("count where ") + test;
    for (int i = 1; i < 50; ++i) text += std::string(" or ") + test;
    INFO(text);
    const auto bound = Bind(*Parse(text), {.text = text, .catalog = &catalog, .params = {}});
    REQUIRE(bound.ok());
    const auto code = [&](const ExecutionLimits& limits) {
      return ErrorCodeOf(MakePlan(*bound, view, limits).status());
    };
    TickingClock clock;
    ExecutionLimits limits;
    limits.clock = &clock;
    limits.deadline_us = 20'000;
    CHECK(code(limits) == ErrorCode::kTimeout);
    // Nobody looks again once the time is over.
    CHECK(clock.MonotonicMicros() == 21'000);
    limits.deadline_us = 1'000'000'000;
    CHECK(MakePlan(*bound, view, limits).ok());
    const std::atomic<bool> cancelled = true;
    limits.cancelled = &cancelled;
    CHECK(code(limits) == ErrorCode::kCancelled);
  }
}

TEST_CASE("the bytes of a result have a limit that the error names") {
  TestStore store;
  store.Trait("name", ValueType::kText);
  store.Trait("tags", ValueType::kTextList);
  store.Trait("extra", ValueType::kJson);
  store.Profile({{"name", std::string(40'000, 'x')},
                 {"tags", TextList{std::string(40'000, 'x')}},
                 {"extra", Json{"\"" + std::string(40'000, 'x') + "\""}}});
  for (int i = 0; i < 9; ++i) store.Profile();
  const ReadView view = store.View();
  const SchemaCatalog catalog(view.schema());
  ExecutionLimits limits;
  limits.max_bytes = 30'000;
  CHECK(Run("find id", {}, {}, view, catalog, limits).ok());
  for (const char* column : {"name", "tags", "extra"}) {
    const std::string text = std::string("find ") + column;
    const auto answer = Run(text, {}, {}, view, catalog, limits);
    INFO(text);
    CHECK(ErrorCodeOf(answer.status()) == ErrorCode::kLimit);
    CHECK(std::string(answer.status().message()).find("max_bytes") != std::string::npos);
    // Only what is shown counts.
    CHECK(Run(text + " where name is missing", {}, {}, view, catalog, limits).ok());
    CHECK(Run(text + " order by name limit 9 offset 1", {}, {}, view, catalog, limits).ok());
  }
}

TEST_CASE("a plan explains itself and says what it depends on") {
  TestStore store = People();
  store.Event("order");
  store.Property("order", "total", ValueType::kDecimal, 2);
  store.Did({1}, "order", Ago(1), {{"total", Decimal{150, 2}}});
  const ReadView view = store.View();
  const SchemaCatalog catalog(view.schema());
  const std::string text =
      "count where sum(order.total where total > 1.5) within last 3 days >= 2.5 and age >= 3 and "
      "(name contains \"o\" or not email = \"a@x\") and did order at most 2 times";
  const auto bound = Bind(*Parse(text), {.text = text, .catalog = &catalog, .params = {}});
  REQUIRE(bound.ok());
  const absl::StatusOr<Plan> plan = MakePlan(*bound, view, {});
  REQUIRE(plan.ok());
  CHECK(
      plan->filter->Describe(view.schema()) ==
      "(`age` >= 3) and "
      "(sum(\"order\".`total` where (`total` >= 1.51)) from 3 days ago until now >= 2.5) and "
      "((`name` contains \"o\") or (not (`email` = \"a@x\"))) and (did \"order\" at most 2 times)");
  CHECK(plan->filter->estimated_rows() >= 0);
  CHECK(plan->filter->estimated_rows() <= static_cast<double>(view->num_profiles));
  Dependencies dependencies;
  plan->filter->AddDependencies(&dependencies);
  CHECK(dependencies.traits.size() == 2);
  CHECK(dependencies.events.size() == 2);
  CHECK(dependencies.identities);
}

}  // namespace
}  // namespace roster::query
