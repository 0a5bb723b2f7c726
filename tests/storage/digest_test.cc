// SPDX-License-Identifier: Apache-2.0
//
// The digest tells states apart by any single thing, and by nothing that no client can see.
#include "storage/memory/digest.h"

#include <catch2/catch.hpp>
#include <functional>
#include <map>

#include "storage/memory/people/own_names.h"
#include "tests/memory/store_builder.h"
#include "tests/storage/store_file.h"

namespace roster {
namespace {

// A small store in which one thing, by number, is otherwise: 0 for none.
class Varied {
 public:
  explicit Varied(int which) : which_(which) {
    b.Namespace(Pick("email", "mail"));
    b.Namespace("device");
    const TraitId plan = b.Trait(Pick("plan", "tariff"), ValueType::kText);
    const TraitId price = b.Trait("price", ValueType::kDecimal, Pick<uint8_t>(2, 3));
    const TraitId note = b.Trait("note", Pick(ValueType::kText, ValueType::kJson));
    const EventTypeId order = b.Event(Pick("order", "purchase"));
    const EventTypeId visit = b.Event("visit");
    const PropertyId topic = b.Property(order, Pick("topic", "subject"), ValueType::kText);
    const PropertyId count = b.Property(order, "count", ValueType::kInteger);
    b.Property(visit, "topic", Pick(ValueType::kText, ValueType::kNumber));
    for (int i = 0; i < 3; ++i) b.Profile(100);
    Attach(1, Pick<uint16_t>(0, 1), Pick("jo", "jon"));
    Attach(Pick<uint64_t>(2, 1), 0, "ann");
    Set(1, plan, Pick("free", "pro"), Pick(5, 6), Pick<uint32_t>(0, 1));
    Set(Pick<uint64_t>(2, 1), price, Decimal{Pick<int64_t>(150, 151), PriceScale()}, 7, 1);
    // Cleared at a time, or never set.
    if (Pick(true, false)) b.Set({2}, plan, {}, Pick(8, 9));
    static_cast<void>(note);
    Add(1, order, Pick<uint64_t>(77, 78), Pick(10, 11), Pick<uint32_t>(0, kNoOrigin.value),
        {{topic, Pick("a", "b")}, {count, Pick<int64_t>(1, 2)}});
    Add(Pick<uint64_t>(1, 2), order, 79, 12, 0, {{topic, "a"}});
    if (Pick(true, false)) Add(2, visit, 80, 13, 1, {});
    Add(2, Pick(visit, order), 81, 13, 1, {});
    if (Pick(false, true)) b.Apply(MergeProfiles{{2}, {1}, {20}});
    if (Pick(false, true)) b.Apply(MergeProfiles{{1}, {2}, {20}});
    if (Pick(false, true)) b.Profile(100);
    if (Pick(false, true)) b.Trait("more", ValueType::kText);
    if (Pick(false, true)) b.Event("more");
    People();
    num_things = next_ - 1;
  }

  StoreBuilder b;
  int num_things = 0;

 private:
  template <typename T>
  T Pick(T usual, T other) {
    return next_++ == which_ ? other : usual;
  }
  // What states of the first versions have none of.
  void People() {
    if (Pick(false, true)) b.Apply(Define{"goal/a", "plan = 1"});
    if (Pick(false, true)) b.Apply(Define{"goal/b", "plan = 1"});
    if (Pick(false, true)) b.Apply(Define{"goal/a", "plan = 2"});
    TraitInfo info;
    info.display = Pick("", "Plan");
    info.policy = Pick(TraitPolicy::kLatest, TraitPolicy::kMax);
    info.searchable = Pick(false, true);
    info.indexed = Pick(false, true);
    if (info.HasOptions()) b.Apply(AlterTrait{{4}, info});
    info = {};
    info.indexed = Pick(false, true);
    if (info.HasOptions()) b.Apply(AlterTrait{{6}, info});
    if (Pick(false, true)) b.Apply(MoveIdentity{{1}, {2}, IdentityStanding::kRetired});
    if (Pick(false, true)) b.Apply(MoveIdentity{{1}, {2}, IdentityStanding::kFormer});
    if (Pick(false, true)) {
      b.Apply(MoveIdentity{{1}, {2}, IdentityStanding::kFormer});
      Attach(2, 0, "ann");  // what came before came by the former one
    }
    if (Pick(false, true)) {
      b.Apply(MoveIdentity{{1}, {2}, IdentityStanding::kFormer});
      Attach(2, 0, "ann");
      Add(2, {0}, 90, 5, 1, {});
    }
    if (Pick(false, true)) {
      b.Apply(MoveIdentity{{1}, {2}, IdentityStanding::kFormer});
      Attach(2, 0, "ann");
      Add(2, {0}, 90, 5, 2, {});
    }
    if (Pick(false, true)) Merge(false);
    if (Pick(false, true)) Merge(true);
  }
  // With or without a record, and so with or without homes.
  void Merge(bool record) {
    const EventTypeId merges = b.Event(std::string(kMergeRecords));
    b.Property(merges, "survivor", ValueType::kInteger);
    const ProfileId other = b.Profile(100);
    Attach(other.value, 0, "other");
    if (record) Add(1, merges, other.value, 30, kNoOrigin.value, {});
    b.Apply(MergeProfiles{other, {1}, {30}});
    if (record) b.Apply(RemoveRecord{{1}, merges, {other.value}});
  }
  uint8_t PriceScale() const { return b.store.state().schema->trait({5}).scale; }
  void Attach(uint64_t profile, uint16_t space, std::string value) {
    const auto next = static_cast<uint32_t>(b.store.state().identities.size());
    b.Apply(AttachIdentity{{profile}, {next}, {space}, std::move(value), {1}});
  }
  void Set(uint64_t profile, TraitId trait, Value value, int64_t time, uint32_t origin) {
    b.Apply(SetTrait{{profile}, trait, std::move(value), {time}, {origin}});
  }
  void Add(uint64_t profile, EventTypeId type, uint64_t id, int64_t time, uint32_t origin,
           std::vector<std::pair<PropertyId, Value>> properties) {
    b.Apply(AddEvent{{profile}, type, {id}, {time}, {origin}, std::move(properties)});
  }

