// SPDX-License-Identifier: Apache-2.0
//
// How long does a statement take before it touches a row: parsing alone, and parse, bind and plan
// together, for queries of the suite (goals: 10 us to parse, 25 us for all three)?
#include <benchmark/benchmark.h>

#include <string>
#include <utility>

#include "query/bind/bind.h"
#include "query/grammar/grammar.h"
#include "query/planner.h"
#include "query/schema_catalog.h"
#include "storage/base/check.h"
#include "storage/memory/store.h"

namespace roster::query {
namespace {

const std::pair<const char*, std::string> kQueries[] = {
    {"Q1", "count where country = \"NL\" and plan in (\"pro\", \"team\") and age >= 30"},
    {"Q3", "count where did \"purchase\" at least 3 times within last 30 days"},
    {"Q5", "count where sum(purchase.amount) within last 90 days >= 500"},
    {"317 characters",
     "count where (country = \"NL\" or country = \"BE\" and not city in (\"Amsterdam\", "
     "\"Utrecht\")) and "
     "age between 18 and 30 and did \"purchase\" where (amount > 49.95 and category = \"shoes\") "
     "at "
     "least 2 times within last 30 days and not did \"email_open\" within last 2 weeks and "
     "sum(purchase.amount) within last 90 days >= 500 and plan is set"},
};

// The names of the suite's data set, with a few values.
Store MakeStore() {
  Store store;
  ChangeSet changes;
  const auto apply = [&](const Mutation& mutation) {
    ROSTER_CHECK(store.Check(mutation).ok());
    store.Apply(mutation, &changes);
  };
  for (const char* name : {"country", "plan", "city"}) {
    apply(DeclareTrait{name, ValueType::kText, 0});
  }
  apply(DeclareTrait{"age", ValueType::kInteger, 0});
  apply(DeclareEvent{"purchase"});
  apply(DeclareProperty{{0}, "amount", ValueType::kDecimal, 2});
  apply(DeclareProperty{{0}, "category", ValueType::kText, 0});
  apply(DeclareEvent{"email_open"});
  for (uint64_t id = 1; id <= 1000; ++id) {
    apply(CreateProfile{{id}, {0}, "bench"});
    const TraitId country = *store.state().schema->FindTrait("country");
    apply(SetTrait{{id}, country, id % 3 == 0 ? "NL" : "BE", {0}});
  }
  return store;
}

void Parsing(benchmark::State& state) {
  const auto& [name, text] = kQueries[state.range(0)];
  for (auto _ : state) benchmark::DoNotOptimize(Parse(text));
  state.SetLabel(std::string(name) + ", " + std::to_string(text.size()) + " bytes");
}
BENCHMARK(Parsing)->DenseRange(0, std::size(kQueries) - 1)->Unit(benchmark::kMicrosecond);

void ParseBindPlan(benchmark::State& state) {
  static const Store store = MakeStore();
  const ReadView view = store.TakeView({1'781'524'800'000});
  const SchemaCatalog catalog(view.schema());
  const auto& [name, text] = kQueries[state.range(0)];
  for (auto _ : state) {
    const auto statement = Parse(text);
    auto bound = Bind(*statement, {.text = text, .catalog = &catalog, .params = {}});
    benchmark::DoNotOptimize(MakePlan(*std::move(bound), view, {}));
  }
  state.SetLabel(name);
}
BENCHMARK(ParseBindPlan)->DenseRange(0, std::size(kQueries) - 1)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace roster::query

BENCHMARK_MAIN();
