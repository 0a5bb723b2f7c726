// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/cow.h"

#include <catch2/catch.hpp>
#include <random>

#include "tests/seed.h"

namespace roster {
namespace {

constexpr size_t kChunkBytes = kChunkRows * sizeof(uint32_t);

TEST_CASE("whole chunks of one value are one chunk until they are written to", "[cow]") {
  CowVector<uint32_t> values;
  values.PushBack(1);
  values.Append(5 * kChunkRows, 7);
  REQUIRE(values.size() == 5 * kChunkRows + 1);
  REQUIRE(values.num_chunks() == 6);
  CHECK(values.MemoryBytes() / kChunkBytes == 3);
  const CowVector<uint32_t> before = values;
  values.Set(2 * kChunkRows + 5, 8);
  CHECK(values[2 * kChunkRows + 5] == 8);
  CHECK(values[2 * kChunkRows + 4] == 7);
  CHECK(values[kChunkRows + 5] == 7);
  CHECK(values[3 * kChunkRows + 5] == 7);
  CHECK(before[2 * kChunkRows + 5] == 7);
  CHECK(values.MemoryBytes() / kChunkBytes == 5);  // those behind it count once more
  for (size_t c = 1; c < 5; ++c) values.Set(c * kChunkRows, 9);
  CHECK(values.MemoryBytes() / kChunkBytes == 6);
  CHECK(before.MemoryBytes() / kChunkBytes == 3);
}

TEST_CASE("a vector that grows by many of one value is as one that grows by each", "[cow]") {
  const uint64_t seed = TestSeed();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  CowVector<uint32_t> values;
  std::vector<uint32_t> model;
  for (int round = 0; round < 60; ++round) {
    const size_t count = random() % (random() % 2 == 0 ? 3 : 5 * kChunkRows);
    const auto value = static_cast<uint32_t>(random() % 3);
    values.Append(count, value);
    model.insert(model.end(), count, value);
    const CowVector<uint32_t> view = values;
    const std::vector<uint32_t> seen = model;
    for (int i = 0; i < 3 && !model.empty(); ++i) {
      const size_t at = random() % model.size();
      values.Set(at, static_cast<uint32_t>(random()));
      model[at] = values[at];
    }
    values.PushBack(value);
    model.push_back(value);
    REQUIRE(values.size() == model.size());
    REQUIRE(view.size() == seen.size());
    bool same = true;
    for (size_t i = 0; i < model.size(); ++i) same = same && values[i] == model[i];
    for (size_t i = 0; i < seen.size(); ++i) same = same && view[i] == seen[i];
    REQUIRE(same);
    REQUIRE(values.MemoryBytes() <= values.num_chunks() * (kChunkBytes + sizeof(void*)));
  }
}

}  // namespace
}  // namespace roster
