// SPDX-License-Identifier: Apache-2.0
//
// A random store and, beside it, the same people as the naive evaluator wants them: filled by one
// hand, so that neither is read out of the other. Missing values, empty and foreign texts, equal
// times, late and future events, merges, archived profiles, days on which clocks change, the 29th
// of February. Thread rule: one thread.
#ifndef ROSTER_TESTS_QUERY_NAIVE_WORLD_H_
#define ROSTER_TESTS_QUERY_NAIVE_WORLD_H_

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/query/naive/people.h"
#include "tests/query/test_store.h"

namespace roster::query::naive {

// What is declared: names, of which RandomFilter asks some.
struct Declared {
  std::string name;
  ValueType type = ValueType::kNone;
  uint8_t scale = 0;
  Policy policy = Policy::kLatest;
};
const std::vector<Declared>& DeclaredFields();    // of traits and of the first three events
const std::vector<Declared>& DeclaredPolicies();  // traits with a policy of their own
const std::vector<std::string>& DeclaredEvents();
const std::vector<std::string>& DeclaredSegments();
const std::vector<std::string>& DeclaredComputed();
const std::vector<std::string>& Texts();

class World {
 public:
  World(uint64_t seed, int num_profiles);

  const TestStore& store() const { return store_; }
  const People& people() const { return people_; }
  People* mutable_people() { return &people_; }
  // A day on which something is to be got wrong.
  Timestamp now() const { return now_; }
  // About now, also at the ends of windows, days, sessions; to come too.
  int64_t RandomTime();

 private:
  uint64_t Below(uint64_t n) { return random_() % n; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  template <typename T>
  const T& Of(const std::vector<T>& values) {
    return values[Below(values.size())];
  }
  // One that has come.
  int64_t PastTime();

  void Declare();
  void DeclareHome(std::string_view type);
  void Define();
  void DefineOne(std::string_view kind, const std::string& name, const std::string& said,
                 const std::string& zone);
  Value RandomValue(const Declared& field);
  void AddPerson();
  void AddTraits(ProfileId id, Person* person);
  void AddIdentities(ProfileId id, Person* person);
  void AddStandings(ProfileId id, Person* person);
  void AddSessions(ProfileId id, Person* person);
  void AddEvents();
  void Happen(size_t to, const std::string& type, int64_t ms, std::map<std::string, Value> cells);
  void Merge();
  void Seal();
  void Write(ProfileId id, Person* person, const std::string& trait, const Write& write);

  std::mt19937_64 random_;
  Timestamp now_;
  TestStore store_;
  People people_;
  std::vector<int64_t> used_;  // times, to be used again
};

}  // namespace roster::query::naive

#endif  // ROSTER_TESTS_QUERY_NAIVE_WORLD_H_
