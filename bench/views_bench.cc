// SPDX-License-Identifier: Apache-2.0
//
// What does a view of a million profiles cost: taking it, and the first write after it?
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "storage/memory/store.h"

namespace roster {
namespace {

constexpr uint64_t kProfiles = 1'000'000;
constexpr uint16_t kTraits = 17;
constexpr uint16_t kTypes = 12;

// Made once: it takes seconds.
class Million {
 public:
  static Million& Get() {
    static auto* const million = new Million;
    return *million;
  }
  void Apply(const Mutation& mutation) {
    store.Apply(mutation, &changes_);
    changes_ = {};
  }

  Store store;

 private:
  Million() {
    for (uint16_t t = 0; t < kTraits; ++t) {
      Apply(DeclareTrait{"trait" + std::to_string(t), ValueType::kInteger});
    }
    for (uint16_t e = 0; e < kTypes; ++e) Apply(DeclareEvent{"event" + std::to_string(e)});
    for (uint64_t i = 1; i <= kProfiles; ++i) {
      Apply(CreateProfile{{i}, {0}, "bench"});
      for (uint16_t t = 4; t < 4 + kTraits; ++t) {
        Apply(SetTrait{{i}, {t}, static_cast<int64_t>(i * t % 1000), {1}, kNoOrigin});
      }
      Apply(AddEvent{{i}, {static_cast<uint16_t>(i % kTypes)}, {i}, {1}, kNoOrigin, {}});
    }
  }

  ChangeSet changes_;
};

void TakeView(benchmark::State& bench) {
  const Store& store = Million::Get().store;
  for (auto _ : bench) benchmark::DoNotOptimize(store.TakeView({0}));
}
BENCHMARK(TakeView);

// One trait set, with a view held that was taken before: chunks are copied.
void FirstSetAfterView(benchmark::State& bench) {
  Million& million = Million::Get();
  std::optional<ReadView> view;
  uint64_t n = 0;
  const uint64_t copied = million.store.copied_bytes();
  for (auto _ : bench) {
    bench.PauseTiming();
    view = million.store.TakeView({0});
    bench.ResumeTiming();
    million.Apply(SetTrait{{1 + n++ % kProfiles}, {7}, int64_t{5}, {1}, kNoOrigin});
  }
  bench.counters["bytes_copied"] =
      static_cast<double>(million.store.copied_bytes() - copied) / static_cast<double>(n);
}
BENCHMARK(FirstSetAfterView);

void FirstEventAfterView(benchmark::State& bench) {
  Million& million = Million::Get();
  std::optional<ReadView> view;
  uint64_t n = kProfiles;
  const uint64_t copied = million.store.copied_bytes();
  for (auto _ : bench) {
    bench.PauseTiming();
    view = million.store.TakeView({0});
    bench.ResumeTiming();
    million.Apply(AddEvent{{1 + ++n % kProfiles}, {3}, {n}, {0}, kNoOrigin, {}});
  }
  bench.counters["bytes_copied"] = static_cast<double>(million.store.copied_bytes() - copied) /
                                   static_cast<double>(n - kProfiles);
}
BENCHMARK(FirstEventAfterView);

}  // namespace
}  // namespace roster

BENCHMARK_MAIN();
