// SPDX-License-Identifier: Apache-2.0
//
// Scans on two threads: the same answers as on one, whenever the other comes, or if it never does.
#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "query/statements/scan_helper.h"
#include "roster/error.h"
#include "storage/memory/chunk.h"
#include "tests/query/test_store.h"

namespace roster::query {
namespace {

TestStore Crowd() {
  TestStore store;
  store.Trait("age", ValueType::kInteger);
  store.Trait("city", ValueType::kText);
  store.Event("order");
  for (uint32_t p = 0; p < 5 * kChunkRows + 17; ++p) {
    const ProfileId id =
        store.Profile({{"age", int64_t{p * 7919 % 101}}, {"city", "c" + std::to_string(p % 7)}});
    for (uint32_t e = p % 5; e >= 3; --e) store.Did(id, "order", Ago(int64_t{e} * kHourMs));
  }
  return store;
}

const std::vector<std::string>& Statements() {
  static const std::vector<std::string> statements = {
      "count where age > 50",
      "count",
      "count where age > 50 by city having count > 3",
      "find id, age order by age desc, id limit 40 offset 33",
      "funnel order then order each within 2 hours by city",
      "find id where age = 7 order by id limit 1000000",
      "search \"c3\" limit 5"};
  return statements;
}

bool Same(const QueryAnswer& a, const QueryAnswer& b) {
  if (const auto* count = std::get_if<CountAnswer>(&a)) {
    return count->count == std::get<CountAnswer>(b).count;
  }
  return std::get<TableAnswer>(a).rows == std::get<TableAnswer>(b).rows;
}

absl::StatusOr<QueryAnswer> AskWith(const ExecutionLimits& limits, const TestStore& store,
                                    const std::string& text) {
  const ReadView view = store.View();
  return Run(text, {}, {}, view, SchemaCatalog(view.schema(), &*view->definitions), limits);
}

// Its loops run when they are told to, or never.
class IdleExecutor : public Executor {
 public:
  class IdleLoop : public Loop {
    void Wake() override {}
  };
  std::unique_ptr<Loop> StartLoop(std::function<NextStep()>) override {
    return std::make_unique<IdleLoop>();
  }
  bool RunOne() override { return false; }
  void RunAll(std::vector<std::function<void()>>) override {}
};

TEST_CASE("two threads answer as one", "[threads]") {
  const TestStore store = Crowd();
  ScanHelper helper(ThreadExecutor());
  IdleExecutor idle;
  ScanHelper never(&idle);
  ExecutionLimits two;
  two.helper = &helper;
  two.alone_us = 0;
  ExecutionLimits waits = two;
  waits.helper = &never;
  for (const std::string& text : Statements()) {
    INFO(text);
    const auto alone = store.Ask(text);
    INFO(alone.status().ToString());
    REQUIRE(alone.ok());
    for (int time = 0; time < 20; ++time) {
      const auto both = AskWith(two, store, text);
      REQUIRE(both.ok());
      CHECK(Same(*both, *alone));
    }
    const auto in_vain = AskWith(waits, store, text);
    REQUIRE(in_vain.ok());
    CHECK(Same(*in_vain, *alone));
  }
}

TEST_CASE("who finds the helper busy goes on alone", "[threads]") {
  ScanHelper helper(ThreadExecutor());
  std::atomic<bool> began = false;
  std::atomic<bool> ends = false;
  std::atomic<bool> second = false;
  {
    const ScanHelper::Help first(&helper, [&] {
      began = true;
      while (!ends) {
      }
    });
    while (!began) {
    }
    {
      const ScanHelper::Help other(&helper, [&] { second = true; });
    }
    CHECK_FALSE(second);
    ends = true;
  }
  std::atomic<bool> third = false;
  const ScanHelper::Help again(&helper, [&] { third = true; });
  while (!third) {
  }
}

TEST_CASE("a scan of two threads ends when it is cancelled", "[threads]") {
  const TestStore store = Crowd();
  ScanHelper helper(ThreadExecutor());
  const std::atomic<bool> cancelled = true;
  ExecutionLimits limits;
  limits.helper = &helper;
  limits.alone_us = 0;
  limits.cancelled = &cancelled;
  const auto answer = AskWith(limits, store, "count where age > 3");
  REQUIRE_FALSE(answer.ok());
  CHECK(ErrorCodeOf(answer.status()) == ErrorCode::kCancelled);
}

}  // namespace
}  // namespace roster::query
