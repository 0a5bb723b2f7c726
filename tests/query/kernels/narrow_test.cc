// SPDX-License-Identifier: Apache-2.0
//
// Every target narrows as one cell after the other does, at every length and offset.
#include "query/kernels/narrow.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "query/kernels/target.h"
#include "tests/query/kernels/every_target.h"

namespace roster::query::kernels {
namespace {

constexpr size_t kMaxLength = 300;

using Words = std::vector<uint64_t>;

// Bits of all words, in one of three ways: all, few, none in many words.
Words RandomBits(size_t size, std::mt19937_64* random) {
  Words words((size + 63) / 64);
  const uint64_t way = (*random)() % 3;
  for (uint64_t& word : words) {
    word = way == 0 ? ~uint64_t{0} : way == 1 || (*random)() % 2 == 0 ? (*random)() : 0;
  }
  if (size % 64 != 0) words.back() &= (uint64_t{1} << (size % 64)) - 1;
  return words;
}

template <typename UintN>
RawRange<UintN> RandomRange(std::mt19937_64* random) {
  constexpr UintN kMax = std::numeric_limits<UintN>::max();
  // Ends of the type, and ranges of a few values.
  const auto first = static_cast<UintN>((*random)() % 4 == 0 ? 0 : (*random)());
  const auto span = static_cast<UintN>((*random)() % 4 == 0 ? (*random)() % 3 : (*random)());
  return {first, std::min<UintN>(span, kMax - first)};
}

template <typename UintN>
Words Expected(const UintN* cells, size_t size, absl::Span<const RawRange<UintN>> ranges,
               bool negated, Words rows) {
  for (size_t i = 0; i < size; ++i) {
    bool is_in = false;
    for (const RawRange<UintN>& range : ranges) {
      is_in |= cells[i] >= range.first && cells[i] - range.first <= range.span;
    }
    if (is_in == negated) rows[i / 64] &= ~(uint64_t{1} << (i % 64));
  }
  return rows;
}

TEMPLATE_TEST_CASE("kernels: ranges narrow as cell by cell", "[kernels]", uint8_t, uint16_t,
                   uint32_t, uint64_t) {
  std::set<std::string> targets;
  ForEveryTarget([&] {
    targets.insert(TargetName());
    std::mt19937_64 random(1);
    for (size_t length = 0; length <= kMaxLength; ++length) {
      for (size_t offset = 0; offset < 64; offset += 1 + random() % 8) {
        // Of the exact size, so that AddressSanitizer sees what is read behind it.
        std::vector<TestType> cells(offset + length);
        for (TestType& cell : cells) cell = static_cast<TestType>(random());
        std::vector<RawRange<TestType>> ranges(1 + random() % 4);
        for (auto& range : ranges) range = RandomRange<TestType>(&random);
        const bool negated = random() % 2 == 0;
        Words rows = RandomBits(length, &random);
        const absl::Span<const RawRange<TestType>> span(ranges);
        const Words expected = Expected(cells.data() + offset, length, span, negated, rows);
        NarrowByRanges(cells.data() + offset, length, span, negated, rows.data());
        if (rows != expected) FAIL(TargetName() << " at length " << length << ", " << offset);
      }
    }
  });
  CHECK(targets.size() == hwy::SupportedAndGeneratedTargets().size());
}

TEST_CASE("kernels: cells in two arrays narrow as cell by cell", "[kernels]") {
  ForEveryTarget([] {
    std::mt19937_64 random(3);
    for (size_t length = 0; length <= kMaxLength; ++length) {
      for (size_t offset = 0; offset < 64; offset += 1 + random() % 8) {
        std::vector<uint32_t> highs(offset + length);
        std::vector<uint8_t> lows(offset + length);
        // Few of them, so that many are at the ends of a range.
        for (uint32_t& high : highs) high = static_cast<uint32_t>(random() % 8) - 4;
        for (uint8_t& low : lows) low = static_cast<uint8_t>(random());
        const uint64_t most = (uint64_t{1} << 40) - 1;
        const uint64_t upper = static_cast<uint32_t>(random() % 8) - 4;
        const uint64_t first = (upper & 0xffffffff) << 8 | random() % 256;
        const uint64_t span = std::min(random() % 4 == 0 ? most : random() % 1024, most - first);
        const bool negated = random() % 2 == 0;
        Words rows = RandomBits(length, &random);
        Words expected = rows;
        for (size_t i = 0; i < length; ++i) {
          const uint64_t cell = uint64_t{highs[offset + i]} << 8 | lows[offset + i];
          const bool is_in = first <= cell && cell <= first + span;
          if (is_in == negated) expected[i / 64] &= ~(uint64_t{1} << (i % 64));
        }
        NarrowSplitByRange(highs.data() + offset, lows.data() + offset, length, {first, span},
                           negated, rows.data());
        if (rows != expected) FAIL(TargetName() << " at length " << length << ", " << offset);
      }
    }
  });
}

TEST_CASE("kernels: sets of bytes narrow as cell by cell", "[kernels]") {
  ForEveryTarget([] {
    std::mt19937_64 random(2);
    for (size_t length = 0; length <= kMaxLength; ++length) {
      const size_t offset = random() % 64;
      std::vector<uint8_t> cells(offset + length);
      for (uint8_t& cell : cells) cell = static_cast<uint8_t>(random());
      ByteSet set;
      for (uint64_t& word : set) {
        const uint64_t half = random();
        word = half % 8 == 0 ? ~uint64_t{0} : half & random();
      }
      const bool negated = random() % 2 == 0;
      Words rows = RandomBits(length, &random);
      Words expected = rows;
      for (size_t i = 0; i < length; ++i) {
        const uint8_t cell = cells[offset + i];
        const bool is_in = (set[cell / 64] >> (cell % 64) & 1) != 0;
        if (is_in == negated) expected[i / 64] &= ~(uint64_t{1} << (i % 64));
      }
      NarrowByBytes(cells.data() + offset, length, set, negated, rows.data());
      if (rows != expected) FAIL(TargetName() << " at length " << length << ", " << offset);
    }
  });
}

}  // namespace
}  // namespace roster::query::kernels
