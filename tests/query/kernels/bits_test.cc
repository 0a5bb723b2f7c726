// SPDX-License-Identifier: Apache-2.0
#include "query/kernels/bits.h"

#include <bit>
#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "query/kernels/target.h"
#include "tests/query/kernels/every_target.h"

namespace roster::query::kernels {
namespace {

TEST_CASE("kernels: bits are counted at every length", "[kernels]") {
  ForEveryTarget([] {
    std::mt19937_64 random(1);
    for (size_t length = 0; length <= 300; ++length) {
      std::vector<uint64_t> words(length);
      uint64_t expected = 0;
      for (uint64_t& word : words) {
        word = random() % 4 == 0 ? ~uint64_t{0} : random();
        expected += static_cast<uint64_t>(std::popcount(word));
      }
      INFO(TargetName() << ", " << length << " words");
      REQUIRE(CountBits(words.data(), words.size()) == expected);
    }
  });
}

TEST_CASE("kernels: bits of both are left at every length", "[kernels]") {
  ForEveryTarget([] {
    std::mt19937_64 random(2);
    for (size_t length = 0; length <= 300; ++length) {
      std::vector<uint64_t> words(length);
      std::vector<uint64_t> others(length);
      std::vector<uint64_t> expected(length);
      for (size_t w = 0; w < length; ++w) {
        words[w] = random();
        others[w] = random();
        expected[w] = words[w] & others[w];
      }
      AndBits(others.data(), length, words.data());
      INFO(TargetName() << ", " << length << " words");
      REQUIRE(words == expected);
    }
  });
}

}  // namespace
}  // namespace roster::query::kernels
