// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/people/trait_policy.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <string>

#include "tests/seed.h"

namespace roster {
namespace {

constexpr IdentityId kEmail{1};
constexpr IdentityId kDevice{2};

Value Shown(TraitPolicy policy, const std::vector<TraitRecord>& records) {
  return FoldTrait(policy, records)->value;
}

TEST_CASE("each policy takes what its name says", "[trait_policy]") {
  const std::vector<TraitRecord> texts = {
      {"b", {1}, kEmail, 2}, {"c", {2}, kDevice, 5}, {"a", {3}, kDevice, 5}, {"", {4}, kDevice, 5}};
  CHECK(Shown(TraitPolicy::kLatest, texts) == Value(""));
  CHECK(Shown(TraitPolicy::kEarliest, texts) == Value("b"));
  CHECK(Shown(TraitPolicy::kPrimary, texts) == Value("b"));
  CHECK(Shown(TraitPolicy::kNonEmpty, texts) == Value("a"));
  CHECK(Shown(TraitPolicy::kMax, texts) == Value("c"));
  CHECK(Shown(TraitPolicy::kMin, texts) == Value(""));
}

TEST_CASE("sums and unions are of all that was written", "[trait_policy]") {
  const std::vector<TraitRecord> counts = {
      {int64_t{5}, {1}, kEmail, 2}, {int64_t{7}, {3}, kEmail, 2}, {int64_t{10}, {2}, kDevice, 5}};
  const FoldedTrait sum = *FoldTrait(TraitPolicy::kSum, counts);
  CHECK(sum.value == Value(int64_t{22}));
  CHECK(sum.time == Timestamp{3});
  CHECK(sum.origin == kEmail);
  const std::vector<TraitRecord> lists = {{TextList{"x"}, {1}, kEmail, 2},
                                          {TextList{"b", "a"}, {2}, kEmail, 2},
                                          {TextList{"b", "c"}, {3}, kDevice, 5}};
  CHECK(Shown(TraitPolicy::kUnion, lists) == Value(TextList{"a", "b", "c", "x"}));
}

// So many that joining one list after the other would be felt: the joined one is long, too.
TEST_CASE("a union of thousands of lists has each of their texts once", "[trait_policy]") {
  const uint64_t seed = TestSeed();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  std::vector<TraitRecord> records;
  std::set<std::string> all;
  for (int i = 0; i < 5000; ++i) {
    TextList list;
    for (uint64_t n = random() % 5; n > 0; --n) list.push_back(std::to_string(random() % 4000));
    all.insert(list.begin(), list.end());
    records.push_back({list, {i}, kEmail, 2});
  }
  const TextList expected(all.begin(), all.end());
  const FoldedTrait folded = *FoldTrait(TraitPolicy::kUnion, records);
  CHECK(folded.value == Value(expected));
  CHECK(folded.time == Timestamp{4999});
  std::shuffle(records.begin(), records.end(), random);
  CHECK(Shown(TraitPolicy::kUnion, records) == Value(expected));
  records.resize(1);
  records[0].value = TextList{"b", "a", "b"};
  CHECK(Shown(TraitPolicy::kUnion, records) == Value(TextList{"a", "b"}));
}

TEST_CASE("a sum stays within its type", "[trait_policy]") {
  CHECK(Shown(TraitPolicy::kSum, {{INT64_MAX, {1}, kEmail, 2}, {int64_t{1}, {2}, kDevice, 5}}) ==
        Value(INT64_MAX));
  CHECK(Shown(TraitPolicy::kSum, {{INT64_MIN, {1}, kEmail, 2}, {int64_t{-1}, {2}, kDevice, 5}}) ==
        Value(INT64_MIN));
}

TEST_CASE("a clear takes away what is not later, for every policy", "[trait_policy]") {
  for (int p = 0; p <= static_cast<int>(TraitPolicy::kUnion); ++p) {
    const auto policy = static_cast<TraitPolicy>(p);
    INFO("policy " << p);
    const bool sums = policy == TraitPolicy::kSum;
    const auto value = [&](int64_t n) {
      if (sums) return Value(n);
      return Value(TextList{std::to_string(n)});
    };
    std::vector<TraitRecord> records = {{value(9), {1}, kEmail, 2}, {{}, {2}, kDevice, 5}};
    const FoldedTrait cleared = *FoldTrait(policy, records);
    CHECK(IsMissing(cleared.value));
    CHECK(cleared.time == Timestamp{2});
    records.push_back({value(4), {3}, kDevice, 5});
    CHECK(Shown(policy, records) == value(4));
  }
  CHECK_FALSE(FoldTrait(TraitPolicy::kLatest, {}).has_value());
}

TEST_CASE("the order in which records came does not matter", "[trait_policy]") {
  const uint64_t seed = TestSeed();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2'000; ++round) {
    const auto policy = static_cast<TraitPolicy>(random() % 7);  // of all but union
    std::vector<TraitRecord> records;
    for (uint64_t i = random() % 8 + 1; i > 0; --i) {
      Value value;  // missing: a clear
      if (random() % 6 != 0) value = 0.1 * static_cast<double>(random() % 5);
      TraitRecord& record = records.emplace_back();
      record.value = value;
      record.time = {static_cast<int64_t>(random() % 4)};
      record.origin = {static_cast<uint32_t>(random() % 3)};
      record.rank = static_cast<uint8_t>(random() % 3);
    }
    const FoldedTrait first = *FoldTrait(policy, records);
    std::shuffle(records.begin(), records.end(), random);
    const FoldedTrait second = *FoldTrait(policy, records);
    REQUIRE(first.value == second.value);
    REQUIRE(first.time == second.time);
  }
}

}  // namespace
}  // namespace roster
