// SPDX-License-Identifier: Apache-2.0
//
// An engine of the suite against peers: what each of them is asked, and how long it took. main.cc
// drives one of them by lines; bench/queries.py drives main.cc. Thread rule: one thread.
#ifndef ROSTER_BENCH_SUITE_ENGINE_H_
#define ROSTER_BENCH_SUITE_ENGINE_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace roster::suite {

struct Answer {
  double took_us = 0;                          // from the text to the whole answer in memory
  std::vector<std::vector<std::string>> rows;  // missing values are empty
};

// A measure of the engine: numbers only.
using Facts = std::vector<std::pair<std::string, uint64_t>>;

class Engine {
 public:
  virtual ~Engine() = default;

  // How many threads one statement may use, 1 or 2.
  virtual absl::Status SetThreads(int threads) = 0;
  virtual absl::StatusOr<Answer> Run(const std::string& statement) = 0;
  virtual std::string Version() = 0;
  virtual Facts GetFacts() { return {}; }
};

using MadeEngine = absl::StatusOr<std::unique_ptr<Engine>>;

// `library`: the path of libduckdb.so, of libchdb.so. Errors: it cannot be loaded.
MadeEngine MakeDuckDb(const std::string& library);
MadeEngine MakeClickHouse(const std::string& library);
// By libpq.so.5. `connection`: what PQconnectdb takes.
MadeEngine MakePostgreSql(const std::string& connection);
// By the C++ API. `folder`: of a store that MakeStore made.
MadeEngine MakeRoster(const std::string& folder);
// Roster's time before the first row is touched: each run parses, binds and plans a statement and
// answers how long each took, in microseconds. Nobody else may have the store open.
MadeEngine MakeStages(const std::string& folder);

// Generates the data set into a new store whose clock stands still at the end of the data, so that
// `now` is the same for ever, and waits until it is sealed.
absl::Status MakeStore(const std::string& folder, uint64_t num_profiles, uint64_t num_events);

// Units: microseconds.
class Stopwatch {
 public:
  double Micros() const {
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begun_)
        .count();
  }

 private:
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace roster::suite

#endif  // ROSTER_BENCH_SUITE_ENGINE_H_
