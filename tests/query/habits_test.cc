// SPDX-License-Identifier: Apache-2.0
//
// What newcomers type, and the exact answer, which says what to write instead: newcomers.txt, two
// lines for each.
#include "query/habits.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <string>

#include "query/declarations/names.h"
#include "query/errors.h"
#include "tests/query/test_store.h"

namespace roster::query {
namespace {

TestStore People() {
  TestStore store;
  store.Trait("country", ValueType::kText);
  store.Trait("name", ValueType::kText);
  store.Trait("age", ValueType::kInteger);
  store.Trait("vip", ValueType::kBoolean);
  store.Trait("joined", ValueType::kTimestamp);
  store.Trait("tags", ValueType::kTextList);
  store.Namespace("email");
  store.Event("order");
  store.Property("order", "total", ValueType::kDecimal, 2);
  store.Define(kSegments, "vip", "define segment \"vip\" as `age` >= 18");
  return store;
}

TEST_CASE("each of the things that newcomers type is answered with what to write") {
  const TestStore store = People();
  std::ifstream file(ROSTER_NEWCOMERS);
  int typed = 0;
  for (std::string text, answer; std::getline(file, text) && std::getline(file, answer); ++typed) {
    const auto asked = store.Ask(text);
    INFO(text);
    REQUIRE(!asked.ok());
    CHECK(RenderError(text, asked.status()) == text + "\n" + answer);
  }
  CHECK(typed >= 80);
}

}  // namespace
}  // namespace roster::query
