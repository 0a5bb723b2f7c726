// SPDX-License-Identifier: Apache-2.0
//
// What a statement may hold in memory: its result, and what is computed on the way. Source:
// LANGUAGE.md "Limits".
#include <catch2/catch.hpp>
#include <memory>
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

constexpr int kProfiles = 3000;
constexpr uint64_t kMaxBytes = 64 << 10;

// Each has a number of its own; the first did as many different things.
TestStore People() {
  TestStore store;
  store.Trait("n", ValueType::kInteger);
  store.Trait("half", ValueType::kBoolean);
  store.Trait("name", ValueType::kText);
  store.Event("order");
  store.Property("order", "total", ValueType::kInteger);
  store.Define(kComputed, "spent", "define trait `spent` as sum(\"order\".`total`)");
  store.Define(kComputed, "kinds", "define trait `kinds` as distinct(\"order\".`total`)");
  for (int i = 0; i < kProfiles; ++i) {
    const ProfileId id = store.Profile(
        {{"n", int64_t{i}}, {"half", i % 2 == 0}, {"name", "name " + std::to_string(i)}});
    store.Did(id, "order", Ago(kDayMs), {{"total", int64_t{i}}});
    store.Did({1}, "order", Ago(kDayMs), {{"total", int64_t{i}}});
  }
  return store;
}

struct Ran {
  absl::Status status;
  uint64_t used_bytes = 0;  // at the end
};

Ran Execute(const TestStore& store, const std::string& text, uint64_t max_bytes) {
  const ReadView view = store.View();
  const SchemaCatalog catalog(view.schema(), &*view->definitions);
  ExecutionLimits limits;
  limits.max_bytes = max_bytes;
  limits.memory = std::make_shared<StatementMemory>(max_bytes);
  auto bound = Bind(*Parse(text), {.text = text, .catalog = &catalog, .params = {}});
  INFO(RenderError(text, bound.status()));
  REQUIRE(bound.ok());
  const auto plan = MakePlan(*std::move(bound), view, limits);
  if (!plan.ok()) return {plan.status()};
  const absl::Status status = query::Execute(*plan, view, limits).status();
  return {status, limits.memory->used_bytes()};
}

TEST_CASE("what a statement computes on the way counts against its memory") {
  const TestStore store = People();
  const std::string all = std::to_string(kProfiles);
  const std::vector<std::string> texts = {"count by n",
                                          "count by name having count > 1",
                                          "count by n, half",
                                          "funnel order then order each within 1 day by n",
                                          "find id order by spent limit " + all,
                                          "find id order by spent limit 1 offset 2999",
                                          "find id order by kinds, spent limit " + all,
                                          "search \"name\" limit " + all,
                                          "count where distinct(order.total) >= 5000"};
  for (const std::string& text : texts) {
    INFO(text);
    const absl::Status status = Execute(store, text, kMaxBytes).status;
    CHECK(ErrorCodeOf(status) == ErrorCode::kLimit);
    CHECK(status.ToString().find("max_bytes") != std::string::npos);
    CHECK(Execute(store, text, 64 << 20).status.ok());
  }
  // The same through the whole walk, by which every statement has a count of its own.
  const ReadView view = store.View();
  const SchemaCatalog catalog(view.schema(), &*view->definitions);
  ExecutionLimits limits;
  limits.max_bytes = kMaxBytes;
  for (int i = 0; i < 3; ++i) {
    const auto answer = Run("count by n", {}, {}, view, catalog, limits);
    CHECK(ErrorCodeOf(answer.status()) == ErrorCode::kLimit);
    CHECK(Run("count by half", {}, {}, view, catalog, limits).ok());
  }
}

TEST_CASE("what is needed no more is given back") {
  const TestStore store = People();
  // Of all whose order was computed only twenty are kept.
  for (const char* text :
       {"find id order by spent desc limit 20", "find id order by spent, n limit 20",
        "search \"name\" limit 20", "count by half", "count where n > 5", "find id limit 20"}) {
    INFO(text);
    const Ran ran = Execute(store, text, kMaxBytes);
    CHECK(ran.status.ok());
    CHECK(ran.used_bytes < 10'000);
  }
  const Ran sets = Execute(store, "count where distinct(order.total) >= 5000", 64 << 20);
  CHECK(sets.status.ok());
  CHECK(sets.used_bytes == 0);
}

}  // namespace
}  // namespace roster::query
