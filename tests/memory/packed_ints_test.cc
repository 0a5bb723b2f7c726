// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/packed_ints.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <vector>

#include "tests/seed.h"

namespace roster {
namespace {

TEST_CASE("values come back whatever their order and range", "[packed_ints]") {
  std::mt19937_64 random(TestSeed());
  for (int round = 0; round < 300; ++round) {
    const size_t size = 1 + random() % 200;
    PackedInts ints = round % 2 == 0 ? PackedInts(size) : PackedInts::Unscanned(size);
    std::vector<std::optional<int64_t>> model(size);
    const int shift = static_cast<int>(random() % 64);
    const int64_t around = static_cast<int64_t>(random()) >> (random() % 64);
    for (int step = 0; step < 300; ++step) {
      const size_t i = random() % size;
      int64_t value = static_cast<int64_t>(static_cast<uint64_t>(around) + (random() >> shift));
      if (random() % 20 == 0) value = 0;
      if (random() % 100 == 0) value = random() % 2 != 0 ? INT64_MIN : INT64_MAX;
      ints.Set(i, value);
      model[i] = value;
    }
    for (size_t i = 0; i < size; ++i) {
      if (model[i]) REQUIRE(ints.Get(i) == *model[i]);
    }
  }
}

TEST_CASE("a chunk of small numbers takes a byte each", "[packed_ints]") {
  PackedInts ints(1000);
  for (size_t i = 0; i < 1000; ++i) ints.Set(i, static_cast<int64_t>(i % 200));
  CHECK(ints.width() == 1);
  CHECK(ints.base() == 0);
}

TEST_CASE("times of a day around today take four bytes", "[packed_ints]") {
  PackedInts ints(1000);
  constexpr int64_t kNow = 1'795'000'000'000;
  for (size_t i = 0; i < 1000; ++i) ints.Set(i, kNow - static_cast<int64_t>(i) * 86'400);
  CHECK(ints.width() == 4);
  CHECK(ints.Get(999) == kNow - 999 * 86'400);
}

TEST_CASE("what is not scanned takes five bytes where eight would be wasted", "[packed_ints]") {
  PackedInts times = PackedInts::Unscanned(1000);
  constexpr int64_t kNow = 1'795'000'000'000;
  for (size_t i = 0; i < 1000; ++i) times.Set(i, kNow - static_cast<int64_t>(i) * 86'400'000);
  CHECK(times.width() == 5);
  CHECK(times.Get(0) == kNow);
  CHECK(times.Get(999) == kNow - int64_t{999} * 86'400'000);
}

TEST_CASE("split numbers come back, also from copies", "[packed_ints]") {
  std::mt19937_64 random(TestSeed());
  for (int round = 0; round < 300; ++round) {
    const size_t size = 1 + random() % 200;
    const uint64_t range = (uint64_t{1} << (31 + random() % 11)) - random() % 3;
    const int64_t min = random() % 8 == 0 ? std::numeric_limits<int64_t>::min()
                        : random() % 7 == 0
                            ? std::numeric_limits<int64_t>::max() - static_cast<int64_t>(range)
                            : static_cast<int64_t>(random()) >> 2;
    std::vector<int64_t> values(size);
    IntBounds bounds = IntBounds::None();
    for (int64_t& value : values) {
      value = min + static_cast<int64_t>(random() % (range + 1));
      bounds.Widen(value);
    }
    PackedInts ints = PackedInts::SplitForRange(size, bounds.low, bounds.high);
    for (size_t i = 0; i < size; ++i) ints.Put(i, values[i]);
    const bool in_five = static_cast<uint64_t>(bounds.high - bounds.low) < uint64_t{1} << 40;
    if (!in_five) CHECK(!ints.is_split());
    IntBounds found = IntBounds::None();
    ints.Widen(0, size, &found);
    CHECK(found.low == bounds.low);
    CHECK(found.high == bounds.high);
    // Into one of another range, from the second value on.
    PackedInts other = PackedInts::SplitForRange(size, bounds.low, bounds.high);
    other.CopyFrom(0, ints.Whole(), 0, 1);
    other.CopyFrom(1, ints, 1, size - 1);
    CHECK(!ints.Whole().is_split());
    for (size_t i = 0; i < size; ++i) {
      REQUIRE(ints.Get(i) == values[i]);
      REQUIRE(other.Get(i) == values[i]);
      REQUIRE(ints.Whole().Get(i) == values[i]);
    }
  }
}

TEST_CASE("times of years are split in five bytes", "[packed_ints]") {
  constexpr int64_t kNow = 1'795'000'000'000;
  constexpr int64_t kDay = 86'400'000;
  CHECK(PackedInts::SplitForRange(10, kNow - 180 * kDay, kNow).is_split());
  CHECK(PackedInts::SplitForRange(10, kNow - 180 * kDay, kNow).width() == 5);
  // So that what is copied when a range grows need not be made anew.
  CHECK(PackedInts::SplitForRange(10, kNow - 180 * kDay, kNow).base() ==
        PackedInts::SplitForRange(10, kNow - 181 * kDay, kNow + kDay).base());
  CHECK(PackedInts::SplitForRange(10, kNow - 10 * kDay, kNow).width() == 4);
  CHECK(PackedInts::SplitForRange(10, 0, kNow).width() == 8);
}

TEST_CASE("made whole: equal values take nothing, others the narrowest width", "[packed_ints]") {
  CHECK(PackedInts::Of({7, 7, 7}).width() == 0);
  CHECK(PackedInts::Of({7, 7, 7}).Get(2) == 7);
  CHECK(PackedInts::Of({-1, 254}).width() == 1);
  CHECK(PackedInts::Of({INT64_MIN, INT64_MAX}).Get(1) == INT64_MAX);
  CHECK(PackedInts::Of({1'000'000'000'000, 1'000'000'000'255}).width() == 1);
}

}  // namespace
}  // namespace roster
