// SPDX-License-Identifier: Apache-2.0
//
// Every target finds the chains that trying every event finds, of runs of each length from 0 to
// 300, wherever they begin; and leaves open only what may be.
#include "query/kernels/chains.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "query/kernels/target.h"
#include "tests/query/kernels/every_target.h"
#include "tests/seed.h"

namespace roster::query::kernels {
namespace {

constexpr size_t kMaxLength = 300;

bool IsIn(const RawRange<uint32_t>& range, uint32_t value) {
  return value - range.first <= range.span;
}

// The steps of rows, with memory of the exact size, so that AddressSanitizer sees what is read
// behind it.
struct Steps {
  std::vector<std::vector<uint32_t>> times;
  std::vector<std::vector<uint32_t>> begins;
  std::vector<ChainStep> steps;

  // Each row has `length` events of one of the steps, and few of the others.
  Steps(size_t num_steps, size_t num_rows, size_t length, std::mt19937_64* random)
      : times(num_steps), begins(num_steps) {
    const uint64_t span = 1 + (*random)() % 5000;
    for (size_t step = 0; step < num_steps; ++step) {
      const size_t offset = (*random)() % 20;
      times[step].resize(offset);
      begins[step].push_back(static_cast<uint32_t>(offset));
    }
    // Sometimes so that times go round behind the greatest.
    const auto base = static_cast<uint32_t>((*random)() % 3 == 0 ? -span / 2 : (*random)());
    for (size_t row = 0; row < num_rows; ++row) {
      const size_t long_step = (*random)() % num_steps;
      for (size_t step = 0; step < num_steps; ++step) {
        std::vector<uint64_t> row_times(step == long_step ? length : (*random)() % 5);
        for (uint64_t& time : row_times) time = (*random)() % span;
        std::sort(row_times.begin(), row_times.end());
        for (const uint64_t time : row_times) {
          times[step].push_back(base + static_cast<uint32_t>(time));
        }
        begins[step].push_back(static_cast<uint32_t>(times[step].size()));
      }
    }
    for (size_t step = 0; step < num_steps; ++step) {
      const auto first = static_cast<uint32_t>((*random)() % 10);
      const auto sure = static_cast<uint32_t>((*random)() % 100);
      times[step].shrink_to_fit();
      steps.push_back({times[step].data(),
                       begins[step].data(),
                       {first, sure},
                       {first - static_cast<uint32_t>((*random)() % 3),
                        sure + 2 + static_cast<uint32_t>((*random)() % 3)}});
    }
  }

  // Whether there is a chain that begins with an event of a step that follows `before`.
  bool HasChain(size_t row, size_t step, const uint32_t* before, bool sure) const {
    if (step == steps.size()) return true;
    for (uint32_t i = begins[step][row]; i < begins[step][row + 1]; ++i) {
      const uint32_t time = times[step][i];
      const ChainStep& asked = steps[step];
      if (before != nullptr && !IsIn(sure ? asked.sure : asked.maybe, time - *before)) continue;
      if (HasChain(row, step + 1, &time, sure)) return true;
    }
    return false;
  }
  // Whether of any two events it cannot be told whether one follows the other.
  bool HasUnsure(size_t row) const {
    for (size_t step = 1; step < steps.size(); ++step) {
      for (uint32_t b = begins[step - 1][row]; b < begins[step - 1][row + 1]; ++b) {
        for (uint32_t i = begins[step][row]; i < begins[step][row + 1]; ++i) {
          const uint32_t apart = times[step][i] - times[step - 1][b];
          if (IsIn(steps[step].maybe, apart) && !IsIn(steps[step].sure, apart)) return true;
        }
      }
    }
    return false;
  }
  bool IsLong(size_t row) const {
    for (size_t step = 1; step < steps.size(); ++step) {
      if (begins[step][row + 1] - begins[step][row] > kMostChained) return true;
    }
    return false;
  }
};

TEST_CASE("kernels: chains", "[kernels]") {
  const uint64_t seed = TestSeed();
  ForEveryTarget([&] {
    std::mt19937_64 random(seed);
    for (size_t length = 0; length <= kMaxLength; ++length) {
      const size_t num_words = random() % 3;
      const Steps made(2 + random() % 3, num_words * 64, length, &random);
      std::vector<uint64_t> rows(num_words);
      for (uint64_t& word : rows) {
        word = random();
        word &= random();
      }
      std::vector<uint64_t> yes(num_words);
      std::vector<uint64_t> maybe(num_words);
      FindChains(made.steps, num_words, rows.data(), yes.data(), maybe.data());
      for (size_t row = 0; row < num_words * 64; ++row) {
        const auto has = [&](const std::vector<uint64_t>& words) {
          return (words[row / 64] >> (row % 64) & 1) != 0;
        };
        INFO(TargetName() << " with " << length << " events, row " << row << ", seed " << seed);
        if (!has(rows)) {
          REQUIRE((!has(yes) && !has(maybe)));
          continue;
        }
        const bool sure = made.HasChain(row, 0, nullptr, true);
        if (has(maybe)) {
          REQUIRE(!has(yes));
          REQUIRE((made.IsLong(row) || (!sure && made.HasUnsure(row))));
        } else {
          REQUIRE(has(yes) == sure);
          REQUIRE((sure || !made.HasChain(row, 0, nullptr, false)));
        }
      }
    }
  });
}

}  // namespace
}  // namespace roster::query::kernels
