// SPDX-License-Identifier: Apache-2.0
//
// How fast does the store alone take writes: events of many and of one profile, and merges?
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include "storage/memory/store.h"

namespace roster {
namespace {

constexpr int kTypes = 12;

// Profiles, and types with three properties.
class Writer {
 public:
  Writer() {
    for (int t = 0; t < kTypes; ++t) {
      Apply(DeclareEvent{"event" + std::to_string(t)});
      const EventTypeId type{static_cast<uint16_t>(t)};
      Apply(DeclareProperty{type, "channel", ValueType::kText, 0});
      Apply(DeclareProperty{type, "session", ValueType::kInteger, 0});
      Apply(DeclareProperty{type, "amount", ValueType::kDecimal, 2});
    }
    Apply(DeclareTrait{"plan", ValueType::kText, 0});
    Apply(Advance{{int64_t{1} << 40}});  // what is added is of the past
  }
  void Apply(const Mutation& mutation) {
    store_.Apply(mutation, &changes_);
    changes_ = {};
  }
  ProfileId Profile() {
    const ProfileId id{store_.state().profiles.size() + 1};
    Apply(CreateProfile{id, {0}, "bench"});
    Apply(SetTrait{id, {4}, "pro", {1}, kNoOrigin});
    return id;
  }
  void Event(ProfileId profile, uint16_t type) {
    const uint64_t id = next_ * 0x9e3779b97f4a7c15u;
    ++next_;
    Apply(AddEvent{profile,
                   {type},
                   {id},
                   {static_cast<int64_t>(next_)},
                   kNoOrigin,
                   {{{1}, std::string(next_ % 2 == 0 ? "web" : "app")},
                    {{2}, static_cast<int64_t>(next_ / 4)}}});
  }
  bool Knows(ProfileId profile, uint64_t id) const {
    return store_.state().partition({0}).Contains(*store_.state().FindProfile(profile), {id});
  }

 private:
  Store store_;
  ChangeSet changes_;
  uint64_t next_ = 1;
};

// Events of one type on range(0) profiles, each asked for before as the engine does.
void AddEvents(benchmark::State& bench) {
  Writer writer;
  const auto num_profiles = static_cast<uint64_t>(bench.range(0));
  for (uint64_t i = 0; i < num_profiles; ++i) writer.Profile();
  uint64_t n = 0;
  for (auto _ : bench) {
    const ProfileId profile{1 + n * 7919 % num_profiles};
    benchmark::DoNotOptimize(writer.Knows(profile, n));
    writer.Event(profile, 0);
    ++n;
  }
  bench.SetItemsProcessed(static_cast<int64_t>(n));
}
BENCHMARK(AddEvents)->Arg(1)->Arg(1000)->Arg(100'000)->Iterations(1'000'000);

// Profiles of 20 events, each joined with one of 20 events.
void Merges(benchmark::State& bench) {
  Writer writer;
  constexpr uint64_t kProfiles = 100'000;
  for (uint64_t i = 0; i < kProfiles; ++i) {
    const ProfileId profile = writer.Profile();
    for (uint64_t e = 0; e < 20; ++e) {
      writer.Event(profile, static_cast<uint16_t>(e < 9 ? 0 : e % kTypes));
    }
  }
  uint64_t n = 0;
  for (auto _ : bench) {
    writer.Apply(MergeProfiles{{n * 2 + 1}, {n * 2 + 2}, {0}, kNoOrigin});
    ++n;
  }
  bench.SetItemsProcessed(static_cast<int64_t>(n));
}
BENCHMARK(Merges)->Iterations(50'000);

}  // namespace
}  // namespace roster

BENCHMARK_MAIN();
