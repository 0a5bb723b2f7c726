// SPDX-License-Identifier: Apache-2.0
//
// Random stores and random filters over them, from one seed: every form of the language, on data
// with missing values, empty and foreign texts, equal times, late and future events, merges.
#ifndef ROSTER_TESTS_QUERY_RANDOM_FILTER_H_
#define ROSTER_TESTS_QUERY_RANDOM_FILTER_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/query/test_store.h"

namespace roster::query {

class RandomFilter {
 public:
  explicit RandomFilter(uint64_t seed) : random_(seed) {}

  // The moment about which all times are, from now on; before, TestStore::kNow.
  void Around(Timestamp now) { now_ = now; }
  // Declares everything that Filter may name and fills it.
  TestStore Store(int num_profiles);
  // A filter with at most `depth` levels of logic.
  std::string Filter(int depth);
  // One without logic, but inside of conditions.
  std::string Leaf();
  // A moment about now, for views.
  Timestamp Now();

 private:
  uint64_t Below(uint64_t n) { return random_() % n; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  template <typename T>
  const T& Of(const std::vector<T>& values) {
    return values[Below(values.size())];
  }

  // A trait of the store or a property of its events: both have the same names and types.
  std::string Test(bool windows);
  std::string Compare(const std::string& value);
  std::string Number();
  std::string Text();
  std::string Time();
  std::string Window();
  std::string Duration();
  std::string Condition(int depth);
  std::string Behaviour();
  std::string Count();
  std::string Chosen();
  std::string Aggregate();
  std::string AggregateOf();
  std::string Standing();
  std::string Sequence();
  std::string Session(int depth);
  std::string Sessions();
  std::string History();
  std::string Events();
  std::string Where();

  void AddStandings(ProfileId id, TestStore* store);
  int64_t RandomTime();
  Fields RandomFields();

  std::mt19937_64 random_;
  Timestamp now_ = TestStore::kNow;
};

}  // namespace roster::query

#endif  // ROSTER_TESTS_QUERY_RANDOM_FILTER_H_
