// SPDX-License-Identifier: Apache-2.0
//
// Every target puts numbers in order as a sort does.
#include "query/kernels/order.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "tests/query/kernels/every_target.h"

namespace roster::query::kernels {
namespace {

TEST_CASE("kernels: few numbers in order", "[kernels]") {
  ForEveryTarget([] {
    std::mt19937_64 random(1);
    for (size_t size = 0; size <= 150; ++size) {
      std::vector<uint64_t> numbers(size);
      for (size_t i = 0; i < size; ++i) {
        const uint64_t key = size % 3 == 0 ? random() >> 17 : random() % 4;
        numbers[i] = key << 16 | i;
      }
      std::vector<uint64_t> ordered(size);
      PutInOrder(numbers.data(), size, ordered.data());
      std::sort(numbers.begin(), numbers.end());
      REQUIRE(ordered == numbers);
    }
  });
}

}  // namespace
}  // namespace roster::query::kernels
