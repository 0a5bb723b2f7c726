// SPDX-License-Identifier: Apache-2.0
//
// The kept order holds every row under the time of its cell, whatever moved that, and what it keeps
// besides stays in proportion.
#include "storage/memory/traits/seen_order.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <map>
#include <random>
#include <set>

#include "tests/memory/store_builder.h"
#include "tests/seed.h"
#include "tests/storage/random_changes.h"

namespace roster {
namespace {

using Lists = std::map<int64_t, std::set<uint32_t>>;  // rows by span

// From `last` on. Fails the test where they do not come from the newest to the oldest.
Lists ListsOf(const SeenOrder& order, int64_t last = std::numeric_limits<int64_t>::max()) {
  Lists lists;
  std::optional<int64_t> before;
  order.ForEachList(last, [&](int64_t span, absl::Span<const uint32_t> rows) {
    REQUIRE(span <= last);
    REQUIRE((!before || span <= *before));
    before = span;
    lists[span].insert(rows.begin(), rows.end());
    return true;
  });
  return lists;
}

// Fails the test where a row is not in the list of its cell's time.
void CheckHoldsAll(const State& state) {
  state.seen_order->CheckInvariants();
  const Lists lists = ListsOf(*state.seen_order);
  const Column& last_seen = state.column(kLastSeen);
  for (uint32_t row = 0; row < state.num_rows(); ++row) {
    if (!last_seen.Has({row})) continue;
    const auto list = lists.find(SeenOrder::SpanOf(last_seen.Bits({row})));
    REQUIRE((list != lists.end() && list->second.contains(row)));
  }
}

TEST_CASE("rows are found under their time, and old places go", "[seen_order]") {
  std::mt19937_64 random(TestSeed());
  // From all in a few long lists to each in one of its own.
  for (const int64_t num_spans : {3, 300, 50'000, 100'000'000}) {
    const uint32_t num_rows = 1 + static_cast<uint32_t>(random() % 9000);
    INFO(num_rows << " rows in " << num_spans << " spans");
    SeenOrder order;
    std::map<uint32_t, int64_t> model;  // span by row
    const auto is_in = [&](RowId row, int64_t span) { return model.at(row.value) == span; };
    SeenOrder copy;
    Lists of_copy;
    for (int round = 0; round < 100'000; ++round) {
      const auto row = static_cast<uint32_t>(random() % num_rows);
      // Also times before 1970, and back to where it was.
      model[row] =
          static_cast<int64_t>(random() % static_cast<uint64_t>(num_spans)) - num_spans / 2;
      order.Add({row}, model[row], is_in);
      if (round % 10'000 != 0) continue;
      REQUIRE(ListsOf(copy) == of_copy);  // it never changes
      copy = order;
      of_copy = ListsOf(copy);
      for (const auto& [one, span] : model) REQUIRE(of_copy[span].contains(one));
      order.CheckInvariants();
      Lists older = of_copy;
      older.erase(older.upper_bound(0), older.end());
      CHECK(ListsOf(order, 0) == older);
    }
  }
}

TEST_CASE("one row that goes to and fro takes no more and more room", "[seen_order]") {
  SeenOrder order;
  int64_t span = 0;
  const auto is_in = [&](RowId, int64_t asked) { return asked == span; };
  for (int round = 0; round < 100'000; ++round) {
    span = round % 2;
    order.Add({7}, span, is_in);
  }
  order.CheckInvariants();
  CHECK(order.MemoryBytes() < 200'000);
  CHECK(ListsOf(order)[span].contains(7));
}

TEST_CASE("each profile is where it was last seen, whatever is done to it", "[seen_order]") {
  const uint64_t seed = TestSeed();
  StoreBuilder b;
  RandomChanges changes(seed);
  for (const Mutation& declaration : changes.Declarations()) b.Apply(declaration);
  for (int round = 0; round < 3'000; ++round) {
    b.Apply(changes.Next(b.store));
    if (round % 50 == 0) CheckHoldsAll(b.store.state());
  }
  REQUIRE(!ListsOf(*b.store.state().seen_order).empty());
  // It is in no file: a store that takes over a state makes it anew.
  Store again;
  for (const Mutation& declaration : RandomChanges(seed).Declarations()) {
    ChangeSet none;
    again.Apply(declaration, &none);
  }
  const size_t bytes = b.store.state().seen_order->MemoryBytes();
  again.Restore(b.store.state(), b.store.Pending(), b.store.lsn());
  CheckHoldsAll(again.state());
  CHECK(again.state().seen_order->MemoryBytes() <= bytes);
}

}  // namespace
}  // namespace roster
