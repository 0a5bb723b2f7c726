// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/traits/row_stamps.h"

#include <catch2/catch.hpp>

#include "tests/memory/store_builder.h"

namespace roster {
namespace {

std::optional<uint32_t> Refer(ChunkStamps* stamps, uint32_t i, const Stamp& stamp) {
  const std::optional<uint32_t> slot = stamps->SlotFor(i, stamp);
  if (slot) stamps->Refer(*slot, i, stamp);
  return slot;
}

constexpr Stamp StampAt(int64_t ms) {
  return {Timestamp{ms}, IdentityId{static_cast<uint32_t>(ms)}};
}

TEST_CASE("equal stamps of a row share a slot, a third one has none", "[stamps]") {
  RowStamps stamps;
  const RowId row{kChunkRows + 7};
  const auto first = stamps.Refer(row, StampAt(1));
  const auto second = stamps.Refer(row, StampAt(2));
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  CHECK(first != second);
  CHECK(stamps.Refer(row, StampAt(1)) == first);
  CHECK_FALSE(stamps.Refer(row, StampAt(3)).has_value());
  CHECK(stamps.Refer({row.value + 1}, StampAt(3)).has_value());
  CHECK(stamps.chunk(1).Get(*first, 7) == StampAt(1));
  CHECK(stamps.chunk(1).Get(*second, 7) == StampAt(2));
}

TEST_CASE("a slot is free again when its last cell has left it", "[stamps]") {
  ChunkStamps stamps;
  const auto first = Refer(&stamps, 0, StampAt(1));
  CHECK(Refer(&stamps, 0, StampAt(1)) == first);
  CHECK(Refer(&stamps, 0, StampAt(2)) != first);
  stamps.Release(*first, 0);
  CHECK_FALSE(Refer(&stamps, 0, StampAt(3)).has_value());
  stamps.Release(*first, 0);
  CHECK(Refer(&stamps, 0, StampAt(3)) == first);
  CHECK(stamps.Get(*first, 0) == StampAt(3));
}

TEST_CASE("a slot takes no more cells than it counts", "[stamps]") {
  ChunkStamps stamps;
  for (int i = 0; i < 255; ++i) REQUIRE(Refer(&stamps, 5, StampAt(1)) == 0u);
  CHECK(Refer(&stamps, 5, StampAt(1)) == 1u);
  CHECK(stamps.Get(1, 5) == StampAt(1));
}

TEST_CASE("a cell that finds no slot copies nothing that a view holds", "[stamps]") {
  RowStamps stamps;
  const RowId row{kChunkRows + 7};
  REQUIRE(stamps.Refer(row, StampAt(1)).has_value());
  REQUIRE(stamps.Refer(row, StampAt(2)).has_value());
  const RowStamps view = stamps;
  const uint64_t before = CopiedBytes();
  CHECK_FALSE(stamps.Refer(row, StampAt(3)).has_value());
  CHECK(CopiedBytes() == before);
  CHECK(&stamps.chunk(1) == &view.chunk(1));
  CHECK(stamps.Refer(row, StampAt(1)).has_value());
  CHECK(CopiedBytes() > before);
}

TEST_CASE("a copy keeps its stamps while the writer goes on", "[stamps]") {
  RowStamps stamps;
  const auto slot = stamps.Refer({3}, StampAt(1));
  const RowStamps before = stamps;
  stamps.Release(*slot, {3});
  REQUIRE(stamps.Refer({3}, StampAt(2)) == slot);
  CHECK(before.chunk(0).Get(*slot, 3) == StampAt(1));
  CHECK(stamps.chunk(0).Get(*slot, 3) == StampAt(2));
}

// However many commands set them, in whatever portions.
TEST_CASE("every trait has the stamp of the command that set it last", "[stamps][columns]") {
  StoreBuilder b;
  std::vector<TraitId> traits;
  for (int t = 0; t < 8; ++t) {
    traits.push_back(b.Trait("t" + std::to_string(t), ValueType::kInteger));
  }
  const ProfileId jo = b.Profile();
  std::vector<int64_t> set_at(traits.size());
  for (int64_t command = 1; command < 200; ++command) {
    for (size_t t = 0; t < traits.size(); ++t) {
      // All of them now and then, otherwise one in three; the value may be the time itself.
      if (command % 7 != 0 && (static_cast<size_t>(command) + t * t) % 3 != 0) continue;
      Value value;
      if (command % 11 != 0) value = command % 5 == 0 ? command : -command;
      b.Set(jo, traits[t], std::move(value), command);
      set_at[t] = command;
    }
    const State& state = b.store.state();
    for (size_t t = 0; t < traits.size(); ++t) {
      if (set_at[t] == 0) continue;
      REQUIRE(state.StampOf(traits[t], *state.FindProfile(jo)) == Stamp{Timestamp{set_at[t]}});
    }
  }
}

}  // namespace
}  // namespace roster
