// SPDX-License-Identifier: Apache-2.0
//
// Random filters on random data: Evaluate and Matches agree on every row, F and not F part the
// scope, the canonical text means the same. ROSTER_SEED repeats a run.
#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "query/bind/bind.h"
#include "query/errors.h"
#include "query/grammar/grammar.h"
#include "query/operators/logic.h"
#include "query/planner.h"
#include "tests/query/random_filter.h"
#include "tests/seed.h"

namespace roster::query {
namespace {

std::unique_ptr<Operator> Planned(const std::string& text, const ReadView& view) {
  const SchemaCatalog catalog(view.schema(), &*view->definitions);
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
  const std::string text = "count including archived where " + filter;
  const std::vector<ChunkBits> rows = Evaluated(*Planned(text, view), view);
  const std::vector<ChunkBits> others =
      Evaluated(*Planned("count including archived where not (" + filter + ")", view), view);
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

// Nothing changes before the flip; of a leaf it does then, and never where there is none.
void CheckFlip(const Operator& filter, const ReadView& view, RowId row, bool exact) {
  const bool now = filter.Matches(view, row);
  const std::optional<Timestamp> flip = filter.NextFlip(view, row);
  std::vector<int64_t> before;
  const int64_t clock = view.clock().ms;
  for (const int64_t later : {int64_t{1}, kHourMs, kDayMs, 40 * kDayMs, 800 * kDayMs}) {
    before.push_back(flip ? std::min(clock + later, flip->ms - 1) : clock + later);
  }
  if (flip) {
    before.push_back(clock + (flip->ms - 1 - clock) / 2);
    before.push_back(flip->ms - 1);
    REQUIRE(flip->ms > clock);
    if (exact) CHECK(filter.Matches(view.At(*flip), row) != now);
  }
  for (const int64_t ms : before) CHECK(filter.Matches(view.At({ms}), row) == now);
}

TEST_CASE("the next flip") {
  RandomFilter random(TestSeed());
  for (int round = 0; round < 10; ++round) {
    const TestStore store = random.Store(60);
    const ReadView view = store.View(random.Now());
    for (int i = 0; i < 60; ++i) {
      const bool leaf = i % 3 != 0;
      const std::string text = leaf ? random.Leaf() : random.Filter(2);
      INFO(text);
      const auto filter = Planned("count including archived where " + text, view);
      // What binds to more than one leaf is logic.
      const bool for_ever = text.find("anniversary") != std::string::npos;
      const bool exact =
          leaf && !for_ever && dynamic_cast<const LogicOperator*>(filter.get()) == nullptr;
      for (uint32_t row = 0; row < view->num_rows(); row += 3) {
        if (view->live.Test({row})) CheckFlip(*filter, view, {row}, exact);
      }
    }
  }
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
