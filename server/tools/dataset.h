// SPDX-License-Identifier: Apache-2.0
//
// The generated data set: people with traits, and what they did. Deterministic: equal options give
// equal data on every machine, so only integers and a generator of our own are used. A sink gets
// each profile with its events, ascending by profile number.
// Thread rule: one call per thread. Source: server/README.md "The data set".
#ifndef ROSTER_SERVER_TOOLS_DATASET_H_
#define ROSTER_SERVER_TOOLS_DATASET_H_

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "roster/value.h"

namespace roster::server {

// 2026-01-01T00:00:00Z
inline constexpr Timestamp kDatasetEnd{1'767'225'600'000};

struct DatasetOptions {
  uint64_t num_profiles = 0;
  uint64_t num_events = 0;
  int days = 180;  // events lie in the days before `end`
  uint64_t seed = 1;
  Timestamp end = kDatasetEnd;
};

// SplitMix64. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014).
class DatasetRandom {
 public:
  explicit DatasetRandom(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15;
    return Mix(state_);
  }
  // In [0, n). Requires: n > 0.
  uint64_t Below(uint64_t n) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(Next()) * n) >> 64);
  }
  bool Percent(uint64_t percent) { return Below(100) < percent; }
  static uint64_t Mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }

 private:
  uint64_t state_;
};

// Texts live as long as the call to the sink.
struct DatasetProfile {
  uint64_t number = 0;  // from 1
  std::string email;    // empty: none
  std::string phone;    // empty: none
  std::string_view first_name;
  std::string_view last_name;
  std::string_view company;  // empty: none
  std::string_view country;
  std::string_view city;
  std::string_view plan;
  int age = 0;
  int64_t ltv_cents = 0;
  Timestamp created_at;
  Timestamp last_seen;
  std::array<std::string_view, 3> labels;
  size_t num_labels = 0;
  bool consent_email = false;
  std::string_view status;
};

struct DatasetEvent {
  uint64_t number = 0;  // over the whole set, from 1
  Timestamp time;
  uint64_t session = 0;  // over the whole set, from 1
  std::string_view type;
  std::string_view channel;
  int64_t amount_cents = 0;   // 0: none
  std::string_view category;  // empty: none; so for the two below
  std::string_view topic;
  std::string_view campaign;
};

class DatasetSink {
 public:
  virtual ~DatasetSink() = default;
  virtual absl::Status Take(const DatasetProfile& profile,
                            absl::Span<const DatasetEvent> events) = 0;
  // After the last profile.
  virtual absl::Status Finish() = 0;
};

// Errors: of the sink; `progress` gets the part done and may return false to stop (CANCELLED).
absl::Status GenerateDataset(const DatasetOptions& options, DatasetSink* sink,
                             const std::function<bool(double)>& progress);

// A permutation of [0, n): the rank of a profile by activity.
// Source: a Feistel network with cycle walking (Black, Rogaway 2002).
uint64_t PermuteRank(uint64_t i, uint64_t n, uint64_t seed);

}  // namespace roster::server

#endif  // ROSTER_SERVER_TOOLS_DATASET_H_
