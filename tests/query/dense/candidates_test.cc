// SPDX-License-Identifier: Apache-2.0
//
// Operators over events choose their road by how many of a chunk's rows are candidates and how many
// events there are: whichever it is, they say what Matches says. ROSTER_SEED repeats a run.
#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "query/bind/bind.h"
#include "query/errors.h"
#include "query/grammar/grammar.h"
#include "query/planner.h"
#include "storage/base/text.h"
#include "tests/query/test_store.h"
#include "tests/seed.h"

namespace roster::query {
namespace {

constexpr int64_t kDayMs = 86'400'000;

// People with up to `most` events each of a type; amounts up to `largest` hundredths. The last day
// of the events is yet to come, or not.
class Dense {
 public:
  Dense(uint64_t seed, int num_people, uint64_t most, int64_t largest, bool ahead = true)
      : random_(seed), largest_(largest), last_ms_(ahead ? -kDayMs : 0) {
    store_.Event("view");
    store_.Property("view", "amount", ValueType::kDecimal, 2);
    store_.Property("view", "topic", ValueType::kText);
    store_.Event("other");
    for (int i = 0; i < num_people; ++i) {
      const ProfileId id = store_.Profile();
      for (uint64_t n = random_() % (most + 1); n > 0; --n) Did(id, "view");
      if (i % 5 == 0) Did(id, "other");
    }
    // Of these some are left in the tail.
    for (int i = 0; i < num_people; i += 7) Did({static_cast<uint64_t>(i) + 1}, "view");
  }
  const TestStore& store() const { return store_; }

  ChunkBits SomeOf(const ChunkBits& rows, uint64_t one_in) {
    ChunkBits some;
    rows.ForEach([&](uint32_t i) {
      if (random_() % one_in == 0) some.Set(i);
    });
    return some;
  }

 private:
  void Did(ProfileId id, const char* type) {
    const int64_t ago_ms = static_cast<int64_t>(random_() % 60) * kDayMs +
                           static_cast<int64_t>(random_() % 5 * kDayMs / 4) + last_ms_;
    Fields fields;
    if (*type == 'v' && random_() % 4 != 0) {
      const auto cents =
          static_cast<int64_t>(random_() % (2 * static_cast<uint64_t>(largest_))) - largest_;
      fields = {{"amount", Decimal{cents, 2}},
                {"topic", std::string(1, static_cast<char>('a' + random_() % 4))}};
    }
    store_.Did(id, type, Ago(ago_ms), fields);
  }

  std::mt19937_64 random_;
  const int64_t largest_;
  const int64_t last_ms_;
  TestStore store_;
};

std::unique_ptr<Operator> Planned(const std::string& text, const ReadView& view) {
  const SchemaCatalog catalog(view.schema(), &*view->definitions);
  const auto statement = Parse(text);
  INFO(text << "\n" << RenderError(text, statement.status()));
  REQUIRE(statement.ok());
  auto bound =
      Bind(*statement, {.text = text, .catalog = &catalog, .params = {}, .time_zone = "UTC"});
  INFO(RenderError(text, bound.status()));
  REQUIRE(bound.ok());
  return std::move(MakePlan(*std::move(bound), view, {})->filter);
}

const std::vector<std::string> kWindows = {"",
                                           " within last 10 days",
                                           " in last 10 calendar days",
                                           " between 40 days and 20 days ago",
                                           " more than 30 days ago",
                                           " within last 400 days",
                                           " within next 5 days"};

std::vector<std::string> Filters() {
  std::vector<std::string> filters;
  for (const std::string& window : kWindows) {
    for (const std::string events : {"view", "view where topic = \"b\"", "other"}) {
      for (const std::string count : {"at least 1", "at least 4", "at least 30", "exactly 0",
                                      "exactly 3", "at most 2", "at least 100000"}) {
        filters.push_back(StrCat("did ", events, " ", count, " times", window));
        filters.push_back(StrCat("not did ", events, " ", count, " times", window));
        filters.push_back(StrCat("did ", events, " on ", count, " days", window));
      }
    }
    for (const std::string op : {"<", "<=", ">", ">=", "=", "!="}) {
      for (const std::string value :
           {"0", "-0.5", "12.34", "3.001", "-7.999", "1e30", "-1e30", "100000000000000000"}) {
        filters.push_back(StrCat("sum(view.amount)", window, " ", op, " ", value));
      }
      filters.push_back(StrCat("avg(view.amount where topic = \"c\")", window, " ", op, " 0.25"));
      filters.push_back(StrCat("count(view.amount)", window, " ", op, " 5"));
      filters.push_back(StrCat("sum(view.amount)", window, " ", op, " max(view.amount)"));
    }
  }
  return filters;
}

void CheckAll(Dense* dense, const std::string& zone) {
  const ReadView view = dense->store().View();
  for (const std::string& filter : Filters()) {
    const std::string text = StrCat("count where ", filter, " at time zone \"", zone, "\"");
    INFO(text);
    const auto planned = Planned(text, view);
    ChunkBits matches;
    view->live.chunk(0).ForEach([&](uint32_t i) {
      if (planned->Matches(view, {i})) matches.Set(i);
    });
    for (const uint64_t one_in : {1, 3, 30, 500}) {
      ChunkBits rows = dense->SomeOf(view->live.chunk(0), one_in);
      ChunkBits expected = rows;
      expected.And(matches);
      planned->Evaluate(view, 0, &rows);
      CHECK(rows == expected);
    }
  }
}

TEST_CASE("many events a person, few, and none: all candidates and some") {
  for (const bool ahead : {true, false}) {
    for (const uint64_t most : {0, 1, 3, 40}) {
      Dense dense(TestSeed(), 600, most, 2000, ahead);
      CheckAll(&dense, ahead ? "America/St_Johns" : "UTC");  // there days begin at some events
    }
  }
}

TEST_CASE("sums that may leave 64 bits") {
  Dense dense(TestSeed(), 300, 20, 4'000'000'000'000'000'000);
  CheckAll(&dense, "UTC");
}

}  // namespace
}  // namespace roster::query