  const int which_;
  int next_ = 1;
};

TEST_CASE("the digest differs when any single thing differs", "[digest]") {
  const int num_things = Varied(0).num_things;
  REQUIRE(num_things > 25);
  std::map<std::string, int> seen;
  for (int which = 0; which <= num_things; ++which) {
    const Varied varied(which);
    const std::string digest = DigestToHex(DigestOf(varied.b.store));
    INFO("thing " << which << " is as thing " << seen[digest]);
    REQUIRE(seen[digest] == 0);
    seen[digest] = which + 1;
    REQUIRE(digest == DigestToHex(DigestOf(Varied(which).b.store)));
  }
}

TEST_CASE("the digest does not depend on order, numbers and codes", "[digest]") {
  // The same things in two orders. Profile ids are given in order, so those stay.
  const auto build = [](bool turned, StoreBuilder* b) {
    b->Namespace("email");
    const TraitId first = b->Trait(turned ? "plan" : "city", ValueType::kText);
    const TraitId second = b->Trait(turned ? "city" : "plan", ValueType::kText);
    const TraitId plan = turned ? first : second;
    const TraitId city = turned ? second : first;
    const EventTypeId order = b->Event("order");
    const PropertyId p1 = b->Property(order, turned ? "topic" : "count",
                                      turned ? ValueType::kText : ValueType::kInteger);
    const PropertyId p2 = b->Property(order, turned ? "count" : "topic",
                                      turned ? ValueType::kInteger : ValueType::kText);
    const PropertyId topic = turned ? p1 : p2;
    const PropertyId count = turned ? p2 : p1;
    b->Profile(0);
    b->Profile(0);
    uint32_t next = 0;
    const std::map<std::string, uint64_t> names = {{"jo", 1}, {"ann", 2}};
    std::map<std::string, uint32_t> numbers;
    const auto attach = [&](const std::string& name) {
      numbers[name] = next;
      b->Apply(AttachIdentity{{names.at(name)}, {next++}, {0}, name, {1}});
    };
    const std::vector<std::function<void()>> steps = {
        [&] {
          b->Apply(SetTrait{{1}, plan, "free", {5}, {numbers["jo"]}});
        },
        [&] {
          b->Apply(SetTrait{{2}, plan, "pro", {5}, {numbers["ann"]}});
        },
        [&] { b->Set({1}, city, "Utrecht", 6); },
        [&] {
          b->Add({1}, order, 7, 10, {{topic, "a"}, {count, int64_t{1}}});
        },
        [&] {
          b->Add({1}, order, 8, 9, {{topic, "b"}});
        },
        [&] {
          b->Add({2}, order, 7, 11, {{count, int64_t{2}}});
        },
    };
    attach(turned ? "ann" : "jo");
    attach(turned ? "jo" : "ann");
    for (size_t i = 0; i < steps.size(); ++i) steps[turned ? steps.size() - 1 - i : i]();
  };
  StoreBuilder one;
  StoreBuilder other;
  build(false, &one);
  build(true, &other);
  REQUIRE(DigestOf(one.store) == DigestOf(other.store));
}

TEST_CASE("the digest of a state is what it was", "[digest]") {
  // It stands in files: another value for an old state is a change of the format.
  CHECK(DigestToHex(DigestOf(Store())) == "46518a40f858fa7b91702675827227a3");
  CHECK(DigestToHex(DigestOf(Varied(0).b.store)) == "aaad5f8fe1ea058a21f774e50d6f3962");
  CHECK(DigestToHex({0x0123456789abcdef, 0xfedcba9876543210}) ==
        "fedcba98765432100123456789abcdef");
}

}  // namespace
}  // namespace roster
