// SPDX-License-Identifier: Apache-2.0
//
// The rows that were last seen the latest: found among the newest, they are those that sorting all
// that match gives, also where people were seen again, at the same time, or never, and page by
// page. And they are found without a look at the others.
#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "storage/memory/chunk.h"
#include "tests/query/test_store.h"
#include "tests/seed.h"

namespace roster::query {
namespace {

constexpr int64_t kDayMs = 86'400'000;

struct Person {
  ProfileId id;
  int64_t age = 0;
  std::string email;
};

class Crowd {
 public:
  // Seen within so long a time.
  Crowd(std::mt19937_64* random, int64_t within_ms) : random_(*random), within_ms_(within_ms) {
    store.Trait("age", ValueType::kInteger);
    store.Trait("email", ValueType::kText);
    store.Event("visit");
    for (uint32_t p = 0; p < 4 * kChunkRows + 99; ++p) {
      Person person;
      person.age = static_cast<int64_t>(Below(100));
      person.email = StrCat("u", Below(1'000'000), "@", Below(4) == 0 ? "a" : "b", ".nl");
      person.id = store.Profile({{"age", person.age}, {"email", person.email}}, AnyTime());
      people.push_back(std::move(person));
    }
    for (uint32_t n = 0; n < kChunkRows; ++n) store.Did(AnyBody(), "visit", AnyTime());
    for (int n = 0; n < 1000; ++n) store.builder().Apply(EraseProfile{Take()});
    for (int n = 0; n < 100; ++n) store.Merge(Take(), AnyBody());
    ReuseRows();
  }

  // Who is at least so old and has this in the email: the newest first, ties by id.
  std::vector<std::string> Expected(int64_t age, const std::string& part) const {
    const ReadView view = store.View();
    const State& state = view.state();
    std::vector<std::pair<int64_t, uint64_t>> found;  // the newest first
    for (const Person& person : people) {
      const auto row = state.FindProfile(person.id);
      const Column& last_seen = state.column(kLastSeen);
      const Value email = state.column(*state.schema->FindTrait("email")).Get(*row);
      const Value years = state.column(*state.schema->FindTrait("age")).Get(*row);
      if (std::get<int64_t>(years) < age) continue;
      if (std::get<std::string>(email).find(part) == std::string::npos) continue;
      REQUIRE(last_seen.Has(*row));
      found.emplace_back(-last_seen.Bits(*row), person.id.value);
    }
    std::sort(found.begin(), found.end());
    std::vector<std::string> ids;
    for (const auto& [time, id] : found) ids.push_back(StrCat("p", id));
    return ids;
  }

  TestStore store;
  std::vector<Person> people;

 private:
  uint64_t Below(uint64_t n) { return random_() % n; }
  ProfileId AnyBody() { return people[Below(people.size())].id; }
  ProfileId Take() {
    std::swap(people[Below(people.size())], people.back());
    const ProfileId id = people.back().id;
    people.pop_back();
    return id;
  }
  // People who were seen before all others get the rows of some who are gone.
  void ReuseRows() {
    Store& of = store.builder().store;
    while (const auto job = of.TakeSealJob(true)) of.InstallSeal(*job, job->Run());
    const uint32_t num_rows = of.state().num_rows();
    for (int n = 0; n < 1000; ++n) {
      const Timestamp time{TestStore::kNow.ms - 3 * within_ms_ - static_cast<int64_t>(Below(99))};
      const Fields traits = {{"age", int64_t{150}}, {"email", StrCat("old", n, "@a.nl")}};
      people.push_back({store.Profile(traits, time), 150, ""});
    }
    REQUIRE(of.state().num_rows() == num_rows);
  }
  Timestamp AnyTime() {
    const auto ago_ms = static_cast<int64_t>(Below(static_cast<uint64_t>(within_ms_)));
    return {TestStore::kNow.ms - ago_ms};
  }

