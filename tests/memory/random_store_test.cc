// SPDX-License-Identifier: Apache-2.0
//
// Random histories: the store holds what plain maps hold, and views what they held when they were
// taken. ROSTER_SEED repeats a run.
#include <catch2/catch.hpp>
#include <random>

#include "tests/memory/store_builder.h"
#include "tests/memory/store_model.h"
#include "tests/seed.h"

namespace roster {
namespace {

class RandomHistory {
 public:
  explicit RandomHistory(uint64_t seed) : random_(seed) {
    for (const EventTypeId event : kModelEvents) {
      REQUIRE(b_.Event("event" + std::to_string(event.value)) == event);
      REQUIRE(b_.Property(event, "number", ValueType::kInteger) == kModelNumber);
      REQUIRE(b_.Property(event, "text", ValueType::kText) == kModelText);
    }
    REQUIRE(b_.Trait("plan", ValueType::kText) == kModelTraits[0]);
    REQUIRE(b_.Trait("age", ValueType::kInteger) == kModelTraits[1]);
    b_.Namespace("email");
    // Rows in more than one chunk, few enough to have many events each.
    while (b_.store.state().num_rows() < kChunkRows - 6) CreateProfile();
    for (int i = 0; i < 12; ++i) CreateProfile();
  }

  void Step() {
    const uint64_t kind = Below(1000);
    if (kind < 800) {
      for (uint64_t n = 1 + Below(40); n > 0; --n) AddEvent();
    } else if (kind < 900) {
      SetTrait();
    } else if (kind < 940) {
      AttachIdentity();
    } else if (kind < 960) {
      CreateProfile();
    } else if (kind < 990) {
      Merge();
    } else {
      HoldView();
    }
  }

  void CheckAll() {
    for (const auto& [view, model] : held_) REQUIRE(ModelOf(view.state()) == model);
    held_.clear();
    REQUIRE(ModelOf(b_.store.state()) == model_);
    CheckContains();
  }

 private:
  uint64_t Below(uint64_t n) { return random_() % n; }
  // Of the last few that are live, so that some have thousands of events.
  uint64_t AnyLive() {
    auto it = model_.profiles.rbegin();
    std::advance(it, Below(std::min<uint64_t>(model_.profiles.size(), OneIn(20) ? 500 : 12)));
    return it->first;
  }
  bool OneIn(uint64_t n) { return Below(n) == 0; }

  void CreateProfile() {
    const ProfileId id = b_.Profile(0);
    model_.num_ids = id.value;
    model_.answers[id.value] = id.value;
    model_.profiles[id.value];
  }

  void AddEvent() {
    const uint64_t profile = AnyLive();
    const size_t type = OneIn(8) ? 1 : 0;
    const uint64_t id = OneIn(3) ? Below(5000) : random_();
    const bool known = model_.of(profile).events[type].contains(id);
    const RowId row = *b_.store.state().FindProfile({profile});
    REQUIRE(b_.store.state().partition(kModelEvents[type]).Contains(row, {id}) == known);
    if (known) return;
    ModelEvent event{static_cast<int64_t>(Below(2000)) - 1000, {}, {}};
    std::vector<std::pair<PropertyId, Value>> properties;
    if (OneIn(2)) {
      event.number = static_cast<int64_t>(Below(100'000)) - 50'000;
      properties.emplace_back(kModelNumber, *event.number);
    }
    if (OneIn(3)) {
      event.text = "text" + std::to_string(Below(30));
      properties.emplace_back(kModelText, *event.text);
    }
    b_.Add({profile}, kModelEvents[type], id, event.time, properties);
    model_.of(profile).events[type][id] = event;
  }

  void SetTrait() {
    const uint64_t profile = AnyLive();
    const auto time = static_cast<int64_t>(Below(1000));
    const size_t which = Below(2);
    Value value;
    if (!OneIn(4) && which == 0) value = "plan" + std::to_string(Below(5));
    if (!OneIn(4) && which == 1) value = static_cast<int64_t>(Below(90));
    b_.Set({profile}, kModelTraits[which], value, time);
    model_.of(profile).traits[kModelTraits[which].value] = {time, value};
  }

  void AttachIdentity() {
    const uint64_t profile = AnyLive();
    const std::string value = "name" + std::to_string(Below(300)) + "@example.com";
    const State& state = b_.store.state();
    if (state.identities.Find(kModelSpace, value)) return;
    const auto next = static_cast<uint32_t>(state.identities.size());
    b_.Apply(roster::AttachIdentity{{profile}, {next}, kModelSpace, value, {0}});
    std::vector<std::string>& names = model_.of(profile).identities;
    names.insert(std::lower_bound(names.begin(), names.end(), value), value);
  }

  void Merge() {
    const uint64_t loser = AnyLive();
    const uint64_t survivor = AnyLive();
    if (loser == survivor) return;
    b_.Apply(MergeProfiles{{loser}, {survivor}, {0}});
    model_.Merge(loser, survivor);
  }

  void HoldView() {
    if (held_.size() > 3) held_.erase(held_.begin());
    held_.emplace_back(b_.store.TakeView({0}), model_);
  }

  void CheckContains() {
    const State& state = b_.store.state();
    for (const auto& [id, profile] : model_.profiles) {
      const RowId row = *state.FindProfile({id});
      for (size_t e = 0; e < std::size(kModelEvents); ++e) {
        const EventPartition& events = state.partition(kModelEvents[e]);
        REQUIRE(events.CountOf(row) == profile.events[e].size());
        for (const auto& [event, what] : profile.events[e]) REQUIRE(events.Contains(row, {event}));
      }
    }
  }

  std::mt19937_64 random_;
  StoreBuilder b_;
  StoreModel model_;
  std::vector<std::pair<ReadView, StoreModel>> held_;
};

TEST_CASE("a store holds what plain maps hold, and views what they held", "[random]") {
  std::mt19937_64 seeds(TestSeed());
  for (int round = 0; round < 4; ++round) {
    RandomHistory history(seeds());
    for (int step = 1; step <= 2000; ++step) {
      history.Step();
      if (step % 500 == 0) history.CheckAll();
    }
  }
}

TEST_CASE("every id of a long chain of merges is answered for by its end", "[random]") {
  std::mt19937_64 random(TestSeed());
  StoreBuilder b;
  std::vector<ProfileId> ids;
  for (int i = 0; i < 5000; ++i) ids.push_back(b.Profile());
  ProfileId last = ids[0];
  for (size_t i = 1; i < ids.size(); ++i) {
    // The one of all before loses to a new one, or takes it in.
    const bool loses = random() % 3 != 0;
    b.Apply(loses ? MergeProfiles{last, ids[i]} : MergeProfiles{ids[i], last});
    if (loses) last = ids[i];
  }
  for (const ProfileId id : ids) {
    const std::optional<RowId> row = b.store.state().FindProfile(id);
    REQUIRE(row.has_value());
    REQUIRE(b.store.state().ProfileAt(*row) == last);
  }
}

}  // namespace
}  // namespace roster
