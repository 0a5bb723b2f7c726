// SPDX-License-Identifier: Apache-2.0
//
// What a profile shows and what is kept of it does not depend on the order in which it came, and
// what is shown stays when its history is gone. Source: IDENTITY.md R12.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "storage/memory/digest.h"
#include "storage/memory/people/own_names.h"
#include "tests/memory/store_builder.h"
#include "tests/seed.h"

namespace roster {
namespace {

constexpr ValueType kTypes[] = {ValueType::kText, ValueType::kInteger, ValueType::kNumber,
                                ValueType::kTextList};

// A profile with identities of two ranks, traits of several types with a place for their records,
// and an event type.
class Somebody {
 public:
  explicit Somebody(TraitPolicy policy) {
    b.Apply(Advance{{10'000'000}});
    b.Apply(DeclareNamespace{{"email", NamespaceKind::kPerson, 2, 9}});
    b.Apply(DeclareNamespace{{"device", NamespaceKind::kDevice, 5, 9}});
    order = b.Event("order");
    for (const ValueType type : kTypes) {
      const std::string name = "trait" + std::to_string(traits.size());
      traits.push_back(b.Trait(name, type));
      b.Property(b.Event(TraitRecordsName(name)), "value", type);
      if (!PolicyFits(policy, type)) continue;
      TraitInfo info;
      info.policy = policy;
      b.Apply(AlterTrait{traits.back(), info});
    }
    profile = b.Profile(9'000'000);
    for (uint32_t i = 0; i < 4; ++i) {
      b.Apply(AttachIdentity{
          profile, {i}, {static_cast<uint16_t>(i % 2)}, "n" + std::to_string(i), {}});
    }
  }
  StateDigest Digest() const { return DigestOf(b.store.TakeView(b.store.clock())); }
  EventTypeId RecordsOf(TraitId trait) const {
    return *b.store.state().schema->trait(trait).records;
  }
  uint64_t NumRecords(TraitId trait) const {
    return b.store.state().partition(RecordsOf(trait)).num_events();
  }
  Value Shown(TraitId trait, ProfileId of) const {
    return b.store.state().column(trait).Get(*b.store.state().FindProfile(of));
  }
  Value Shown(TraitId trait) const { return Shown(trait, profile); }

