// SPDX-License-Identifier: Apache-2.0
//
// What a log may say of people is refused when it does not fit, and what is not refused is done
// without harm, whatever records a file has.
#include <catch2/catch.hpp>

#include "roster/error.h"
#include "storage/memory/people/own_names.h"
#include "tests/memory/store_builder.h"

namespace roster {
namespace {

// Jo and Ann, each with an email; the types that the store's own records need.
class Two {
 public:
  Two() {
    b.Namespace("email");
    order = b.Event("order");
    text = b.Trait("text", ValueType::kText);
    merges = b.Event(std::string(kMergeRecords));
    b.Property(merges, "survivor", ValueType::kInteger);
    devices = b.Event(std::string(kDeviceRecords));
    b.Property(devices, "mark", ValueType::kInteger);
    for (uint32_t i = 0; i < 2; ++i) {
      b.Apply(AttachIdentity{b.Profile(), {i}, {0}, "n" + std::to_string(i), {}});
    }
  }
  bool Fits(const Mutation& mutation) const {
    const absl::Status status = b.store.Check(mutation);
    if (!status.ok()) CHECK(ErrorCodeOf(status) == ErrorCode::kCorrupt);
    return status.ok();
  }
  void Record(ProfileId on, ProfileId loser, ProfileId survivor) {
    b.Add(on, merges, loser.value, 5, {{kMergeSurvivor, static_cast<int64_t>(survivor.value)}});
  }

