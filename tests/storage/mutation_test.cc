// SPDX-License-Identifier: Apache-2.0
#include "storage/mutation.h"

#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "roster/error.h"
#include "tests/seed.h"

namespace roster {
namespace {

std::string Encode(const Commit& commit) {
  std::string bytes;
  EncodeCommitHeader(commit.header, &bytes);
  for (const Mutation& mutation : commit.mutations) EncodeMutation(mutation, &bytes);
  return bytes;
}

// One of every kind, with values of every type.
Commit Sample() {
  Commit commit;
  commit.header = {{1'795'000'000'123}, "req-1", 0xfeedfacecafebeefull, "ann", {3}, 2};
  commit.mutations = {
      DeclareTrait{"plan", ValueType::kText, 0},
      DeclareEvent{"order"},
      DeclareProperty{{1}, "total", ValueType::kDecimal, 2},
      DeclareNamespace{{"email", NamespaceKind::kPerson, 2, 5}},
      CreateProfile{{3}, {-5}, "import"},
      AttachIdentity{{3}, {70'000}, {1}, "jo@example.com", {77}},
      SetTrait{{3}, {9}, TextList{"a", "", "b"}, {12}, {4}},
      SetTrait{{3}, {9}, Value(), {13}, kNoOrigin},
      SetTrait{{3}, {9}, Date{-400}, {14}, kNoOrigin},
      SetTrait{{3}, {9}, Timestamp{INT64_MAX}, {15}, kNoOrigin},
      AddEvent{{3},
               {1},
               {~uint64_t{0}},
               {99},
               {4},
               {{{1}, Value(Decimal{-1250, 2})},
                {{2}, Value(0.1)},
                {{3}, Value(true)},
                {{0}, Value(Json{"{\"x\":[]}"})},
                {{4}, Value(INT64_MIN)}}},
      MergeProfiles{{2}, {3}, {78}, {4}},
      Advance{{1'795'000'000'124}},
      EraseProfile{{4}},
      SetRetention{{1}, 34'560'000'000},
      ExpireEvents{{1}, {-3'600'000}},
      AlterNamespace{{1}, {"", NamespaceKind::kContact, 4, 10}},
      UnmergeProfile{{2}},
      MoveRecords{{3}, {2}, {4}, {-5}, {INT64_MAX}},
      MoveIdentity{{4}, {2}, IdentityStanding::kFormer},
      RemoveRecord{{3}, {1}, {77}},
      Define{"goal/signed up", "did signup"},
  };
  AlterTrait alter{{9}, {}};
  alter.info.display = "Tags";
  alter.info.policy = TraitPolicy::kUnion;
  alter.info.searchable = true;
  commit.mutations.push_back(alter);
  return commit;
}

TEST_CASE("a commit comes back from its bytes", "[mutation]") {
  const std::string bytes = Encode(Sample());
  const auto decoded = DecodeCommit(bytes);
  REQUIRE(decoded.ok());
  CHECK(decoded->mutations.size() == Sample().mutations.size());
  CHECK(Encode(*decoded) == bytes);
  CHECK(decoded->header.request_id == "req-1");
  CHECK(decoded->header.actor == "ann");
  const auto& event = std::get<AddEvent>(decoded->mutations[10]);
  CHECK(event.properties[0].second == Value(Decimal{-1250, 2}));
  CHECK(event.properties[4].second == Value(INT64_MIN));
  CHECK(std::get<SetTrait>(decoded->mutations[7]).origin == kNoOrigin);
  std::set<size_t> kinds;
  for (const Mutation& mutation : decoded->mutations) kinds.insert(mutation.index());
  CHECK(kinds.size() == std::variant_size_v<Mutation>);
}

TEST_CASE("bytes cut anywhere are refused or are fewer mutations", "[mutation]") {
  const std::string bytes = Encode(Sample());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = DecodeCommit(std::string_view(bytes).substr(0, size));
    if (!decoded.ok()) {
      CHECK(ErrorCodeOf(decoded.status()) == ErrorCode::kCorrupt);
    } else {
      CHECK(decoded->mutations.size() < Sample().mutations.size());
    }
  }
}

TEST_CASE("random bytes never crash the decoder", "[mutation]") {
  std::mt19937_64 random(TestSeed());
  const std::string bytes = Encode(Sample());
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged = bytes;
    for (uint64_t n = 1 + random() % 4; n > 0; --n) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    DecodeCommit(damaged).status().IgnoreError();
  }
}

TEST_CASE("an unknown version or kind is named", "[mutation]") {
  std::string bytes = Encode(Sample());
  bytes[0] = 9;
  CHECK(DecodeCommit(bytes).status().message() ==
        "malformed commit: unknown version 9 at payload offset 0");
  std::string kind = Encode({});
  kind.push_back('\xc8');
  CHECK(std::string(DecodeCommit(kind).status().message()).find("unknown kind 200") !=
        std::string::npos);
}

}  // namespace
}  // namespace roster