  StoreBuilder b;
  EventTypeId order;
  std::vector<TraitId> traits;
  ProfileId profile;
};

Value AnyValue(ValueType type, uint64_t n) {
  switch (type) {
    case ValueType::kText:
      return std::string(n % 3, 'a');
    case ValueType::kInteger:
      return static_cast<int64_t>(n) - 2;
    case ValueType::kNumber:
      return n == 0 ? -0.0 : static_cast<double>(n - 1) * 0.1;
    default:
      return TextList(n % 3, "t" + std::to_string(n));
  }
}

std::vector<Mutation> AnyWrites(const Somebody& somebody, std::mt19937_64* random) {
  const auto below = [&](uint64_t n) { return (*random)() % n; };
  std::vector<Mutation> writes;
  for (uint64_t i = 1 + below(14); i > 0; --i) {
    const Timestamp time{static_cast<int64_t>(below(4)) * 3'000'000};  // the last is of the future
    const IdentityId origin =
        below(4) == 0 ? kNoOrigin : IdentityId{static_cast<uint32_t>(below(4))};
    if (below(4) == 0) {
      writes.push_back(AddEvent{somebody.profile, somebody.order, {i}, time, origin, {}});
      continue;
    }
    const size_t trait = below(std::size(kTypes));
    Value value = below(5) == 0 ? Value() : AnyValue(kTypes[trait], below(4));
    writes.push_back(
        SetTrait{somebody.profile, somebody.traits[trait], std::move(value), time, origin});
  }
  return writes;
}

TEST_CASE("the same writes in any order leave the same cells and records", "[order]") {
  const uint64_t seed = TestSeed();
  std::mt19937_64 random(seed);
  for (int round = 0; round < 400; ++round) {
    const auto policy = static_cast<TraitPolicy>(round % 8);
    INFO("seed " << seed << ", round " << round << ", policy " << static_cast<int>(policy));
    Somebody first(policy);
    std::vector<Mutation> writes = AnyWrites(first, &random);
    for (const Mutation& write : writes) first.b.Apply(write);
    for (int other = 0; other < 3; ++other) {
      std::shuffle(writes.begin(), writes.end(), random);
      Somebody second(policy);
      for (const Mutation& write : writes) second.b.Apply(write);
      REQUIRE(second.Digest() == first.Digest());
      // What comes again changes nothing.
      for (const Mutation& write : writes) {
        if (std::holds_alternative<SetTrait>(write)) second.b.Apply(write);
      }
      REQUIRE(second.b.store.Pending().seen_later.Sorted() ==
              first.b.store.Pending().seen_later.Sorted());
      second.b.Apply(Advance{{20'000'000}});
    }
  }
}

TEST_CASE("every write of a trait is kept, also one that repeats what is shown", "[order]") {
  Somebody somebody(TraitPolicy::kLatest);
  const TraitId text = somebody.traits[0];
  for (const int64_t ms : {3, 1, 2, 5, 4}) somebody.b.Set(somebody.profile, text, "a", ms);
  CHECK(somebody.NumRecords(text) == 4);  // and the one that is shown
  somebody.b.Set(somebody.profile, text, "a", 5);
  CHECK(somebody.NumRecords(text) == 4);
}

TEST_CASE("a sum is of its parts, also after the policy was another one", "[order]") {
  Somebody somebody(TraitPolicy::kSum);
  const TraitId number = somebody.traits[1];
  const auto add = [&](int64_t value, int64_t ms, uint32_t origin) {
    somebody.b.Apply(SetTrait{somebody.profile, number, value, {ms}, {origin}});
  };
  add(5, 1, 0);
  CHECK(somebody.Shown(number) == Value(int64_t{5}));
  add(3, 2, 1);
  CHECK(somebody.Shown(number) == Value(int64_t{8}));
  add(8, 2, 1);  // what the cell says, as a write
  CHECK(somebody.Shown(number) == Value(int64_t{16}));
  add(1, 3, 2);
  CHECK(somebody.Shown(number) == Value(int64_t{17}));
  TraitInfo info;
  info.policy = TraitPolicy::kMax;
  somebody.b.Apply(AlterTrait{number, info});
  CHECK(somebody.Shown(number) == Value(int64_t{8}));
  info.policy = TraitPolicy::kSum;
  somebody.b.Apply(AlterTrait{number, info});
  CHECK(somebody.Shown(number) == Value(int64_t{17}));

  const ProfileId other = somebody.b.Profile(9'000'000);
  somebody.b.Apply(AttachIdentity{other, {4}, {0}, "other", {}});
  somebody.b.Apply(SetTrait{other, number, int64_t{100}, {9}, {4}});
  somebody.b.Apply(MergeProfiles{other, somebody.profile, {10}, kNoOrigin});
  CHECK(somebody.Shown(number) == Value(int64_t{117}));
}

TEST_CASE("a stronger namespace counts for what is shown of its records", "[order]") {
  Somebody somebody(TraitPolicy::kPrimary);
  const TraitId text = somebody.traits[0];
  somebody.b.Apply(SetTrait{somebody.profile, text, std::string("a"), {1}, {0}});
  somebody.b.Apply(SetTrait{somebody.profile, text, std::string("b"), {2}, {1}});
  CHECK(somebody.Shown(text) == Value("a"));
  somebody.b.Apply(AlterNamespace{{1}, {"device", NamespaceKind::kDevice, 1, 9}});
  CHECK(somebody.Shown(text) == Value("b"));
}

TEST_CASE("what is shown stays when its history is gone, whatever becomes of the profile",
          "[order][retention]") {
  const auto policy =
      GENERATE(TraitPolicy::kLatest, TraitPolicy::kEarliest, TraitPolicy::kMax, TraitPolicy::kSum);
  constexpr int64_t kHour = 3'600'000;
  Somebody somebody(policy);
  StoreBuilder& b = somebody.b;
  const TraitId number = somebody.traits[1];
  const auto write = [&](ProfileId profile, int64_t value, int64_t ms, IdentityId origin) {
    b.Apply(SetTrait{profile, number, value, {ms}, origin});
  };
  write(somebody.profile, 7, 1000, {0});
  b.Apply(SetRetention{somebody.RecordsOf(number), kHour});
  b.Apply(ExpireEvents{somebody.RecordsOf(number), {kHour}});
  CHECK(somebody.NumRecords(number) == 0);
  REQUIRE(somebody.Shown(number) == Value(int64_t{7}));

  const auto shown = [&](ProfileId profile) { return somebody.Shown(number, profile); };
  SECTION("another one is merged into it, and it into another one") {
    b.Apply(MergeProfiles{b.Profile(), somebody.profile, {kHour}, kNoOrigin});
    CHECK(shown(somebody.profile) == Value(int64_t{7}));
    const ProfileId next = b.Profile();
    write(next, 5, 3000, kNoOrigin);
    b.Apply(MergeProfiles{somebody.profile, next, {kHour}, kNoOrigin});
    const bool latest = policy == TraitPolicy::kLatest;
    const int64_t sum = policy == TraitPolicy::kSum ? 12 : 7;
    CHECK(shown(next) == Value(latest ? int64_t{5} : sum));
  }
  SECTION("a record is removed") {
    b.Add(somebody.profile, somebody.order, 1, kHour);
    b.Apply(RemoveRecord{somebody.profile, somebody.order, {1}});
    CHECK(shown(somebody.profile) == Value(int64_t{7}));
  }
  SECTION("it goes with the identity by which it came") {
    const ProfileId next = b.Profile();
    write(next, 1, 500, kNoOrigin);
    b.Apply(MoveRecords{somebody.profile, next, {0}, {0}, {kHour}});
    CHECK(IsMissing(shown(somebody.profile)));
    const bool earliest = policy == TraitPolicy::kEarliest;
    const int64_t sum = policy == TraitPolicy::kSum ? 8 : 7;
    CHECK(shown(next) == Value(earliest ? int64_t{1} : sum));
  }
  SECTION("another policy") {
    TraitInfo info;
    info.policy = TraitPolicy::kNonEmpty;
    b.Apply(AlterTrait{number, info});
    CHECK(shown(somebody.profile) == Value(int64_t{7}));
  }
  SECTION("a later write") {
    write(somebody.profile, 3, 2 * kHour, {1});
    const bool is_new = policy == TraitPolicy::kLatest || policy == TraitPolicy::kSum;
    CHECK(shown(somebody.profile) == Value(int64_t{is_new ? 3 : 7}));
  }
}

TEST_CASE("what moves to somebody does not take away what is shown there", "[order]") {
  Somebody somebody(TraitPolicy::kLatest);
  const TraitId text = somebody.traits[0];
  const ProfileId next = somebody.b.Profile();
  somebody.b.Set(next, text, "new", 100);
  somebody.b.Apply(SetTrait{somebody.profile, text, std::string("old"), {50}, {0}});
  somebody.b.Apply(MoveRecords{somebody.profile, next, {0}, {0}, {1000}});
  CHECK(somebody.Shown(text, next) == Value("new"));
  CHECK(somebody.NumRecords(text) == 2);
  CHECK(IsMissing(somebody.Shown(text)));
}

}  // namespace
}  // namespace roster
