// SPDX-License-Identifier: Apache-2.0
//
// Randomness that repeats: a Random from a seed, such as TestSeed of tests/seed.h.
// Thread rule: a SeededRandom is not shared.
#ifndef ROSTER_TESTS_DISK_SEEDED_RANDOM_H_
#define ROSTER_TESTS_DISK_SEEDED_RANDOM_H_

#include <cstdint>

#include "storage/base/environment.h"

namespace roster {

// Source: SplitMix64, https://prng.di.unimi.it/splitmix64.c
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  uint64_t Next() override {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  // In [0, limit).
  uint64_t Below(uint64_t limit) { return Next() % limit; }

 private:
  uint64_t state_;
};

}  // namespace roster

#endif  // ROSTER_TESTS_DISK_SEEDED_RANDOM_H_
