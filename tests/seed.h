// SPDX-License-Identifier: Apache-2.0
//
// The seed of a random test: ROSTER_SEED when set, else fresh; printed once, so that a failure can
// be repeated.
#ifndef ROSTER_TESTS_SEED_H_
#define ROSTER_TESTS_SEED_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace roster {

inline uint64_t TestSeed() {
  static const uint64_t seed = [] {
    const char* given = std::getenv("ROSTER_SEED");
    const uint64_t value =
        given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::printf("ROSTER_SEED=%llu\n", static_cast<unsigned long long>(value));
    return value;
  }();
  return seed;
}

}  // namespace roster

#endif  // ROSTER_TESTS_SEED_H_
