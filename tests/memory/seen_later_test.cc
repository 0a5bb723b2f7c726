// SPDX-License-Identifier: Apache-2.0
//
// Times of the future: what they take is counted, and each is given once, when it comes.
#include "storage/memory/upkeep/seen_later.h"

#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "tests/memory/store_builder.h"
#include "tests/seed.h"

namespace roster {
namespace {

using Entries = std::vector<std::pair<Timestamp, ProfileId>>;

Entries ToEntries(const std::set<std::pair<int64_t, uint64_t>>& model) {
  Entries entries;
  for (const auto& [ms, profile] : model) entries.push_back({{ms}, {profile}});
  return entries;
}

TEST_CASE("times to come are those of a plain set, also while a copy is held", "[seen_later]") {
  std::mt19937_64 random(TestSeed());
  SeenLater later;
  std::set<std::pair<int64_t, uint64_t>> model;
  SeenLater copy;
  Entries of_copy;
  for (int round = 0; round < 20'000; ++round) {
    const uint64_t profile = 1 + random() % 600;
    const int64_t ms = static_cast<int64_t>(random() % 100) - 50;
    const uint64_t what = random() % 100;
    if (what < 90) {
      later.Add({ms}, {profile});
      model.emplace(ms, profile);
    } else if (what < 94) {
      later.Forget({profile});
      std::erase_if(model, [&](const auto& entry) { return entry.second == profile; });
    } else if (what < 98) {
      const uint64_t to = 1 + random() % 600;
      if (to == profile) continue;
      later.MoveAll({profile}, {to});
      std::set<std::pair<int64_t, uint64_t>> moved;
      for (const auto& [time, of] : model) moved.emplace(time, of == profile ? to : of);
      model = moved;
    } else if (what == 98) {
      const auto end = model.upper_bound({ms, UINT64_MAX});
      REQUIRE(later.TakeDue({ms}) == ToEntries({model.begin(), end}));
      model.erase(model.begin(), end);
    } else {
      REQUIRE(copy.Sorted() == of_copy);
      copy = later;
      of_copy = copy.Sorted();
      REQUIRE(of_copy == ToEntries(model));
    }
    REQUIRE(later.size() == model.size());
    REQUIRE(later.earliest().has_value() == !model.empty());
    if (!model.empty()) REQUIRE(later.earliest()->ms == model.begin()->first);
  }
}

TEST_CASE("what comes later counts as memory, and the same time is kept once", "[seen_later]") {
  StoreBuilder b;
  const EventTypeId visit = b.Event("visit");
  const ProfileId jo = b.Profile();
  const ProfileId ann = b.Profile();
  const size_t before = b.store.MemoryBytes();
  constexpr int64_t kTimes = 50'000;
  for (int64_t i = 1; i <= kTimes; ++i) b.Add(jo, visit, static_cast<uint64_t>(i), i, {});
  const size_t full = b.store.MemoryBytes();
  CHECK(full > before + kTimes * 2 * sizeof(std::pair<int64_t, uint64_t>));
  for (int64_t i = 1; i <= kTimes; ++i) b.Add(jo, visit, static_cast<uint64_t>(kTimes + i), i, {});
  CHECK(b.store.Pending().seen_later.size() == kTimes);

  // A merge brings them along, an erasure takes them away.
  b.Apply(MergeProfiles{jo, ann, {}, kNoOrigin});
  CHECK(b.store.Pending().seen_later.Sorted().back().second == ann);
  b.Apply(EraseProfile{ann});
  CHECK(b.store.Pending().seen_later.size() == 0);
  CHECK_FALSE(b.store.next_due().has_value());
}

}  // namespace
}  // namespace roster
