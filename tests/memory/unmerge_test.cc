// SPDX-License-Identifier: Apache-2.0
//
// What was joined comes apart again as it was. Source: IDENTITY.md R10.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "storage/memory/people/own_names.h"
#include "tests/memory/store_builder.h"
#include "tests/memory/store_model.h"
#include "tests/seed.h"

namespace roster {
namespace {

// A store of the model's schema in which records and homes are kept.
class People {
 public:
  explicit People(uint64_t seed) : random_(seed) {
    for (const char* name : {"first", "second"}) {
      const EventTypeId event = b.Event(name);
      b.Property(event, "number", ValueType::kInteger);
      b.Property(event, "text", ValueType::kText);
      Home(event);
    }
    b.Trait("text", ValueType::kText);
    b.Trait("number", ValueType::kInteger);
    for (const TraitId trait : kModelTraits) {
      const TraitInfo& info = b.store.state().schema->trait(trait);
      const EventTypeId records = b.Event(TraitRecordsName(info.name));
      b.Property(records, "value", info.type);
      Home(records);
    }
    merges_ = b.Event(std::string(kMergeRecords));
    b.Property(merges_, "survivor", ValueType::kInteger);
    b.Property(merges_, "loser_created_at", ValueType::kTimestamp);
    b.Property(merges_, "loser_created_via", ValueType::kText);
    b.Property(merges_, "survivor_created_at", ValueType::kTimestamp);
    b.Property(merges_, "survivor_created_via", ValueType::kText);
    Home(merges_);
    b.Namespace("email");
    b.Apply(Advance{{1'000}});
  }

  StoreModel Model() const { return ModelOf(b.store.state()); }

  ProfileId Add() {
    const ProfileId profile = b.Profile(static_cast<int64_t>(random_() % 1'000));
    for (uint64_t i = random_() % 3; i > 0; --i) Attach(profile);
    Write(profile, 6);
    return profile;
  }
  void Attach(ProfileId profile) {
    const auto id = static_cast<uint32_t>(b.store.state().identities.size());
    b.Apply(AttachIdentity{profile, {id}, kModelSpace, "n" + std::to_string(id), {}});
  }
  void Write(ProfileId profile, uint64_t at_most) {
    for (uint64_t i = random_() % (at_most + 1); i > 0; --i) WriteOne(profile);
  }
  void Merge(ProfileId loser, ProfileId survivor) {
    const State& state = b.store.state();
    const auto came = [&](ProfileId id) {
      return std::pair(state.column(kCreatedAt).Get(*state.FindProfile(id)),
                       state.column(kCreatedVia).Get(*state.FindProfile(id)));
    };
    b.Apply(AddEvent{survivor,
                     merges_,
                     {loser.value},
                     {5},
                     kNoOrigin,
                     {{kMergeSurvivor, static_cast<int64_t>(survivor.value)},
                      {kMergeLoserCreated, came(loser).first},
                      {kMergeLoserVia, came(loser).second},
                      {kMergeSurvivorCreated, came(survivor).first},
                      {kMergeSurvivorVia, came(survivor).second}}});
    b.Apply(MergeProfiles{loser, survivor, {5}, kNoOrigin});
  }
  void Unmerge(ProfileId loser) { b.Apply(UnmergeProfile{loser}); }
  uint64_t Random(uint64_t below) { return random_() % below; }
  template <typename T>
  void Shuffle(std::vector<T>* all) {
    std::shuffle(all->begin(), all->end(), random_);
  }

  StoreBuilder b;

 private:
  void Home(EventTypeId event) {
    b.Property(event, std::string(kHomeProperty), ValueType::kInteger);
  }
  void WriteOne(ProfileId profile) {
    const State& state = b.store.state();
    const std::vector<IdentityId> own = state.identities.OfRow(*state.FindProfile(profile));
    const IdentityId origin = own.empty() ? kNoOrigin : own[random_() % own.size()];
    const Timestamp time{static_cast<int64_t>(random_() % 1'000)};
    if (random_() % 2 == 0) {
      const bool text = random_() % 2 == 0;
      SetTrait set{profile, kModelTraits[text ? 0 : 1], {}, time, origin};
      const uint64_t draw = random_() % 5;  // 0: clears
      if (draw != 0 && text) set.value = std::string(1, static_cast<char>('a' + draw));
      if (draw != 0 && !text) set.value = static_cast<int64_t>(draw);
      return b.Apply(set);
    }
    const uint64_t id = ++next_event_;
    b.Apply(AddEvent{profile,
                     kModelEvents[random_() % 2],
                     {id},
                     time,
                     origin,
                     {{kModelNumber, static_cast<int64_t>(id)}}});
  }

  std::mt19937_64 random_;
  EventTypeId merges_;
  uint64_t next_event_ = 0;
};

// A profile's identities come back in another order when what was merged into it had come between.
StoreModel Sorted(StoreModel model) {
  for (auto& [id, profile] : model.profiles) {
    std::sort(profile.identities.begin(), profile.identities.end());
  }
  return model;
}

TEST_CASE("merges that are undone in any order leave what was there before", "[unmerge]") {
  const uint64_t seed = TestSeed();
  for (uint64_t round = 0; round < 150; ++round) {
    INFO("seed " << seed << ", round " << round);
    People people(seed + round);
    std::vector<ProfileId> alive;
    for (uint64_t i = people.Random(6) + 2; i > 0; --i) alive.push_back(people.Add());
    const StoreModel before = Sorted(people.Model());
    std::vector<ProfileId> losers;
    while (alive.size() > 1 && people.Random(8) != 0) {
      people.Shuffle(&alive);
      people.Merge(alive.back(), alive.front());
      losers.push_back(alive.back());
      alive.pop_back();
    }
    people.Shuffle(&losers);
    for (const ProfileId loser : losers) people.Unmerge(loser);
    REQUIRE((Sorted(people.Model()) == before));
  }
}

TEST_CASE("what came by an identity after a merge goes with it", "[unmerge]") {
  People people(TestSeed());
  const ProfileId jo = people.b.Profile();
  const ProfileId ann = people.b.Profile();
  people.Attach(jo);
  people.Attach(ann);
  people.Merge(ann, jo);
  people.b.Apply(AddEvent{jo, kModelEvents[0], {1}, {10}, {0}, {}});
  people.b.Apply(AddEvent{jo, kModelEvents[0], {2}, {11}, {1}, {}});
  people.b.Apply(SetTrait{jo, kModelTraits[1], int64_t{7}, {12}, {1}});
  people.b.Apply(AddEvent{jo, kModelEvents[0], {3}, {13}, kNoOrigin, {}});
  people.Unmerge(ann);
  const StoreModel after = people.Model();
  CHECK(after.profiles.at(jo.value).events[0].size() == 2);
  CHECK(after.profiles.at(ann.value).events[0].count(2) == 1);
  CHECK(after.profiles.at(ann.value).traits.size() == 1);
  CHECK(after.profiles.at(jo.value).traits.empty());
  CHECK(people.b.store.state().FindIdentity(kModelSpace, "n1") ==
        people.b.store.state().FindProfile(ann));
}

TEST_CASE("records that came by an identity in a time move to another profile", "[moves]") {
  People people(TestSeed());
  const ProfileId jo = people.b.Profile();
  const ProfileId ann = people.b.Profile();
  people.Attach(jo);
  for (const int64_t ms : {1, 5, 9}) {
    people.b.Apply(AddEvent{jo, kModelEvents[0], {static_cast<uint64_t>(ms)}, {ms}, {0}, {}});
    people.b.Apply(SetTrait{jo, kModelTraits[1], ms, {ms}, {0}});
  }
  people.b.Apply(AddEvent{jo, kModelEvents[0], {20}, {6}, kNoOrigin, {}});
  people.b.Apply(MoveRecords{jo, ann, {0}, {5}, {9}});
  const StoreModel after = people.Model();
  CHECK(after.profiles.at(jo.value).events[0].size() == 3);
  CHECK(after.profiles.at(ann.value).events[0].size() == 1);
  CHECK(after.profiles.at(jo.value).traits.at(kModelTraits[1].value).value == Value(int64_t{9}));
  CHECK(after.profiles.at(ann.value).traits.at(kModelTraits[1].value).value == Value(int64_t{5}));
  people.b.Apply(RemoveRecord{jo, kModelEvents[0], {20}});
  CHECK(people.Model().profiles.at(jo.value).events[0].size() == 2);
}

TEST_CASE("what two were told alike at one moment is each one's after an unmerge", "[R10]") {
  People people(TestSeed());
  const EventTypeId calls = people.b.Event(std::string(kCallRecords));
  people.b.Property(calls, std::string(kIdsByHome), ValueType::kBoolean);
  const ProfileId one = people.b.Profile(1);
  const ProfileId two = people.b.Profile(2);
  for (const ProfileId profile : {one, two}) {
    people.b.Apply(SetTrait{profile, kModelTraits[0], "a", {500}, kNoOrigin});
    people.b.Apply(SetTrait{profile, kModelTraits[0], "b", {600}, kNoOrigin});
  }
  const StoreModel before = people.Model();
  people.Merge(two, one);
  people.Unmerge(two);
  CHECK(people.Model() == before);
  people.Merge(one, two);
  people.Merge(two, people.b.Profile(3));
  people.Unmerge(two);
  people.Unmerge(one);
  for (const ProfileId profile : {one, two}) {
    const RowId row = *people.b.store.state().FindProfile(profile);
    CHECK(people.b.store.state().column(kModelTraits[0]).Get(row) == Value("b"));
  }
}

// The ids of all records of a trait, as its profile has them.
std::vector<EventId> RecordIds(const State& state, ProfileId profile, TraitId trait) {
  const RowId row = *state.FindProfile(profile);
  const EventPartition& records = state.partition(*state.schema->trait(trait).records);
  std::vector<EventId> ids;
  for (const EventRef record : records.EventsOf(row)) {
    ids.push_back(IdOf(records.block(ChunkOf(row)), record));
  }
  return ids;
}

TEST_CASE("a log without the mark keeps the ids that it had", "[R10]") {
  for (const bool marked : {false, true}) {
    INFO("marked: " << marked);
    People people(TestSeed());
    if (marked) {
      const EventTypeId calls = people.b.Event(std::string(kCallRecords));
      people.b.Property(calls, std::string(kIdsByHome), ValueType::kBoolean);
    }
    const ProfileId one = people.b.Profile(1);
    const ProfileId two = people.b.Profile(2);
    for (const ProfileId profile : {one, two}) {
      people.b.Apply(SetTrait{profile, kModelTraits[0], "a", {500}, kNoOrigin});
      people.b.Apply(SetTrait{profile, kModelTraits[0], "b", {600}, kNoOrigin});
    }
    const std::vector<EventId> ours = RecordIds(people.b.store.state(), one, kModelTraits[0]);
    const std::vector<EventId> theirs = RecordIds(people.b.store.state(), two, kModelTraits[0]);
    REQUIRE_FALSE(ours.empty());
    CHECK((ours == theirs) == !marked);
  }
}

}  // namespace
}  // namespace roster
