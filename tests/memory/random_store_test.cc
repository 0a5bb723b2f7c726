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

RowId RowOf(const State& state, ProfileId id) { return *state.FindProfile(id); }

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
    if (!OneIn(4)) b_.store.SealInBackground();
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
    } else if (kind < 980) {
      Merge();
    } else if (kind < 991) {
      Erase();
    } else if (kind < 994) {
      Retain();
    } else {
      HoldView();
    }
    SealALittle();
  }

  void CheckAll() {
    for (const auto& [view, model] : held_) REQUIRE(ModelOf(view.state()) == model);
    held_.clear();
    REQUIRE(ModelOf(b_.store.state()) == model_);
    CheckContains();
    // The total that is kept is the sum of what is there.
    uint64_t bytes = 0;
    for (const MemoryUse& use : b_.store.MemoryUses()) {
      for (const auto& [part, size] : use.parts) REQUIRE(size < 1u << 30);
      bytes += use.total_bytes();
    }
    REQUIRE(bytes == b_.store.MemoryBytes());
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
    ModelEvent event{(static_cast<int64_t>(Below(2000)) - 1000) * 900'000, {}, {}};
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
    if (event.time >= model_.floors[type]) model_.of(profile).events[type][id] = event;
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

  void Erase() {
    const uint64_t profile = AnyLive();
    b_.Apply(EraseProfile{{profile}});
    model_.Erase(profile);
  }

  void Retain() {
    const size_t type = Below(2);
    if (OneIn(3)) {
      // A longer time lets older events in again.
      b_.Apply(SetRetention{kModelEvents[type], 1});
      b_.Apply(SetRetention{kModelEvents[type], 0});
      model_.floors[type] = kNoFloor;
    } else {
      const int64_t before_ms = HourOf((static_cast<int64_t>(Below(2500)) - 1100) * 900'000);
      b_.Apply(ExpireEvents{kModelEvents[type], {before_ms}});
      model_.Expire(type, before_ms);
    }
  }

  void HoldView() {
    if (held_.size() > 3) held_.erase(held_.begin());
    held_.emplace_back(b_.store.TakeView({0}), model_);
  }

  // Jobs are taken, run and put in place at any time, also when they were overtaken.
  void SealALittle() {
    if (OneIn(4)) {
      auto job = OneIn(4) ? b_.store.TakeIdleSealJob() : b_.store.TakeSealJob(OneIn(4));
      if (job) {
        auto sealed = job->Run();
        jobs_.emplace_back(*std::move(job), std::move(sealed));
      }
    }
    if (jobs_.empty() || OneIn(4)) return;
    const auto done = jobs_.begin() + static_cast<std::ptrdiff_t>(Below(jobs_.size()));
    b_.store.InstallSeal(done->first, done->second);
    jobs_.erase(done);
  }

  void CheckContains() {
    const State& state = b_.store.state();
    for (const auto& [id, profile] : model_.profiles) {
      const RowId row = *state.FindProfile({id});
      for (size_t e = 0; e < std::size(kModelEvents); ++e) {
        const EventPartition& events = state.partition(kModelEvents[e]);
        REQUIRE((events.HasAny(row) || profile.events[e].empty()));
        for (const auto& [event, what] : profile.events[e]) REQUIRE(events.Contains(row, {event}));
      }
    }
  }

  std::mt19937_64 random_;
  StoreBuilder b_;
  StoreModel model_;
  std::vector<std::pair<ReadView, StoreModel>> held_;
  std::vector<std::pair<SealJob, std::shared_ptr<const SealedEvents>>> jobs_;
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

void SealEverything(Store* store) {
  while (auto job = store->TakeSealJob(true)) store->InstallSeal(*job, job->Run());
}

TEST_CASE("the rows of erased and merged profiles are given to new ones, once they are empty",
          "[erase]") {
  StoreBuilder b;
  const EventTypeId order = b.Event("order");
  const EventTypeId visit = b.Event("visit");
  const TraitId plan = b.Trait("plan", ValueType::kText);
  b.store.SealInBackground();
  const ProfileId jo = b.Profile(5);
  const ProfileId ann = b.Profile(6);
  for (uint64_t i = 0; i < 100; ++i) b.Add(jo, order, i, 10);
  b.Add(jo, visit, 1, 10);
  b.Set(jo, plan, "pro", 4);
  const RowId row = RowOf(b.store.state(), jo);
  const ReadView before = b.store.TakeView({100});

  SECTION("erased") {
    b.Apply(EraseProfile{jo});
    CHECK(b.store.state().num_events() == 0);
  }
  SECTION("merged away") {
    b.Apply(MergeProfiles{jo, ann, {0}});
    CHECK(b.store.state().num_events() == 101);
  }
  CHECK(b.store.state().num_profiles == 1);
  CHECK_FALSE(b.store.state().live.Test(row));
  const ProfileId early = b.Profile(7);  // something of the old one is still there
  CHECK(RowOf(b.store.state(), early) != row);
  CHECK(b.store.has_stale());
  SealEverything(&b.store);
  CHECK_FALSE(b.store.has_stale());
  const ProfileId late = b.Profile(8);
  REQUIRE(RowOf(b.store.state(), late) == row);
  const State& state = b.store.state();
  CHECK(state.partition(order).EventsOf(row).empty());
  CHECK_FALSE(state.StampOf(plan, row).has_value());
  CHECK(state.column(kCreatedAt).Get(row) == Value(Timestamp{8}));
  b.Add(late, order, 1, 11);
  CHECK(state.partition(order).EventsOf(row).size() == 1);

  CHECK(RowOf(before.state(), jo) == row);
  CHECK(before->partition(order).EventsOf(row).size() == 100);
  CHECK(before->column(plan).Get(row) == Value("pro"));
  CHECK(before->column(kCreatedAt).Get(row) == Value(Timestamp{5}));
}

TEST_CASE("an erased profile's identity is free, and overwritten when no view reads it",
          "[erase]") {
  StoreBuilder b;
  const NamespaceId email = b.Namespace("email");
  const ProfileId jo = b.Profile();
  b.Apply(AttachIdentity{jo, {0}, email, "jo@example.com", {0}});
  std::optional<ReadView> before = b.store.TakeView({0});
  b.Apply(EraseProfile{jo});
  const Identities& identities = b.store.state().identities;
  CHECK_FALSE(b.store.state().FindProfile(jo).has_value());
  CHECK_FALSE(identities.Find(email, "jo@example.com").has_value());
  CHECK(identities.num_attached() == 0);
  const ReadView between = b.store.TakeView({0});

  const ProfileId other = b.Profile();
  const bool again = GENERATE(false, true);
  if (again) b.Apply(AttachIdentity{other, {1}, email, "jo@example.com", {0}});
  CHECK(before->state().FindIdentity(email, "jo@example.com") == RowOf(before->state(), jo));
  CHECK(before->state().identities.NameOf({0}).value == "jo@example.com");
  CHECK_FALSE(between->FindIdentity(email, "jo@example.com").has_value());
  const std::string_view bytes = before->state().identities.NameOf({0}).value;
  before.reset();
  CHECK(bytes == "jo@example.com");
  b.store.FinishCommit(b.store.lsn());
  CHECK(bytes == std::string(14, '\0'));
  CHECK_FALSE(between->FindIdentity(email, "jo@example.com").has_value());
  CHECK(b.store.state().FindIdentity(email, "jo@example.com").has_value() == again);
}

TEST_CASE("times of the future go with the profile", "[erase]") {
  StoreBuilder b;
  const EventTypeId order = b.Event("order");
  const ProfileId jo = b.Profile();
  const ProfileId ann = b.Profile();
  const ProfileId loser = b.Profile();
  b.Add(jo, order, 1, 500);
  b.Add(ann, order, 1, 700);
  b.Add(loser, order, 2, 400);
  b.Apply(MergeProfiles{loser, jo, {0}});
  b.Apply(EraseProfile{jo});
  CHECK(b.store.next_due() == Timestamp{700});
  b.Apply(Advance{{800}});
  CHECK(b.store.state().column(kLastSeen).Get(RowOf(b.store.state(), ann)) ==
        Value(Timestamp{700}));
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
