// SPDX-License-Identifier: Apache-2.0
//
// Runs what query/LANGUAGE.md says: statements in blocks marked `roster`, answers in those marked
// `error` with a code, numbers in those marked `counts`.
#include <catch2/catch.hpp>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "query/declarations/names.h"
#include "query/declarations/parser.h"
#include "query/errors.h"
#include "roster/error.h"
#include "tests/query/test_store.h"

namespace roster::query {
namespace {

// The lines of the blocks of one kind; each block ends with an empty line.
std::vector<std::string> BlocksOf(const std::string& kind) {
  std::ifstream file(ROSTER_LANGUAGE_MD);
  REQUIRE(file.good());
  std::vector<std::string> lines;
  std::string line;
  bool inside = false;
  while (std::getline(file, line)) {
    if (inside && line == "```") {
      inside = false;
      lines.emplace_back();
    } else if (inside) {
      lines.push_back(line);
    } else {
      inside = line == "```" + kind;
    }
  }
  return lines;
}

TestStore Example() {
  TestStore store;
  for (const char* text : {"country", "plan", "name", "Country.code"}) {
    store.Trait(text, ValueType::kText);
  }
  store.Trait("age", ValueType::kInteger);
  store.Trait("balance", ValueType::kDecimal, 2);
  store.Trait("score", ValueType::kNumber);
  store.Trait("vip", ValueType::kBoolean);
  store.Trait("2fa", ValueType::kBoolean);
  store.Trait("birthday", ValueType::kDate);
  store.Trait("joined", ValueType::kTimestamp);
  store.Trait("interests", ValueType::kTextList);
  store.Namespace("email");
  store.Namespace("phone");
  store.Event("order");
  store.Property("order", "total", ValueType::kDecimal, 2);
  store.Property("order", "category", ValueType::kText);
  store.Property("order", "shipped", ValueType::kTimestamp);
  store.Event("login");
  store.Event("cart");
  store.Property("cart", "category", ValueType::kText);
  store.Define(kGoals, "bought", "define goal \"bought\" as \"order\" where (`total` > 50)");
  store.Define(kInterests, "topic", "define interest \"topic\" as \"order\".`category`");
  store.Define(
      kEngagement, "engagement",
      "define engagement as \"order\" 1 points levels \"low\" 0, \"medium\" 2, \"high\" 5");
  store.Define(kSegments, "vip", "define segment \"vip\" as `age` >= 18");
  store.Define(kSegments, "loop", "define segment \"loop\" as in segment \"loop\"");
  store.Define(kComputed, "spent", "define trait `spent` as sum(\"order\".`total`)");
  store.Define(kViews, "people", "define view \"people\" as `id`, `email` order by `age` desc");
  const ProfileId jo = store.Profile({{"country", "NL"}, {"name", "Jo"}, {"age", int64_t{30}}});
  store.Identity(jo, "email", "jo@gmail.com");
  store.Did(jo, "order", Ago(kDayMs), {{"total", Decimal{6000, 2}}, {"category", "shoes"}});
  return store;
}

TEST_CASE("every statement of LANGUAGE.md runs") {
  const TestStore store = Example();
  int statements = 0;
  for (const std::string& line : BlocksOf("roster")) {
    if (line.empty()) continue;
    const auto answer = store.Ask(line, {"NL"});
    INFO(RenderError(line, answer.status()));
    CHECK(answer.ok());
    ++statements;
  }
  CHECK(statements > 25);
}

TEST_CASE("every declaration of LANGUAGE.md is one") {
  int statements = 0;
  for (const std::string& line : BlocksOf("declaration")) {
    if (line.empty()) continue;
    const auto declaration = ParseDeclaration(line);
    INFO(RenderError(line, declaration.status()));
    CHECK(declaration.ok());
    ++statements;
  }
  CHECK(statements > 12);
}

TEST_CASE("every error of LANGUAGE.md reads as it says") {
  const TestStore store = Example();
  const std::vector<std::pair<std::string, ErrorCode>> codes = {
      {"PARSE", ErrorCode::kParse},         {"TYPE", ErrorCode::kType},
      {"NOTRAIT", ErrorCode::kNoTrait},     {"NOHISTORY", ErrorCode::kNoHistory},
      {"NOPROFILE", ErrorCode::kNoProfile}, {"LIMIT", ErrorCode::kLimit}};
  for (const auto& [name, code] : codes) {
    const std::vector<std::string> lines = BlocksOf("error " + name);
    REQUIRE(lines.size() >= 3);
    for (size_t i = 0; i + 2 < lines.size(); i += 3) {
      const auto answer = store.Ask(lines[i]);
      INFO(lines[i]);
      REQUIRE(!answer.ok());
      CHECK(ErrorCodeOf(answer.status()) == code);
      const bool placed = ErrorPositionOf(answer.status()).has_value();
      CHECK(RenderError(lines[i], answer.status()) ==
            (placed ? lines[i] + "\n" : "") + lines[i + 1]);
    }
  }
}

// The people of "Meaning".
TestStore Meaning() {
  constexpr int64_t kMarch28 = 1'774'656'000'000;  // 2026-03-28T00:00Z
  constexpr int64_t kMay1 = 1'777'593'600'000;
  TestStore store;
  for (const char* text : {"country", "plan", "name"}) store.Trait(text, ValueType::kText);
  store.Trait("age", ValueType::kInteger);
  store.KeepHistory("plan");
  for (const char* event : {"order", "cart", "login"}) store.Event(event);
  store.Property("order", "total", ValueType::kDecimal, 2);
  store.Property("order", "category", ValueType::kText);
  store.Property("cart", "price", ValueType::kDecimal, 2);
  const ProfileId jo = store.Profile({{"country", "NL"}, {"age", int64_t{30}}}, {kMay1});
  store.Did(jo, "order", Ago(kDayMs), {{"total", Decimal{6000, 2}}, {"category", "shoes"}});
  store.Did(jo, "order", Ago(-2 * kDayMs), {{"total", Decimal{1000, 2}}});
  const ProfileId bo = store.Profile({{"country", "BE"}, {"plan", "free"}}, {kMay1});
  store.Set(bo, "plan", "pro", {kMay1 + 31 * kDayMs});
  const Timestamp bought = Ago(5 * kDayMs + 2 * kHourMs);
  store.Did(bo, "cart", bought);
  store.Did(bo, "order", bought, {{"total", Decimal{50000, 2}}});
  store.Did(bo, "login", {kMarch28 + 23 * kHourMs + kHourMs / 2});
  const ProfileId other = store.Profile({}, {kMay1});
  store.Did(other, "login", {kMarch28 + 46 * kHourMs - 1000});
  store.Merge(other, bo);
  store.Archive(store.Profile({{"plan", "free"}}, {kMay1}));
  return store;
}

TEST_CASE("every count of LANGUAGE.md is as it says") {
  const TestStore store = Meaning();
  int statements = 0;
  for (const std::string& line : BlocksOf("counts")) {
    if (line.empty()) continue;
    INFO(line);
    const size_t blank = line.find("  ");
    REQUIRE(blank != std::string::npos);
    CHECK(std::to_string(store.Count(line.substr(blank + 2))) == line.substr(0, blank));
    ++statements;
  }
  CHECK(statements > 30);
}

}  // namespace
}  // namespace roster::query
