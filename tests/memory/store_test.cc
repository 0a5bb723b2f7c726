// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/store.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <tuple>

#include "tests/memory/store_builder.h"
#include "tests/seed.h"

namespace roster {
namespace {

RowId RowOf(const State& state, ProfileId id) { return *state.FindProfile(id); }

TEST_CASE("a view taken before a write still shows the old state", "[views]") {
  StoreBuilder b;
  const TraitId plan = b.Trait("plan", ValueType::kText);
  const EventTypeId order = b.Event("order");
  const NamespaceId email = b.Namespace("email");
  const ProfileId jo = b.Profile();
  b.Set(jo, plan, "free", 1);
  b.Add(jo, order, 1, 10);
  const ReadView before = b.store.TakeView({100});

  b.Set(jo, plan, "pro", 2);
  b.Add(jo, order, 2, 20);
  b.Apply(AttachIdentity{jo, {0}, email, "jo@example.com"});
  const ProfileId ann = b.Profile();
  b.Set(ann, plan, "team", 3);
  b.Trait("late", ValueType::kInteger);
  const ReadView after = b.store.TakeView({200});

  const RowId row = RowOf(before.state(), jo);
  CHECK(before->column(plan).Get(row) == Value("free"));
  CHECK(before->partition(order).EventsOf(row).size() == 1);
  CHECK_FALSE(before->FindProfile(ann).has_value());
  CHECK_FALSE(before->FindIdentity(email, "jo@example.com").has_value());
  CHECK_FALSE(before.schema().FindTrait("late").has_value());
  CHECK(before->num_profiles == 1);
  CHECK(before.clock() == Timestamp{100});
  CHECK(before.lsn() < after.lsn());

  CHECK(after->column(plan).Get(row) == Value("pro"));
  CHECK(after->partition(order).EventsOf(row).size() == 2);
  CHECK(after->FindIdentity(email, "jo@example.com") == row);
  CHECK(after->num_profiles == 2);
}

TEST_CASE("readers see whole commits while the writer goes on", "[views][threads]") {
  // Each commit sets both traits of every profile to one number; no view may show two numbers.
  StoreBuilder b;
  const TraitId first = b.Trait("first", ValueType::kInteger);
  const TraitId second = b.Trait("second", ValueType::kInteger);
  const EventTypeId tick = b.Event("tick");
  std::vector<ProfileId> profiles;
  for (int i = 0; i < 20; ++i) profiles.push_back(b.Profile());
  std::mutex mutex;
  std::atomic<bool> stop{false};
  std::atomic<int> torn{0};
  const auto read = [&] {
    while (!stop) {
      const ReadView view = [&] {
        const std::lock_guard lock(mutex);
        return b.store.TakeView({0});
      }();
      std::set<std::tuple<bool, int64_t, int64_t, size_t>> seen;
      for (uint32_t r = 0; r < view->num_rows(); ++r) {
        const RowId row{r};
        const bool has = view->column(first).Has(row);
        seen.emplace(has, has ? view->column(first).Bits(row) : 0,
                     has ? view->column(second).Bits(row) : 0,
                     view->partition(tick).EventsOf(row).size());
      }
      if (seen.size() != 1 || std::get<1>(*seen.begin()) != std::get<2>(*seen.begin())) ++torn;
    }
  };
  std::thread reader(read);
  std::thread other(read);
  for (int64_t n = 1; n <= 600; ++n) {
    const std::lock_guard lock(mutex);
    for (const ProfileId p : profiles) {
      b.store.Apply(SetTrait{p, first, n, {n}, kNoOrigin}, &b.changes);
      b.store.Apply(SetTrait{p, second, n, {n}, kNoOrigin}, &b.changes);
      b.store.Apply(AddEvent{p, tick, {static_cast<uint64_t>(n)}, {n}, kNoOrigin, {}}, &b.changes);
    }
    b.changes = {};
  }
  stop = true;
  reader.join();
  other.join();
  CHECK(torn == 0);
}

TEST_CASE("a row redirect makes two rows answer as one profile", "[merge]") {
  StoreBuilder b;
  const TraitId plan = b.Trait("plan", ValueType::kText);
  const TraitId city = b.Trait("city", ValueType::kText);
  const EventTypeId order = b.Event("order");
  const PropertyId total = b.Property(order, "total", ValueType::kInteger);
  const NamespaceId email = b.Namespace("email");
  const ProfileId old_id = b.Profile(1);
  const ProfileId kept = b.Profile(2);
  const ProfileId last = b.Profile(3);
  b.Apply(AttachIdentity{old_id, {0}, email, "old@example.com"});
  b.Apply(AttachIdentity{kept, {1}, email, "kept@example.com"});
  b.Set(old_id, plan, "pro", 20);
  b.Set(kept, plan, "free", 10);
  b.Set(kept, city, "Utrecht", 30);
  b.Set(old_id, city, "Delft", 5);
  b.Add(old_id, order, 7, 100, {{total, int64_t{5}}});
  b.Add(old_id, order, 8, 90, {});
  b.Add(kept, order, 8, 90, {});  // the same event reached both
  const ReadView before = b.store.TakeView({0});

  b.Apply(MergeProfiles{old_id, kept});
  const State& state = b.store.state();
  const RowId row = RowOf(state, kept);
  CHECK(RowOf(state, old_id) == row);
  CHECK(state.ProfileAt(row) == kept);
  CHECK(state.num_profiles == 2);
  CHECK(state.column(plan).Get(row) == Value("pro"));
  CHECK(state.column(city).Get(row) == Value("Utrecht"));
  CHECK(state.column(kCreatedAt).Get(row) == Value(Timestamp{1}));
  CHECK(state.FindIdentity(email, "old@example.com") == row);
  CHECK(state.identities.OfRow(row).size() == 2);
  const std::vector<EventRef> events = state.partition(order).EventsOf(row);
  REQUIRE(events.size() == 2);
  CHECK(state.num_events() == 2);
  const EventBlock& block = state.partition(order).block(0);
  CHECK(IdOf(block, events[1]) == EventId{7});
  CHECK(PropertyOf(block, events[1], total) == 5);
  CHECK(state.partition(order).Contains(row, EventId{7}));

  SECTION("a write to the merged id lands on the survivor, also through a chain") {
    b.Apply(MergeProfiles{kept, last});
    b.Set(old_id, plan, "team", 99);
    const RowId end = RowOf(b.store.state(), last);
    CHECK(RowOf(b.store.state(), old_id) == end);
    CHECK(b.store.state().column(plan).Get(end) == Value("team"));
    CHECK(b.store.state().num_profiles == 1);
  }
  SECTION("a view from before shows two profiles") {
    CHECK(before->num_profiles == 2 + 1);
    CHECK(RowOf(before.state(), old_id) != RowOf(before.state(), kept));
    CHECK(before->column(plan).Get(RowOf(before.state(), old_id)) == Value("pro"));
    CHECK(before->partition(order).EventsOf(RowOf(before.state(), old_id)).size() == 2);
  }
}

TEST_CASE("the search for a block to seal when idle gives up and goes on the next time",
          "[events]") {
  StoreBuilder b;
  b.store.SealInBackground();
  std::vector<EventTypeId> types;
  for (int e = 0; e < 8; ++e) types.push_back(b.Event("e" + std::to_string(e)));
  const ProfileId jo = b.Profile();
  for (const EventTypeId type : types) b.Add(jo, type, 1, 1);
  while (const auto job = b.store.TakeIdleSealJob()) b.store.InstallSeal(*job, job->Run());
  b.Add(jo, types[6], 2, 2);
  // Whichever block it begins with, it comes to the one within as many calls as take all in turn.
  int calls = 1;
  std::optional<SealJob> job = b.store.TakeIdleSealJob(3);
  for (; !job && calls < 9; ++calls) job = b.store.TakeIdleSealJob(3);
  REQUIRE(job.has_value());
  CHECK(job->event == types[6]);
  CHECK(calls > 1);
}

TEST_CASE("events read in time order whatever their arrival, through sealing", "[events]") {
  std::mt19937_64 random(TestSeed());
  StoreBuilder b;
  const EventTypeId order = b.Event("order");
  const PropertyId total = b.Property(order, "total", ValueType::kDecimal, 2);
  const PropertyId coupon = b.Property(order, "coupon", ValueType::kText);
  std::vector<ProfileId> profiles;
  for (int i = 0; i < 40; ++i) profiles.push_back(b.Profile());
  struct Properties {
    std::optional<int64_t> total;
    std::optional<std::string> coupon;
    bool operator==(const Properties&) const = default;
  };
  std::map<uint32_t, std::map<std::pair<int64_t, uint64_t>, Properties>> model;
  for (uint64_t id = 0; id < 5000; ++id) {
    const ProfileId profile = profiles[random() % profiles.size()];
    const int64_t time = static_cast<int64_t>(random() % 1000) - 500;
    Properties p;
    std::vector<std::pair<PropertyId, Value>> values;
    if (random() % 3 != 0) {
      p.total = static_cast<int64_t>(random() % 100'000) - 50'000;
      values.emplace_back(total, Decimal{*p.total, 2});
    }
    if (random() % 4 == 0) {
      p.coupon = "c" + std::to_string(random() % 10);
      values.emplace_back(coupon, *p.coupon);
    }
    b.Add(profile, order, id, time, values);
    model[RowOf(b.store.state(), profile).value][{time, id}] = p;
  }
  const EventPartition& partition = b.store.state().partition(order);
  REQUIRE(partition.block(0).sealed->size() > 0);
  REQUIRE(partition.num_events() == 5000);
  const EventBlock& block = partition.block(0);
  for (const auto& [row, expected] : model) {
    std::vector<std::pair<std::pair<int64_t, uint64_t>, Properties>> got;
    for (const EventRef e : partition.EventsOf(RowId{row})) {
      Properties p{PropertyOf(block, e, total), std::nullopt};
      if (const auto code = PropertyOf(block, e, coupon)) {
        p.coupon = std::get<std::string>(DecodeCell(partition.properties()[coupon.value], *code));
      }
      got.push_back({{TimeOf(block, e).ms, IdOf(block, e).value}, p});
      REQUIRE(partition.Contains(RowId{row}, IdOf(block, e)));
    }
    REQUIRE(got.size() == expected.size());
    REQUIRE(std::equal(got.begin(), got.end(), expected.begin(), [](const auto& g, const auto& e) {
      return g.first == e.first && g.second == e.second;
    }));
    CHECK_FALSE(partition.Contains(RowId{row}, EventId{999'999}));
  }
}

TEST_CASE("zone maps hold what is there", "[events][columns]") {
  std::mt19937_64 random(TestSeed());
  StoreBuilder b;
  const TraitId age = b.Trait("age", ValueType::kInteger);
  const EventTypeId order = b.Event("order");
  const PropertyId total = b.Property(order, "total", ValueType::kInteger);
  const ProfileId jo = b.Profile();
  const ProfileId ann = b.Profile();
  IntBounds times = IntBounds::None();
  IntBounds totals = IntBounds::None();
  for (uint64_t id = 0; id < 256; ++id) {
    const auto time = static_cast<int64_t>(random() % 5000);
    const auto amount = static_cast<int64_t>(random() % 900) - 300;
    b.Add(random() % 2 == 0 ? jo : ann, order, id, time, {{total, amount}});
    b.Set(jo, age, amount);
    times.Widen(time);
    totals.Widen(amount);
  }
  const SealedEvents& sealed = *b.store.state().partition(order).block(0).sealed;
  REQUIRE(sealed.size() == 256);
  CHECK((sealed.time_bounds.low == times.low && sealed.time_bounds.high == times.high));
  const IntBounds& of_total = sealed.property(total)->bounds;
  CHECK((of_total.low == totals.low && of_total.high == totals.high));
  const IntBounds& of_age = b.store.state().column(age).chunk(0).bounds;
  CHECK((of_age.low <= totals.low && of_age.high >= totals.high));
}

TEST_CASE("what a view pins is bounded by what was copied since", "[views]") {
  StoreBuilder b;
  const TraitId plan = b.Trait("plan", ValueType::kText);
  const EventTypeId order = b.Event("order");
  const ProfileId jo = b.Profile();
  b.Set(jo, plan, "free", 1);
  const uint64_t before = b.store.copied_bytes();
  for (int64_t i = 0; i < 100; ++i) b.Set(jo, plan, "pro", i);
  CHECK(b.store.copied_bytes() == before);  // nobody looks
  std::optional<ReadView> view = b.store.TakeView({0});
  CHECK(view->copied_bytes() == before);
  for (int64_t i = 0; i < 100; ++i) b.Set(jo, plan, "team", i);
  const uint64_t once = b.store.copied_bytes() - before;
  CHECK(once >= b.store.state().column(plan).chunk(0).MemoryBytes());
  CHECK(once < 10 * b.store.state().column(plan).MemoryBytes());  // and not at each write
  for (uint64_t id = 0; id < 300; ++id) b.Add(jo, order, id, 1);
  const uint64_t later = b.store.copied_bytes();
  CHECK(later - before > once);
  view.reset();
  for (int64_t i = 0; i < 100; ++i) b.Set(jo, plan, "free", i);
  CHECK(b.store.copied_bytes() == later);
}

TEST_CASE("a cleared cell keeps its time, a forgotten one does not", "[columns]") {
  StoreBuilder b;
  const TraitId plan = b.Trait("plan", ValueType::kText);
  const ProfileId jo = b.Profile();
  b.Set(jo, plan, "pro", 5);
  b.Set(jo, plan, Value(), 9);
  const RowId row = RowOf(b.store.state(), jo);
  CHECK_FALSE(b.store.state().column(plan).Has(row));
  CHECK(b.store.state().StampOf(plan, row) == Stamp{Timestamp{9}});
}

TEST_CASE("every type comes back from its cell", "[columns]") {
  StoreBuilder b;
  const ProfileId jo = b.Profile();
  const std::vector<std::pair<ValueType, Value>> values = {
      {ValueType::kText, "Zoë"},
      {ValueType::kInteger, int64_t{-5}},
      {ValueType::kNumber, -0.25},
      {ValueType::kBoolean, true},
      {ValueType::kDate, Date{-30}},
      {ValueType::kTimestamp, Timestamp{1'795'000'000'001}},
      {ValueType::kJson, Json{"[{}]"}},
      {ValueType::kTextList, TextList{"a", "", "b"}},
      {ValueType::kDecimal, Decimal{-1250, 2}}};
  for (const auto& [type, value] : values) {
    const auto name = "t" + std::to_string(static_cast<int>(type));
    const TraitId id = b.Trait(name, type, type == ValueType::kDecimal ? 2 : 0);
    b.Set(jo, id, value, 1);
    CHECK(b.store.state().column(id).Get(RowOf(b.store.state(), jo)) == value);
  }
}

TEST_CASE("what does not fit the state is refused, not applied", "[check]") {
  StoreBuilder b;
  const TraitId plan = b.Trait("plan", ValueType::kText);
  const EventTypeId order = b.Event("order");
  const PropertyId total = b.Property(order, "total", ValueType::kDecimal, 2);
  const ProfileId jo = b.Profile();
  b.Add(jo, order, 1, 1);
  const auto refused = [&](const Mutation& m) { return !b.store.Check(m).ok(); };
  CHECK(refused(DeclareTrait{"plan", ValueType::kText, 0}));
  CHECK(refused(DeclareTrait{"x", ValueType::kNone, 0}));
  CHECK(refused(DeclareTrait{"x", static_cast<ValueType>(77), 0}));
  CHECK(refused(DeclareProperty{{9}, "x", ValueType::kText, 0}));
  CHECK(refused(CreateProfile{{7}, {0}, ""}));
  CHECK(refused(AttachIdentity{jo, {0}, {3}, "x"}));
  CHECK(refused(SetTrait{{9}, plan, "x", {0}, kNoOrigin}));
  CHECK(refused(SetTrait{jo, plan, int64_t{1}, {0}, kNoOrigin}));
  CHECK(refused(SetTrait{jo, plan, "x", {0}, {5}}));
  CHECK(refused(AddEvent{jo, order, {1}, {0}, kNoOrigin, {}}));
  CHECK(refused(AddEvent{jo, order, {2}, {0}, kNoOrigin, {{{7}, Value(1.0)}}}));
  CHECK(refused(AddEvent{jo, order, {2}, {0}, kNoOrigin, {{total, Value(Decimal{1, 3})}}}));
  CHECK(refused(MergeProfiles{jo, jo}));
  CHECK(b.store.Check(AddEvent{jo, order, {2}, {0}, kNoOrigin, {}}).ok());
}

}  // namespace
}  // namespace roster