  std::mt19937_64& random_;
  const int64_t within_ms_;
};

QueryAnswer Asked(const Crowd& crowd, const std::string& text, const QueryOptions& options = {}) {
  const ReadView view = crowd.store.View();
  auto answer = Run(text, {}, options, view, SchemaCatalog(view.schema(), &*view->definitions), {});
  INFO(answer.status().ToString());
  REQUIRE(answer.ok());
  return *std::move(answer);
}

std::vector<std::string> IdsOf(const QueryAnswer& answer) {
  std::vector<std::string> ids;
  for (const auto& row : std::get<TableAnswer>(answer).rows) {
    ids.push_back(std::get<std::string>(row[0]));
  }
  return ids;
}

TEST_CASE("the newest that match come first", "[newest]") {
  std::mt19937_64 random(TestSeed());
  // A quarter of an hour is not told apart by the kept order, a millisecond by no order.
  for (const int64_t within_ms : {int64_t{2}, kDayMs / 24, 180 * kDayMs}) {
    const Crowd crowd(&random, within_ms);
    // Nearly everybody, half of them, a few; the old ones, who are behind all others; nobody.
    for (const int64_t age : {0, 50, 99, 150, 151}) {
      for (const std::string part : {"@", "@a", "77", "nobody"}) {
        const auto all = crowd.Expected(age, part);
        for (const size_t limit : {1, 50, 900, 5000}) {
          const std::string text = StrCat("find id where age >= ", age, " and email contains \"",
                                          part, "\" order by last_seen desc limit ", limit);
          INFO(text << ", seen within " << within_ms << " ms");
          auto expected = all;
          expected.resize(std::min(limit, all.size()));
          CHECK(IdsOf(Asked(crowd, text)) == expected);
        }
      }
    }
  }
}

TEST_CASE("pages of the newest are the whole order", "[newest]") {
  std::mt19937_64 random(TestSeed());
  const Crowd crowd(&random, 90 * kDayMs);
  for (const std::string part : {"@", "@a"}) {
    const auto whole = crowd.Expected(30, part);
    const std::string text =
        StrCat("find id where age >= 30 and email contains \"", part, "\" limit ");
    std::vector<std::string> paged;
    QueryOptions options;
    for (int page = 0; page < 30; ++page) {
      const QueryAnswer answer = Asked(crowd, text + "40", options);
      for (std::string& id : IdsOf(answer)) paged.push_back(std::move(id));
      options.after = std::get<TableAnswer>(answer).next_after;
    }
    CHECK(paged == std::vector<std::string>(whole.begin(), whole.begin() + 1200));
    CHECK(IdsOf(Asked(crowd, text + "30 offset 500")) ==
          std::vector<std::string>(whole.begin() + 500, whole.begin() + 530));
  }
}

TEST_CASE("who was never seen comes behind all others", "[newest]") {
  std::mt19937_64 random(TestSeed());
  Crowd crowd(&random, kDayMs);
  const ProfileId never = crowd.store.builder().Profile(TestStore::kNow.ms);
  const auto row = crowd.store.View()->FindProfile(never);
  REQUIRE(!crowd.store.View()->column(kLastSeen).Has(*row));
  const auto found = IdsOf(Asked(crowd, "find id limit 100000"));
  REQUIRE(found.size() == crowd.people.size() + 1);
  CHECK(found.back() == StrCat("p", never.value));
}

// What the first part of the filter was asked of.
uint64_t NumAsked(const Crowd& crowd, const std::string& text) {
  const auto plan = std::get<PlanAnswer>(Asked(crowd, "explain analyze " + text));
  REQUIRE(plan.plan.children.size() == 1);
  return plan.plan.children[0].measures->rows_in;
}

TEST_CASE("only some of the newest are looked at, where enough of them match", "[newest]") {
  std::mt19937_64 random(TestSeed());
  const Crowd crowd(&random, 180 * kDayMs);
  const uint64_t all = crowd.people.size();
  CHECK(NumAsked(crowd, "find id where age >= 50 limit 10") < all / 8);
  CHECK(NumAsked(crowd, "find id where age >= 50 order by last_seen limit 10") == all);
  // As many as may be looked at, all in one look.
  CHECK(NumAsked(crowd, "find id where age >= 0 limit 7000") < all / 4);
  CHECK(NumAsked(crowd, "find id where age >= 50 order by age limit 10") == all);
  // Several looks at the newest, then; and those who are behind all others, or do not exist.
  CHECK(NumAsked(crowd, "find id where age >= 97 limit 100") < all / 8);
  CHECK(NumAsked(crowd, "find id where age >= 150 limit 10") == all);
  CHECK(NumAsked(crowd, "find id where age >= 151 limit 10") == all);
}

TEST_CASE("who is gone is not asked what is dear", "[newest]") {
  std::mt19937_64 random(TestSeed());
  Crowd crowd(&random, 180 * kDayMs);
  // Those of the last chunk, which hold the places of the newest still.
  const uint32_t last_chunk = crowd.store.View().num_chunks() - 1;
  for (const Person& person : std::vector<Person>(crowd.people)) {
    const auto row = crowd.store.View()->FindProfile(person.id);
    if (ChunkOf(*row) != last_chunk) continue;
    crowd.store.builder().Apply(EraseProfile{person.id});
    std::erase_if(crowd.people, [&](const Person& one) { return one.id == person.id; });
  }
  const std::string text = "find id where age >= 0 and email contains \"@a\" limit 1000";
  const auto plan = std::get<PlanAnswer>(Asked(crowd, "explain analyze " + text)).plan.children[0];
  const Measures& dear = *plan.children[1].measures;
  CHECK(dear.rows_in <= plan.children[0].measures->rows);
  CHECK(plan.measures->rows == dear.rows);
  CHECK(dear.rows_in <= crowd.people.size());
  CHECK(IdsOf(Asked(crowd, text)) == [&] {
    auto expected = crowd.Expected(0, "@a");
    expected.resize(1000);
    return expected;
  }());
}

TEST_CASE("explain tells whether it means to read only the newest", "[newest]") {
  std::mt19937_64 random(TestSeed());
  const Crowd crowd(&random, kDayMs);
  const auto reads = [&](const std::string& text) {
    return std::get<PlanAnswer>(Asked(crowd, "explain " + text)).plan.reads;
  };
  const std::vector<std::string> newest = {"rows by last_seen"};
  CHECK(reads("find id limit 10") == newest);
  CHECK(reads("find id order by last_seen desc, age limit 10") == newest);
  CHECK(reads("find id order by last_seen limit 10").empty());
  CHECK(reads("find id limit 20000").empty());
  CHECK(reads("find id where age >= 151 limit 50").empty());
}

TEST_CASE("ties of the newest go by what else it is ordered by", "[newest]") {
  std::mt19937_64 random(TestSeed());
  const Crowd crowd(&random, 40);
  const auto rows = [&](const std::string& limit) {
    const auto answer = Asked(crowd, "find id, age order by last_seen desc, age desc" + limit);
    return std::get<TableAnswer>(answer).rows;
  };
  const auto first = rows(" limit 3000");
  auto all = rows(" limit 100000");
  REQUIRE(all.size() == crowd.people.size());
  all.resize(3000);
  CHECK(first == all);
}

TEST_CASE("a page behind somebody who was never seen has others who were not", "[newest]") {
  std::mt19937_64 random(TestSeed());
  Crowd crowd(&random, kDayMs);
  const ProfileId never = crowd.store.builder().Profile(TestStore::kNow.ms);
  const ProfileId neither = crowd.store.builder().Profile(TestStore::kNow.ms);
  QueryOptions options;
  options.after = never;
  CHECK(IdsOf(Asked(crowd, "find id limit 5", options)) ==
        std::vector<std::string>{StrCat("p", neither.value)});
}

}  // namespace
}  // namespace roster::query
