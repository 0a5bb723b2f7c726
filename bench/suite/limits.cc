// SPDX-License-Identifier: Apache-2.0
#include "bench/suite/limits.h"

#include <algorithm>
#include <cstdint>
#include <thread>
#include <vector>

#include "bench/suite/engine.h"

namespace roster::suite {
namespace {

constexpr size_t kWords = size_t{32} << 20;  // 256 MiB: beyond every cache
constexpr int kPasses = 5;

uint64_t SumOf(const uint64_t* begin, const uint64_t* end) {
  uint64_t sums[8] = {};
  for (; begin != end; begin += 8) {
    for (int i = 0; i < 8; ++i) sums[i] += begin[i];
  }
  uint64_t sum = 0;
  for (const uint64_t each : sums) sum += each;
  return sum;
}

}  // namespace

double ReadGigabytesPerSecond(int threads) {
  const std::vector<uint64_t> words(kWords, 1);
  double best = 0;
  for (int pass = 0; pass < kPasses; ++pass) {
    const Stopwatch watch;
    std::vector<std::thread> readers;
    std::vector<uint64_t> sums(threads);
    const size_t part = kWords / threads;
    for (int t = 0; t < threads; ++t) {
      readers.emplace_back([&words, &sums, part, t] {
        sums[t] = SumOf(words.data() + part * t, words.data() + part * (t + 1));
      });
    }
    for (std::thread& reader : readers) reader.join();
    uint64_t sum = 0;
    for (const uint64_t each : sums) sum += each;
    if (sum != kWords) return 0;
    best = std::max(best, static_cast<double>(kWords * 8) / watch.Micros() / 1000);
  }
  return best;
}

}  // namespace roster::suite
