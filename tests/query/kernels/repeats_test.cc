// SPDX-License-Identifier: Apache-2.0
//
// Every target finds the rows with several selected places as counting them does.
#include "query/kernels/repeats.h"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <vector>

#include "query/kernels/target.h"
#include "tests/query/kernels/every_target.h"

namespace roster::query::kernels {
namespace {

constexpr size_t kMaxLength = 300;

// Rows that ascend, in runs of different lengths.
std::vector<uint16_t> RandomRows(size_t size, std::mt19937_64* random) {
  std::vector<uint16_t> rows(size);
  const uint64_t longest = 1 + (*random)() % 100;
  for (size_t i = 1; i < size; ++i) {
    rows[i] = static_cast<uint16_t>(rows[i - 1] + ((*random)() % longest == 0 ? 1 : 0));
  }
  return rows;
}

// Of each row a part that is side by side.
std::vector<bool> RandomParts(const std::vector<uint16_t>& rows, std::mt19937_64* random) {
  std::vector<bool> selected(rows.size());
  for (size_t begin = 0; begin < rows.size();) {
    size_t end = begin;
    while (end < rows.size() && rows[end] == rows[begin]) ++end;
    const size_t first = begin + (*random)() % (end - begin + 1);
    const size_t last = first + (*random)() % (end - first + 1);
    for (size_t i = first; i < last; ++i) selected[i] = true;
    begin = end;
  }
  return selected;
}

TEST_CASE("kernels: rows with several selected places", "[kernels]") {
  ForEveryTarget([] {
    std::mt19937_64 random(1);
    for (size_t length = 0; length <= kMaxLength; ++length) {
      for (size_t ahead = 0; ahead < 140; ahead += 1 + random() % 20) {
        const std::vector<uint16_t> rows = RandomRows(length, &random);
        std::vector<bool> selected = RandomParts(rows, &random);
        if (ahead == 0) {
          for (auto&& one : selected) one = random() % 3 == 0;
        }
        std::vector<uint64_t> words((length + 63) / 64);
        std::map<uint16_t, size_t> counts;
        for (size_t i = 0; i < length; ++i) {
          if (!selected[i]) continue;
          words[i / 64] |= uint64_t{1} << (i % 64);
          ++counts[rows[i]];
        }
        std::vector<uint8_t> expected(kMaxLength);
        for (const auto& [row, count] : counts) expected[row] = count > ahead ? 1 : 0;
        std::vector<uint8_t> reached(kMaxLength);
        MarkRepeated(rows.data(), length, words.data(), ahead, reached.data());
        if (reached != expected) FAIL(TargetName() << " at " << length << ", " << ahead);
        std::vector<uint64_t> bits(kMaxLength / 64 + 1);
        AddRepeated(rows.data(), length, words.data(), ahead, bits.data());
        for (size_t row = 0; row < kMaxLength; ++row) {
          if ((bits[row / 64] >> (row % 64) & 1) != expected[row]) FAIL(TargetName() << " bits");
        }
      }
    }
  });
}

}  // namespace
}  // namespace roster::query::kernels
