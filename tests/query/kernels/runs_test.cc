// SPDX-License-Identifier: Apache-2.0
//
// Every target finds the runs that are not empty as one comparison after the other does.
#include "query/kernels/runs.h"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "query/kernels/target.h"
#include "tests/query/kernels/every_target.h"

namespace roster::query::kernels {
namespace {

TEST_CASE("kernels: runs that are not empty", "[kernels]") {
  ForEveryTarget([] {
    std::mt19937_64 random(1);
    for (size_t num_words = 0; num_words <= 40; ++num_words) {
      for (size_t offset = 0; offset < 20; ++offset) {
        // Of the exact size, so that AddressSanitizer sees what is read behind it.
        std::vector<uint32_t> begins(offset + num_words * 64 + 1);
        begins[0] = random() % 3 == 0 ? 0xfffffff0u : 0;
        const uint64_t sparse = 1 + random() % 5;
        for (size_t i = 1; i < begins.size(); ++i)
          begins[i] = begins[i - 1] + (random() % sparse == 0);
        std::vector<uint64_t> wanted(num_words);
        std::vector<uint64_t> rows(num_words);
        for (size_t w = 0; w < num_words; ++w) {
          wanted[w] = random() % 3 == 0 ? 0 : random();
          const uint64_t half = random();
          rows[w] = half & random();
        }
        std::vector<uint64_t> expected = rows;
        for (size_t i = 0; i < num_words * 64; ++i) {
          const bool any = begins[offset + i] != begins[offset + i + 1];
          if (any && wanted[i / 64] != 0) expected[i / 64] |= uint64_t{1} << (i % 64);
        }
        AddNonEmpty(begins.data() + offset, num_words, wanted.data(), rows.data());
        if (rows != expected) FAIL(TargetName() << " at " << num_words << ", " << offset);
      }
    }
  });
}

}  // namespace
}  // namespace roster::query::kernels
