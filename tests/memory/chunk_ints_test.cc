// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/traits/chunk_ints.h"

#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "tests/seed.h"

namespace roster {
namespace {

using Form = ChunkInts::Form;

TEST_CASE("integers of a chunk are what was set, few or many", "[chunk_ints]") {
  std::mt19937_64 random(TestSeed());
  for (const Form form : {Form::kNarrow, Form::kWide, Form::kUnscanned, Form::kUnscannedOrZero}) {
    ChunkInts ints(form);
    std::map<uint32_t, int64_t> expected;
    // Wider and wider, past the number that a list holds.
    for (int step = 0; step < 3000; ++step) {
      const auto i = static_cast<uint32_t>(random() % 1500);
      const auto value = static_cast<int64_t>(random() >> (60 - step / 60));
      if (step % 7 == 0) {
        ints.Forget(i);
        expected.erase(i);
      } else {
        ints.Set(i, value);
        expected[i] = value;
      }
      if (step % 50 != 0) continue;
      for (const auto& [row, known] : expected) REQUIRE(ints.Get(row) == known);
      if (form != Form::kUnscannedOrZero) continue;
      for (uint32_t row = 0; row < 1600; ++row) {
        if (!expected.contains(row)) REQUIRE(ints.Get(row) == 0);
      }
    }
    CHECK(ints.array() != nullptr);
  }
}

TEST_CASE("few integers take a few bytes each", "[chunk_ints]") {
  ChunkInts ints(Form::kWide);
  ints.Set(16000, int64_t{1} << 60);
  CHECK(ints.MemoryBytes() <= 16);
  for (uint32_t i = 1; i < ChunkInts::kFew; ++i) ints.Set(i, -1);
  CHECK(ints.array() == nullptr);
  ints.Set(0, 5);
  REQUIRE(ints.array() != nullptr);
  CHECK(ints.MemoryBytes() == ints.array()->MemoryBytes());
  CHECK(ints.array()->Get(16000) == int64_t{1} << 60);
  CHECK(ints.array()->Get(1) == -1);
  CHECK(ints.Get(0) == 5);
}

TEST_CASE("integers are loaded as the rows of a set", "[chunk_ints]") {
  for (const uint32_t step : {1u, 100u}) {
    ChunkBits rows;
    std::vector<int64_t> values;
    for (uint32_t i = 3; i < kChunkRows; i += step) {
      rows.Set(i);
      values.push_back(int64_t{i} * 1000 - 7);
    }
    ChunkInts ints = ChunkInts::Of(Form::kNarrow, rows, PackedInts::Of(values));
    CHECK((ints.array() == nullptr) == (step == 100));
    for (uint32_t i = 3; i < kChunkRows; i += step) REQUIRE(ints.Get(i) == int64_t{i} * 1000 - 7);
    ints.Set(3, -1'000'000'000'000);
    CHECK(ints.Get(3) == -1'000'000'000'000);
  }
}

}  // namespace
}  // namespace roster
