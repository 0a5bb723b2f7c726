// SPDX-License-Identifier: Apache-2.0
//
// What older versions took and this one refuses: it is in stores, and goes on.
#include <catch2/catch.hpp>
#include <string>

#include "engine/commit/effects.h"
#include "engine/limits.h"
#include "storage/memory/people/merges.h"

namespace roster {
namespace {

TEST_CASE("of a source longer than a name, a merge keeps the beginning in whole characters",
          "[R10][limits]") {
  Store store;
  EventIdSource ids;
  Effects effects(&store, &ids, {1'000}, true);
  const std::string longest = std::string(kMaxNameBytes - 1, 'x');
  const ProfileId cut = effects.AddProfile({1}, longest + "\u00e9 and more");
  const ProfileId whole = effects.AddProfile({2}, longest + "y");
  effects.Merge({cut, whole, {3}, kNoOrigin});
  const auto merges = MergesOf(store.state(), *store.state().FindProfile(whole));
  REQUIRE(merges.size() == 1);
  CHECK(merges[0].loser_came.via == longest);
  CHECK(merges[0].survivor_came.via == longest + "y");
}

}  // namespace
}  // namespace roster
