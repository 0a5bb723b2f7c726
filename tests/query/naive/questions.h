// SPDX-License-Identifier: Apache-2.0
//
// Random filters and statements over a World: those of RandomFilter, and the forms that need more
// of the data. Thread rule: one thread.
#ifndef ROSTER_TESTS_QUERY_NAIVE_QUESTIONS_H_
#define ROSTER_TESTS_QUERY_NAIVE_QUESTIONS_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/query/naive/world.h"
#include "tests/query/random_filter.h"

namespace roster::query::naive {

class Questions {
 public:
  // Lifetime: the world's.
  Questions(uint64_t seed, World* world) : random_(seed), plain_(seed + 1), world_(world) {
    plain_.Around(world->now());
  }

  std::string Filter(int depth);
  std::string Leaf();
  // One that can be asked `as of` another time, mostly.
  std::string LeafOfThen();
  // funnel ..., up to its filter.
  std::string Funnel();
  std::string Instant();
  std::string Zone();

 private:
  uint64_t Below(uint64_t n) { return random_() % n; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  template <typename T>
  const T& Of(const std::vector<T>& values) {
    return values[Below(values.size())];
  }
  std::string Word(std::initializer_list<const char*> words);
  std::string Maybe(uint64_t one_in, const std::string& text);

  std::string Day();
  std::string Duration();
  std::string Window();
  std::string WindowOfDays();
  std::string Text();
  std::string Small();
  std::string Comparison();
  std::string Where();
  std::string Event();
  std::string Events();
  std::string Same();
  std::string Sequence();
  std::string Paused();
  std::string Chosen();
  std::string Counted();
  std::string History();
  std::string Dated();
  std::string Computed();
  std::string Aggregate();
  std::string Standing();
  std::string Session(int depth);
  std::string Sessions();

  std::mt19937_64 random_;
  RandomFilter plain_;
  World* const world_;
};

}  // namespace roster::query::naive

#endif  // ROSTER_TESTS_QUERY_NAIVE_QUESTIONS_H_
