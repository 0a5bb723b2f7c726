// SPDX-License-Identifier: Apache-2.0
//
// The first rows in an order, where a part of the filter is dear: the same rows as sorting all that
// match gives, for few and many candidates, many that do not match, ties and missing values.
#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "query/statements/scan_helper.h"
#include "storage/memory/chunk.h"
#include "tests/query/test_store.h"
#include "tests/seed.h"

namespace roster::query {
namespace {

struct Person {
  int64_t id = 0;
  int64_t age = 0;
  std::string email;
  std::optional<int64_t> score;
};

struct Crowd {
  TestStore store;
  std::vector<Person> people;
};

Crowd RandomCrowd(std::mt19937_64* random) {
  Crowd crowd;
  crowd.store.Trait("age", ValueType::kInteger);
  crowd.store.Trait("email", ValueType::kText);  // so many that each is asked by itself
  crowd.store.Trait("score", ValueType::kInteger);
  const uint64_t num_scores = (*random)() % 2 == 0 ? 50 : 1'000'000;
  for (uint32_t p = 0; p < 2 * kChunkRows + 99; ++p) {
    Person person;
    person.age = static_cast<int64_t>((*random)() % 100);
    person.email =
        StrCat("u", (*random)() % 1'000'000, "@", (*random)() % 4 == 0 ? "a" : "b", ".nl");
    Fields traits = {{"age", person.age}, {"email", person.email}};
    if ((*random)() % 10 != 0) {
      person.score = static_cast<int64_t>((*random)() % num_scores) - 20;
      traits.emplace_back("score", *person.score);
    }
    person.id = static_cast<int64_t>(crowd.store.Profile(traits).value);
    crowd.people.push_back(std::move(person));
  }
  return crowd;
}

// Missing ones last either way, ties by id.
std::vector<std::string> Expected(const Crowd& crowd, int64_t age, const std::string& part,
                                  bool descending, size_t limit) {
  std::vector<const Person*> found;
  for (const Person& person : crowd.people) {
    if (person.age >= age && person.email.find(part) != std::string::npos) found.push_back(&person);
  }
  std::sort(found.begin(), found.end(), [&](const Person* a, const Person* b) {
    if (a->score.has_value() != b->score.has_value()) return a->score.has_value();
    if (a->score != b->score) return descending ? *a->score > *b->score : *a->score < *b->score;
    return a->id < b->id;
  });
  std::vector<std::string> ids;
  for (size_t i = 0; i < std::min(limit, found.size()); ++i) {
    ids.push_back(StrCat("p", found[i]->id));
  }
  return ids;
}

// `after`: the last one of the page before; set to that of this page.
std::vector<std::string> Found(const Crowd& crowd, const std::string& text,
                               const ExecutionLimits& limits,
                               std::optional<ProfileId>* after = nullptr) {
  const ReadView view = crowd.store.View();
  QueryOptions options;
  if (after != nullptr) options.after = *after;
  const auto answer =
      Run(text, {}, options, view, SchemaCatalog(view.schema(), &*view->definitions), limits);
  INFO(answer.status().ToString());
  REQUIRE(answer.ok());
  if (after != nullptr) *after = std::get<TableAnswer>(*answer).next_after;
  std::vector<std::string> ids;
  for (const auto& row : std::get<TableAnswer>(*answer).rows) {
    ids.push_back(std::get<std::string>(row[0]));
  }
  return ids;
}

// A second thread is asked at once.
ExecutionLimits WithHelp(ScanHelper* helper) {
  ExecutionLimits limits;
  limits.helper = helper;
  limits.alone_us = 0;
  return limits;
}

TEST_CASE("find with dear conditions gives the first rows in order", "[threads]") {
  std::mt19937_64 random(TestSeed());
  const Crowd crowd = RandomCrowd(&random);
  ScanHelper helper(ThreadExecutor());
  const ExecutionLimits two = WithHelp(&helper);
  for (const int64_t age : {0, 60, 95, 100}) {
    for (const std::string part : {"@a", "77", "999", "nobody"}) {
      for (const size_t limit : {1, 40, 900, 3000}) {
        const bool descending = random() % 2 == 0;
        const std::string text =
            StrCat("find id where age >= ", age, " and email contains \"", part,
                   "\" order by score", descending ? " desc" : "", " limit ", limit);
        INFO(text);
        const auto expected = Expected(crowd, age, part, descending, limit);
        CHECK(Found(crowd, text, {}) == expected);
        CHECK(Found(crowd, text, two) == expected);
      }
    }
  }
}

TEST_CASE("a dear condition by itself is asked of the first rows", "[threads]") {
  std::mt19937_64 random(TestSeed());
  const Crowd crowd = RandomCrowd(&random);
  for (const std::string part : {"@", "@a", "77", "nobody"}) {
    for (const size_t limit : {1, 40, 3000}) {
      const std::string where = StrCat("email contains \"", part, "\"");
      const std::string text =
          StrCat("find id where ", where, " order by score desc limit ", limit);
      INFO(text);
      CHECK(Found(crowd, text, {}) == Expected(crowd, 0, part, true, limit));
    }
  }
  const auto plan =
      crowd.store.Ask("explain analyze find id where email contains \"@\" order by score limit 9");
  REQUIRE(plan.ok());
  CHECK(std::get<PlanAnswer>(*plan).plan.children[0].measures->rows_in < crowd.people.size() / 10);
}

TEST_CASE("the first and the last ids of many are found") {
  std::mt19937_64 random(TestSeed());
  const Crowd crowd = RandomCrowd(&random);
  std::vector<std::string> ids;
  for (const Person& person : crowd.people) {
    if (person.age >= 3) ids.push_back(StrCat("p", person.id));
  }
  for (const size_t limit : {1, 300, 20'000}) {
    const std::string text = "find id where age >= 3 order by id";
    const auto end = static_cast<std::ptrdiff_t>(limit);
    CHECK(Found(crowd, StrCat(text, " limit ", limit), {}) ==
          std::vector<std::string>(ids.begin(), ids.begin() + end));
    CHECK(Found(crowd, StrCat(text, " desc limit ", limit), {}) ==
          std::vector<std::string>(ids.rbegin(), ids.rbegin() + end));
  }
}

TEST_CASE("pages of a find with dear conditions are its whole order, one behind the other",
          "[threads]") {
  std::mt19937_64 random(TestSeed());
  const Crowd crowd = RandomCrowd(&random);
  ScanHelper helper(ThreadExecutor());
  const ExecutionLimits two = WithHelp(&helper);
  for (const std::string order : {"score desc", "score", "email", "email desc, score"}) {
    const std::string text =
        StrCat("find id where age >= 20 and email contains \"@a\" order by ", order, " limit ");
    INFO(text);
    const auto whole = Found(crowd, text + "30000", {});
    REQUIRE(whole.size() > 3'000);
    std::vector<std::string> paged;
    std::optional<ProfileId> after;
    for (int page = 0; page < 5; ++page) {
      for (std::string& id : Found(crowd, text + "40", two, &after)) paged.push_back(std::move(id));
    }
    CHECK(paged == std::vector<std::string>(whole.begin(), whole.begin() + 200));
    CHECK(Found(crowd, text + "30 offset 50", {}) ==
          std::vector<std::string>(whole.begin() + 50, whole.begin() + 80));
  }
}

}  // namespace
}  // namespace roster::query
