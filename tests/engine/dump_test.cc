// SPDX-License-Identifier: Apache-2.0
//
// A dump believes of ids what its lines say, and those that nobody has take no memory.
#include "engine/maintenance/dump.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "roster/error.h"
#include "storage/base/text.h"
#include "storage/memory/digest.h"
#include "tests/memory/store_builder.h"
#include "tests/seed.h"
#include "tests/storage/random_changes.h"

namespace roster {
namespace {

std::string DigestOf(const Store& store) {
  return DigestToHex(DigestOf(store.TakeView(store.clock())));
}

std::vector<std::string> LinesOf(const Store& store) {
  std::vector<std::string> lines;
  const auto take = [&](std::string_view line) {
    lines.emplace_back(line);
    return absl::OkStatus();
  };
  REQUIRE(
      DumpView(store.TakeView(store.clock()), DigestOf(store), store.clock(), take, nullptr).ok());
  return lines;
}

absl::Status Read(const std::vector<std::string>& lines, Store* store) {
  size_t next = 0;
  const auto line = [&]() -> absl::StatusOr<std::optional<std::string>> {
    if (next == lines.size()) return std::nullopt;
    return lines[next++];
  };
  return ReadDump(line, store).status();
}

// In every line.
void Replace(const std::string& what, const std::string& with, std::vector<std::string>* lines) {
  int found = 0;
  for (std::string& line : *lines) {
    for (size_t at = line.find(what); at != std::string::npos;
         at = line.find(what, at + with.size())) {
      line.replace(at, what.size(), with);
      ++found;
    }
  }
  REQUIRE(found > 0);
}

// Three people, of whom one was erased and one merged into the last, who will be seen.
void Fill(StoreBuilder* b) {
  const NamespaceId space = b->Namespace("email");
  const TraitId plan = b->Trait("plan", ValueType::kText);
  const EventTypeId order = b->Event("order");
  for (uint32_t i = 0; i < 3; ++i) {
    const ProfileId profile = b->Profile(1000);
    b->Apply(AttachIdentity{profile, {i}, space, "somebody" + std::to_string(i), {}});
    b->Set(profile, plan, "plan" + std::to_string(i), 2000);
    b->Add(profile, order, i, 3000);
  }
  b->Apply(EraseProfile{{1}});
  b->Apply(MergeProfiles{{2}, {3}, {4000}, kNoOrigin});
  b->Add({3}, order, 77, 9'000'000'000'000);
}

TEST_CASE("a dump comes back under the same ids, and goes on behind them", "[dump]") {
  StoreBuilder b;
  Fill(&b);
  b.Apply(Advance{{5000}});
  Store store;
  const absl::Status read = Read(LinesOf(b.store), &store);
  INFO(read.ToString());
  REQUIRE(read.ok());
  CHECK(DigestOf(store) == DigestOf(b.store));
  CHECK(store.Pending().seen_later.Sorted() == b.store.Pending().seen_later.Sorted());
  CHECK(store.state().profiles.size() == 3);
  CHECK_FALSE(store.state().FindProfile({1}).has_value());
  CHECK(store.state().FindProfile({2}) == store.state().FindProfile({3}));
  ChangeSet changes;
  for (Store* each : {&store, &b.store}) {
    for (const Mutation& mutation : {Mutation(CreateProfile{{4}, {6000}, "test"}),
                                     Mutation(MergeProfiles{{4}, {2}, {7000}, kNoOrigin}),
                                     Mutation(Advance{{9'000'000'000'001}})}) {
      REQUIRE(each->Check(mutation).ok());
      each->Apply(mutation, &changes);
    }
  }
  CHECK(DigestOf(store) == DigestOf(b.store));
}

TEST_CASE("a dump whose header has very many ids makes none of them", "[dump]") {
  StoreBuilder b;
  Fill(&b);
  std::vector<std::string> lines = LinesOf(b.store);
  Replace("\"profile_ids\":3", "\"profile_ids\":50000000", &lines);
  Store store;
  const absl::Status read = Read(lines, &store);
  INFO(read.ToString());
  REQUIRE(read.ok());
  CHECK(DigestOf(store) == DigestOf(b.store));
  CHECK(store.state().profiles.size() == 50'000'000);
  CHECK(store.MemoryBytes() < (20 << 20));
  ChangeSet changes;
  const CreateProfile next{{50'000'001}, {5}, "test"};
  REQUIRE(store.Check(next).ok());
  store.Apply(next, &changes);
}

TEST_CASE("a dump with a very high id makes none of those before it", "[dump]") {
  StoreBuilder b;
  const NamespaceId space = b.Namespace("email");
  b.Apply(AttachIdentity{b.Profile(), {0}, space, "jo", {}});
  std::vector<std::string> lines = LinesOf(b.store);
  Replace("\"profile_ids\":1", "\"profile_ids\":50000000", &lines);
  Replace("\"profile\":1", "\"profile\":40000000", &lines);
  Replace("\"traits_of\":1", "\"traits_of\":40000000", &lines);
  Store store;
  const absl::Status other = Read(lines, &store);  // another digest, for the id is in it
  REQUIRE(ErrorCodeOf(other) == ErrorCode::kParse);
  const std::string message(StdView(other.message()));
  const std::string said = "the state has digest ";
  REQUIRE(message.find(said) != std::string::npos);
  const std::string digest = message.substr(message.find(said) + said.size(), 32);
  Replace(DigestOf(b.store), digest, &lines);
  Store again;
  REQUIRE(Read(lines, &again).ok());
  CHECK(again.state().FindProfile({40'000'000}) == again.state().FindIdentity(space, "jo"));
  CHECK(again.state().profiles.size() == 50'000'000);
  CHECK(again.MemoryBytes() < (20 << 20));
}

TEST_CASE("a dump of a random store comes back, and goes on as it would", "[dump]") {
  const uint64_t seed = TestSeed();
  for (uint64_t round = 0; round < 4; ++round) {
    INFO("seed " << seed << ", round " << round);
    RandomChanges changes(seed + round);
    Store store;
    for (const Mutation& mutation : changes.Declarations()) ApplyTo(&store, mutation);
    for (int i = 0; i < 3000; ++i) ApplyTo(&store, changes.Next(store));
    Store loaded;
    const std::vector<std::string> lines = LinesOf(store);
    const absl::Status read = Read(lines, &loaded);
    INFO(read.ToString());
    REQUIRE(read.ok());
    REQUIRE(DigestOf(loaded) == DigestOf(store));
    REQUIRE(DevicesOf(loaded) == DevicesOf(store));
    REQUIRE(LinesOf(loaded).size() == lines.size());
    // Numbers of identities are others, so that only what names none goes for both. What is known
    // from the dump alone is not all that is pending.
    for (int i = 0; i < 300; ++i) {
      const Mutation mutation = changes.Next(store);
      if (!std::holds_alternative<UnmergeProfile>(mutation) &&
          !std::holds_alternative<RemoveRecord>(mutation) &&
          !std::holds_alternative<Define>(mutation)) {
        continue;
      }
      ApplyTo(&store, mutation);
      ApplyTo(&loaded, mutation);
    }
    REQUIRE(DigestOf(loaded) == DigestOf(store));
  }
}

TEST_CASE("a dump says of an identity what it was, and by which of one name something came",
          "[dump]") {
  StoreBuilder b;
  const NamespaceId space = b.Namespace("email");
  const EventTypeId order = b.Event("order");
  const ProfileId jo = b.Profile();
  const ProfileId ann = b.Profile();
  b.Apply(AttachIdentity{jo, {0}, space, "a", {}});
  b.Apply(AddEvent{jo, order, {1}, {5}, {0}, {}});
  b.Apply(MoveIdentity{{0}, jo, IdentityStanding::kFormer});
  b.Apply(AttachIdentity{ann, {1}, space, "a", {}});
  b.Apply(AddEvent{jo, order, {2}, {6}, {1}, {}});
  b.Apply(AttachIdentity{ann, {2}, space, "b", {}});
  b.Apply(MoveIdentity{{2}, ann, IdentityStanding::kRetired});
  std::vector<std::string> lines = LinesOf(b.store);
  Store loaded;
  const absl::Status read = Read(lines, &loaded);
  INFO(read.ToString());
  REQUIRE(read.ok());
  const Identities& identities = loaded.state().identities;
  CHECK(identities.RowOf(*identities.Find(space, "a")) == loaded.state().FindProfile(ann));
  CHECK(identities.StandingOf(*identities.Find(space, "b")) == IdentityStanding::kRetired);
  const auto refused = [&](const std::string& what, const std::string& with) {
    std::vector<std::string> changed = lines;
    Replace(what, with, &changed);
    Store store;
    return ErrorCodeOf(Read(changed, &store)) == ErrorCode::kParse;
  };
  CHECK(refused("\"by_former\":0", "\"by_former\":1"));
  CHECK(refused("\"by_former\":0", "\"by_former\":-1"));
  CHECK(refused(",\"by_former\":0", ""));  // another digest
  CHECK(refused("\"retired\":[1]", "\"retired\":[0]"));
  CHECK(refused("\"retired\":[1]", "\"retired\":[1],\"homes\":[1]"));
  CHECK(refused("\"retired\":[1]", "\"retired\":[1],\"homes\":[0,3]"));
  CHECK(refused("\"former\":{\"email\":\"a\"},\"of\":1", "\"former\":{\"email\":\"a\"},\"of\":3"));
}

}  // namespace
}  // namespace roster
