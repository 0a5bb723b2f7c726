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

}  // namespace
}  // namespace roster
