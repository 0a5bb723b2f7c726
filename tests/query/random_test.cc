// SPDX-License-Identifier: Apache-2.0
//
// Random filters on random data: Evaluate and Matches agree on every row, F and not F part the
// scope, the canonical text means the same. ROSTER_SEED repeats a run.
#include <catch2/catch.hpp>
#include <string>

#include "query/bind.h"
#include "query/errors.h"
#include "query/grammar.h"
#include "query/planner.h"
#include "tests/query/random_filter.h"
#include "tests/seed.h"

namespace roster::query {
namespace {

std::unique_ptr<Operator> Planned(const std::string& text, const ReadView& view) {
  const SchemaCatalog catalog(view.schema());
  const auto statement = Parse(text);
  INFO(RenderError(text, statement.status()));
  REQUIRE(statement.ok());
  auto bound =
      Bind(*statement,
           {.text = text, .catalog = &catalog, .params = {}, .time_zone = "Europe/Amsterdam"});
  INFO(RenderError(text, bound.status()));
  REQUIRE(bound.ok());
  return std::move(MakePlan(*std::move(bound), view, {})->filter);
}

// The rows of all chunks that match, by Evaluate; checked against Matches.
std::vector<ChunkBits> Evaluated(const Operator& filter, const ReadView& view) {
  std::vector<ChunkBits> all;
  for (uint32_t chunk = 0; chunk < view.num_chunks(); ++chunk) {
    ChunkBits rows = view->live.chunk(chunk);
    filter.Evaluate(view, chunk, &rows);
    ChunkBits matches;
    view->live.chunk(chunk).ForEach([&](uint32_t offset) {
      if (filter.Matches(view, RowAt(chunk, offset))) matches.Set(offset);
    });
    CHECK(rows == matches);
    all.push_back(rows);
  }
  return all;
}

void CheckFilter(const std::string& filter, const ReadView& view) {
  INFO(filter);
  const std::string text = "count where " + filter;
  const std::vector<ChunkBits> rows = Evaluated(*Planned(text, view), view);
  const std::vector<ChunkBits> others =
      Evaluated(*Planned("count where not (" + filter + ")", view), view);
  const std::vector<ChunkBits> canonical =
      Evaluated(*Planned(ast::ToText(*Parse(text)), view), view);
  CHECK(rows == canonical);
  for (uint32_t chunk = 0; chunk < view.num_chunks(); ++chunk) {
    ChunkBits both = rows[chunk];
    both.And(others[chunk]);
    CHECK(!both.Any());
    ChunkBits either = rows[chunk];
    either.Or(others[chunk]);
    CHECK(either == view->live.chunk(chunk));
  }
}

TEST_CASE("random filters") {
  RandomFilter random(TestSeed());
  for (int round = 0; round < 20; ++round) {
    const TestStore store = random.Store(round % 2 == 0 ? 40 : 400);
    for (int i = 0; i < 60; ++i) CheckFilter(random.Filter(3), store.View(random.Now()));
  }
}

TEST_CASE("random filters over several chunks with sealed blocks") {
  RandomFilter random(TestSeed());
  const TestStore store = random.Store(2 * static_cast<int>(kChunkRows) + 7);
  for (int i = 0; i < 30; ++i) CheckFilter(random.Filter(2), store.View(random.Now()));
}

// Text operators that were planned before a text existed answer for later rows by Matches.
TEST_CASE("Matches answers for later views") {
  TestStore store;
  store.Trait("country", ValueType::kText);
  store.Event("order");
  store.Profile({{"country", "BE"}});
  const ReadView before = store.View();
  const auto filter =
      Planned("count where country = \"NL\" or did order within last 1 day", before);
  CHECK(!filter->Matches(before, {0}));
  const ProfileId id = store.Profile({{"country", "NL"}});
  CHECK(filter->Matches(store.View(), store.state().FindProfile(id).value()));
  store.Did({1}, "order", TestStore::kNow);
  CHECK(filter->Matches(store.View(), {0}));
  CHECK(!filter->Matches(store.View({TestStore::kNow.ms + kDayMs}), {0}));
  CHECK(!filter->Matches(before, {0}));
}

}  // namespace
}  // namespace roster::query