  StoreBuilder b;
  EventTypeId order;
  EventTypeId merges;
  EventTypeId devices;
  TraitId text;
};

constexpr ProfileId kJo{1};
constexpr ProfileId kAnn{2};

TEST_CASE("mutations that name what is not there are refused", "[check]") {
  Two two;
  TraitInfo sum;
  sum.policy = TraitPolicy::kSum;
  TraitInfo unknown;
  unknown.policy = static_cast<TraitPolicy>(8);
  const Mutation unfit[] = {
      AlterTrait{{99}, {}},
      AlterTrait{two.text, sum},
      AlterTrait{two.text, unknown},
      AlterNamespace{{9}, {"email", NamespaceKind::kPerson, 1, 5}},
      AlterNamespace{{0}, {"email", static_cast<NamespaceKind>(0), 1, 5}},
      AlterNamespace{{0}, {"email", static_cast<NamespaceKind>(5), 1, 5}},
      UnmergeProfile{kJo},
      UnmergeProfile{{0}},
      UnmergeProfile{{77}},
      MoveRecords{kJo, kJo, kNoOrigin, {}, {}},
      MoveRecords{kJo, kJo, {2}, {}, {}},
      MoveRecords{kJo, {77}, {0}, {}, {}},
      MoveRecords{{0}, kJo, {0}, {}, {}},
      MoveRecords{kJo, kAnn, {2}, {}, {}},
      MoveIdentity{{2}, kJo},
      MoveIdentity{kNoOrigin, kJo},
      MoveIdentity{{0}, {77}},
      MoveIdentity{{0}, kJo, static_cast<IdentityStanding>(4)},
      RemoveRecord{kJo, {99}, {1}},
      RemoveRecord{kJo, two.order, {1}},
      RemoveRecord{{77}, two.order, {1}},
      Define{"", "plan = 1"},
      DeclareProperty{two.order, std::string(kHomeProperty), ValueType::kText},
  };
  for (size_t i = 0; i < std::size(unfit); ++i) {
    INFO("mutation " << i);
    CHECK_FALSE(two.Fits(unfit[i]));
  }
  CHECK(two.Fits(MoveRecords{kJo, kAnn, kNoOrigin, {9}, {1}}));
  CHECK(two.Fits(Define{"goal/a", ""}));
}

TEST_CASE("records of a trait have its type, whichever is declared first", "[check]") {
  Two two;
  const EventTypeId later = two.b.Event(TraitRecordsName("later"));
  two.b.Property(later, "value", ValueType::kInteger);
  CHECK_FALSE(two.Fits(DeclareTrait{"later", ValueType::kText}));
  const TraitId trait = two.b.Trait("later", ValueType::kInteger);
  CHECK(two.b.store.state().schema->trait(trait).records == later);
  const EventTypeId text = two.b.Event(TraitRecordsName("text"));
  CHECK_FALSE(two.Fits(DeclareProperty{text, "value", ValueType::kInteger}));
  CHECK_FALSE(two.Fits(DeclareProperty{text, std::string(kHomeProperty), ValueType::kInteger}));
  const EventTypeId system = two.b.Event(TraitRecordsName("created_at"));
  CHECK_FALSE(two.Fits(DeclareProperty{system, "value", ValueType::kTimestamp}));
}

// What is declared for a type of the store's own, as no engine does it.
bool FitsNew(std::string_view type, std::string name, ValueType is) {
  StoreBuilder b;
  const EventTypeId event = b.Event(std::string(type));
  return b.store.Check(DeclareProperty{event, std::move(name), is}).ok();
}

TEST_CASE("types of the store's own have the properties that it relies on", "[check]") {
  using enum ValueType;
  CHECK_FALSE(FitsNew(kMergeRecords, "another", kInteger));
  CHECK_FALSE(FitsNew(kMergeRecords, "survivor", kText));
  CHECK_FALSE(FitsNew(kMergeRecords, "received", kTimestamp));
  CHECK_FALSE(FitsNew(kMergeRecords, "loser_created_at", kTimestamp));
  CHECK_FALSE(FitsNew(kMergeRecords, std::string(kHomeProperty), kInteger));
  CHECK_FALSE(FitsNew(kDeviceRecords, "another", kInteger));
  CHECK_FALSE(FitsNew(kDeviceRecords, "mark", kText));
  CHECK_FALSE(FitsNew(kDeviceRecords, std::string(kHomeProperty), kInteger));
  CHECK_FALSE(FitsNew(kEditRecords, "actor", kInteger));
  CHECK_FALSE(FitsNew(kEditRecords, "detail", kText));
  CHECK_FALSE(FitsNew(kLabelRecords, "added", kText));
  CHECK_FALSE(FitsNew(kConsentRecords, "decision", kText));
  CHECK_FALSE(FitsNew(kNoteRecords, "text", kTextList));
  CHECK_FALSE(FitsNew(kSessionRecords, "start", kText));
  CHECK_FALSE(FitsNew(kCarryRecords, "digest", kText));
  CHECK_FALSE(FitsNew(kConflictRecords, "other", kText));
  CHECK_FALSE(FitsNew(kCallRecords, "channel", kTextList));
  CHECK_FALSE(FitsNew(TraitRecordsName("later"), "another", kText));
  CHECK_FALSE(FitsNew("order", std::string(kImportantProperty), kInteger));
  CHECK_FALSE(FitsNew("order", std::string(kHomeProperty), kText));
  // Names are the clients' elsewhere, and what a later version adds stands behind.
  CHECK(FitsNew("order", "survivor", kText));
  CHECK(FitsNew(kEditRecords, "reason", kInteger));
  CHECK(FitsNew("\001later", "actor", kInteger));
  CHECK(FitsNew(TraitRecordsName("later"), "value", kText));
  Two two;
  CHECK_FALSE(two.Fits(DeclareProperty{two.merges, "received", ValueType::kTimestamp}));
  CHECK_FALSE(two.Fits(DeclareProperty{two.merges, "loser_created_at", ValueType::kText}));
  CHECK(two.Fits(DeclareProperty{two.merges, "loser_created_at", ValueType::kTimestamp}));
  CHECK(two.Fits(DeclareProperty{two.devices, "more", ValueType::kText}));
  CHECK_FALSE(two.Fits(DeclareTrait{std::string(kArchived), ValueType::kText}));
  CHECK(two.Fits(DeclareTrait{std::string(kArchived), ValueType::kBoolean}));
}

TEST_CASE("records that no engine wrote do no harm", "[check]") {
  Two two;
  const EventTypeId records = two.b.Event(TraitRecordsName("text"));
  two.b.Property(records, "value", ValueType::kText);
  // A record without a cell, and none has a place for a home.
  two.b.Add(kJo, records, 1, 10, {{kRecordValue, "said"}});
  TraitInfo info;
  info.policy = TraitPolicy::kMax;
  two.b.Apply(AlterTrait{two.text, info});
  two.b.Set(kAnn, two.text, "ann", 3);
  two.Record(kJo, kAnn, kJo);
  two.b.Apply(MergeProfiles{kAnn, kJo, {5}, kNoOrigin});
  CHECK(two.b.store.state().column(two.text).Get(RowId{0}) == Value("said"));
  // Values of a mark that are none.
  two.b.Apply(AddEvent{kJo, two.devices, {1}, {5}, {0}, {{kDeviceMark, int64_t{-77}}}});
  two.b.Apply(AddEvent{kJo, two.devices, {2}, {5}, {0}, {}});
  two.b.Apply(UnmergeProfile{kAnn});
  CHECK(two.b.store.state().num_profiles == 2);
}

TEST_CASE("records of merges are believed as far as the profile answers for the ids", "[check]") {
  Two two;
  const ProfileId third = two.b.Profile();
  two.Record(kJo, kJo, kAnn);         // of itself
  two.Record(kJo, kAnn, kJo);         // never merged
  two.Record(kJo, {1'000'000}, kJo);  // nobody
  two.Record(kJo, {0}, kJo);          // no id
  for (const uint64_t id : {0, 1, 2, 3, 1'000'000}) CHECK_FALSE(two.Fits(UnmergeProfile{{id}}));
  two.Record(kJo, third, {1'000'000});  // merged into nobody
  two.b.Apply(MergeProfiles{third, kJo, {5}, kNoOrigin});
  two.b.Apply(MergeProfiles{kAnn, kJo, {5}, kNoOrigin});
  CHECK_FALSE(two.Fits(UnmergeProfile{kJo}));
  two.b.Apply(UnmergeProfile{third});
  const State& state = two.b.store.state();
  CHECK(state.FindProfile(kAnn) == state.FindProfile(kJo));
  CHECK(state.FindProfile(third) != state.FindProfile(kJo));
  CHECK_FALSE(two.Fits(UnmergeProfile{third}));
  two.b.Apply(UnmergeProfile{kAnn});
  CHECK(state.num_profiles == 3);
}

TEST_CASE("what was merged without a record stays, whatever comes apart", "[check]") {
  StoreBuilder b;
  const EventTypeId merges = b.Event(std::string(kMergeRecords));
  b.Property(merges, "survivor", ValueType::kInteger);
  for (int i = 0; i < 6; ++i) b.Profile();
  // 3 and 4 into 2 as an older version did it, then 2 into 1, then 5 into 6 and 6 into 1.
  for (const uint64_t id : {3, 4}) b.Apply(MergeProfiles{{id}, {2}});
  for (const auto& [loser, survivor] : {std::pair(2, 1), std::pair(5, 6), std::pair(6, 1)}) {
    const ProfileId into{static_cast<uint64_t>(survivor)};
    const auto id = static_cast<uint64_t>(loser);
    b.Add(into, merges, id, 5, {{kMergeSurvivor, int64_t{survivor}}});
    b.Apply(MergeProfiles{{id}, into});
  }
  b.Apply(UnmergeProfile{{6}});
  b.Apply(UnmergeProfile{{2}});
  const State& state = b.store.state();
  const auto answers = [&](uint64_t id) { return state.ProfileAt(*state.FindProfile({id})).value; };
  CHECK(answers(1) == 1);
  CHECK(answers(2) == 2);
  CHECK(answers(3) == 1);
  CHECK(answers(4) == 1);
  CHECK(answers(5) == 6);
  CHECK(answers(6) == 6);
  CHECK(state.profiles.NumIdsOf(*state.FindProfile({1}), {1}) == 3);
  CHECK(state.profiles.NumIdsOf(*state.FindProfile({6}), {6}) == 2);
}

TEST_CASE("of one name one identity is held, the others are former ones", "[check]") {
  Two two;
  StoreBuilder& b = two.b;
  const Identities& identities = b.store.state().identities;
  const ReadView before = b.store.TakeView({});
  CHECK_FALSE(two.Fits(AttachIdentity{kAnn, {2}, {0}, "n0", {}}));
  b.Apply(MoveIdentity{{0}, kJo, IdentityStanding::kFormer});
  CHECK_FALSE(identities.Find({0}, "n0").has_value());
  b.Apply(AttachIdentity{kAnn, {2}, {0}, "n0", {}});
  CHECK(identities.Find({0}, "n0") == IdentityId{2});
  CHECK_FALSE(two.Fits(MoveIdentity{{0}, kJo, IdentityStanding::kActive}));
  CHECK(two.Fits(MoveIdentity{{0}, kAnn, IdentityStanding::kFormer}));
  CHECK(before->identities.Find({0}, "n0") == IdentityId{0});

  // The newer one goes, and leaves the older one to be found again.
  b.Apply(EraseProfile{kAnn});
  CHECK(before->identities.Find({0}, "n0") == IdentityId{0});
  CHECK_FALSE(identities.Find({0}, "n0").has_value());
  b.Apply(MoveIdentity{{0}, kJo, IdentityStanding::kActive});
  CHECK(identities.Find({0}, "n0") == IdentityId{0});
}

TEST_CASE("an erased name is forgotten, and the former ones before it stay", "[check]") {
  Two two;
  StoreBuilder& b = two.b;
  const Identities& identities = b.store.state().identities;
  b.Apply(MoveIdentity{{0}, kJo, IdentityStanding::kFormer});
  b.Apply(AttachIdentity{kAnn, {2}, {0}, "n0", {}});
  b.Apply(EraseProfile{kAnn});  // no view lives, so that the name of 2 is overwritten
  CHECK(identities.NameOf({0}).value == "n0");
  b.Apply(AttachIdentity{kJo, {3}, {0}, "n0", {}});
  CHECK(identities.Find({0}, "n0") == IdentityId{3});
  b.Apply(EraseProfile{kJo});
  CHECK_FALSE(identities.Find({0}, "n0").has_value());
  const ProfileId next = b.Profile();
  b.Apply(AttachIdentity{next, {4}, {0}, "n0", {}});
  CHECK(identities.Find({0}, "n0") == IdentityId{4});
}

TEST_CASE("an unmerge leaves former identities former, and retired ones of those below",
          "[check]") {
  Two two;
  StoreBuilder& b = two.b;
  const Identities& identities = b.store.state().identities;
  b.Apply(MoveIdentity{{1}, kAnn, IdentityStanding::kFormer});
  b.Apply(AttachIdentity{kAnn, {2}, {0}, "n2", {}});
  b.Apply(MoveIdentity{{2}, kAnn, IdentityStanding::kRetired});
  two.Record(kJo, kAnn, kJo);
  b.Apply(MergeProfiles{kAnn, kJo, {5}, kNoOrigin});
  CHECK(identities.HomeOf({1}) == kAnn);
  CHECK(identities.HomeOf({2}) == kAnn);
  b.Apply(UnmergeProfile{kAnn});
  CHECK(identities.StandingOf({1}) == IdentityStanding::kFormer);
  CHECK(identities.StandingOf({2}) == IdentityStanding::kActive);
  CHECK(identities.HomeOf({1}) == ProfileId{});
  CHECK(identities.OfRow(*b.store.state().FindProfile(kAnn)).size() == 2);
}

}  // namespace
}  // namespace roster
