// SPDX-License-Identifier: Apache-2.0
//
// What an error says, and where.
#include "query/errors.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "query/bind/bind.h"
#include "query/exact_number.h"
#include "roster/error.h"
#include "storage/base/text.h"
#include "tests/query/test_store.h"

namespace roster::query {
namespace {

TestStore Names() {
  TestStore store;
  store.Trait("country", ValueType::kText);
  store.Trait("age", ValueType::kInteger);
  store.Trait("joined", ValueType::kTimestamp);
  store.Trait("birthday", ValueType::kDate);
  store.Trait("tags", ValueType::kTextList);
  store.Trait("vip", ValueType::kBoolean);
  store.Trait("extra", ValueType::kJson);
  store.Namespace("email");
  store.Event("purchase");
  store.Property("purchase", "amount", ValueType::kDecimal, 2);
  store.Property("purchase", "category", ValueType::kText);
  return store;
}

struct Case {
  std::string text;
  ErrorCode code;
  uint32_t column;
  std::string message;  // a part of it
};

void CheckAll(const std::vector<Case>& cases) {
  const TestStore store = Names();
  for (const Case& c : cases) {
    const auto answer = store.Ask(c.text);
    INFO(c.text);
    REQUIRE(!answer.ok());
    INFO(RenderError(c.text, answer.status()));
    CHECK(ErrorCodeOf(answer.status()) == c.code);
    const auto position = ErrorPositionOf(answer.status());
    REQUIRE(position.has_value());
    CHECK(position->line == 1);
    CHECK(position->column == c.column);
    CHECK(StdView(answer.status().message()).find(c.message) != std::string_view::npos);
  }
}

TEST_CASE("unknown names suggest the nearest") {
  CheckAll({
      {"count where contry = \"NL\"", ErrorCode::kNoTrait, 13, "did you mean `country`?"},
      {"count where Country = \"NL\"", ErrorCode::kNoTrait, 13, "did you mean `country`?"},
      {"count where emial is set", ErrorCode::kNoTrait, 13, "did you mean `email`?"},
      {"count where ü = 1", ErrorCode::kNoTrait, 13, "unknown trait `ü`"},
      {"count where did \"purchse\"", ErrorCode::kNoTrait, 17, "did you mean `purchase`?"},
      {"count where did purchase where amont > 3", ErrorCode::kNoTrait, 32, "`amount`?"},
      {"count where sum(purchase.amonut) > 3", ErrorCode::kNoTrait, 26, "`amount`?"},
      {"count where sum(purchases.amount) > 3", ErrorCode::kNoTrait, 17, "`purchase`?"},
      {"find cuontry", ErrorCode::kNoTrait, 6, "did you mean `country`?"},
      {"find age order by ag", ErrorCode::kNoTrait, 19, "did you mean `age`?"},
      {"count where did purchase where country = \"NL\"", ErrorCode::kNoTrait, 32,
       "unknown property `country`"},
  });
  const TestStore store = Names();
  const auto answer = store.Ask("count where zzzzzz = 1");
  CHECK(StdView(answer.status().message()) == "unknown trait `zzzzzz`");
}

TEST_CASE("types are checked with their place") {
  CheckAll({
      {"count where age > \"x\"", ErrorCode::kType, 19, "expected an integer, found a text"},
      {"count where country = 3", ErrorCode::kType, 23, "expected a text, found a number"},
      {"count where age in (1, true)", ErrorCode::kType, 24, "an integer, found true or false"},
      {"count where age contains \"3\"", ErrorCode::kType, 26,
       "about a text, not about an integer"},
      {"count where country has \"a\"", ErrorCode::kType, 25, "about a list, not about a text"},
      {"count where tags = \"a\"", ErrorCode::kType, 20, "write `has`"},
      {"count where extra = \"a\"", ErrorCode::kType, 21, "JSON"},
      {"count where vip > true", ErrorCode::kType, 19, "no order"},
      {"count where joined > \"2026-01-01\"", ErrorCode::kType, 22, "expected a time"},
      {"count where birthday > 2026-01-01T00:00:00Z", ErrorCode::kType, 24, "a date, found a time"},
      {"count where joined in (2026-01-01)", ErrorCode::kType, 24, "`between`"},
      {"count where joined between 2026-01-01 and 2026-01-02T00:00:00Z", ErrorCode::kType, 28,
       "one of each"},
      {"count where did purchase between 2026-01-01 and 2026-01-02T00:00:00Z", ErrorCode::kType, 34,
       "one of each"},
      {"count where did purchase between 2 and 1", ErrorCode::kType, 34, "expected a time"},
      {"count where did purchase before 3", ErrorCode::kType, 33, "expected a time"},
      {"count where age within last 3 days", ErrorCode::kType, 17, "about a time"},
      {"count where sum(purchase.category) > 3", ErrorCode::kType, 26, "cannot be taken of a text"},
      {"count where sum(purchase) > 3", ErrorCode::kType, 17, "needs a property"},
      {"count where sum(purchase.amount) > \"x\"", ErrorCode::kType, 36, "expected a number"},
      {"count where did purchase where (did purchase)", ErrorCode::kType, 33, "properties only"},
      {"count where id = \"p1\"", ErrorCode::kType, 13, "a column only"},
      {"find tags order by tags", ErrorCode::kType, 20, "no order"},
      {"count at time zone \"Mars/Olympus\"", ErrorCode::kType, 20, "unknown time zone"},
      {"count at time zone \"../../etc/passwd\"", ErrorCode::kType, 20, "unknown time zone"},
      {"count at time zone \"file:/dev/zero\"", ErrorCode::kType, 20, "write an IANA name"},
      {"count where age = $1", ErrorCode::kParse, 19, "parameter $1 was not given"},
  });
}

TEST_CASE("a time zone is one of those installed, never a path") {
  const auto knows = [](const std::string& name) { return LoadTimeZone(name).ok(); };
  for (const char* name : {"UTC", "Europe/Amsterdam", "America/Argentina/Buenos_Aires",
                           "America/Port-au-Prince", "Etc/GMT+10", "GMT"}) {
    INFO(name);
    CHECK(knows(name));
  }
  const std::string zones = "/usr/share/zoneinfo/";
  const std::vector<std::string> others = {
      "", zones + "Europe/Amsterdam", "file:" + zones + "Europe/Amsterdam", "file:Europe/Amsterdam",
      ":UTC", "localtime", "Europe/../Europe/Amsterdam",
      // A file of a zone that is on no list: unknown names do not reach Abseil.
      "posix/Europe/Amsterdam", "Europe/Amsterdam" + std::string(1, '\0'), std::string(65, 'A')};
  for (const std::string& name : others) {
    INFO(name);
    CHECK(!knows(name));
  }
}

TEST_CASE("what newcomers type is answered with what to write") {
  CheckAll({
      {"count where country == \"NL\"", ErrorCode::kParse, 21, "write `=`"},
      {"count where country = 'NL'", ErrorCode::kParse, 23, "double quotes"},
      {"count where country = “NL”", ErrorCode::kParse, 23, "straight double quotes"},
      {"count where country like \"N%\"", ErrorCode::kParse, 21, "`starts with`"},
      {"count where country LIKE \"N%\"", ErrorCode::kParse, 21, "`starts with`"},
      {"count where age > 3 && age < 5", ErrorCode::kParse, 21, "write `and`"},
      {"count where age > 3 || age < 5", ErrorCode::kParse, 21, "write `or`"},
      {"count where !vip", ErrorCode::kParse, 13, "write `not`"},
      {"count where age <> 3", ErrorCode::kParse, 17, "write `!=`"},
      {"count where age is null", ErrorCode::kParse, 20, "`is missing`"},
      {"count where age is not null", ErrorCode::kParse, 20,
       "expected `set`, `missing` or `empty`, found `not`; write `is set` or `is missing`"},
      {"select count", ErrorCode::kParse, 1, "there is no `select`"},
      {"find * where age = 1", ErrorCode::kParse, 6, "leave the columns out"},
      {"count where age = 1;", ErrorCode::kParse, 20, "no sign at its end"},
      {"count where country in [\"NL\"]", ErrorCode::kParse, 24, "parentheses"},
      {"count where did visit then purchase within last 3 days", ErrorCode::kParse, 44,
       "a later one comes `within 3 days`"},
      {"count where did purchase last 30 days", ErrorCode::kParse, 26, "`within last 30 days`"},
      {"count where did purchase 3 times", ErrorCode::kParse, 26, "`at least`"},
      {"count where country = NL", ErrorCode::kParse, 23, "expected a value, found `NL`"},
      {"count where", ErrorCode::kParse, 12, "expected a condition"},
      {"count country = \"NL\"", ErrorCode::kParse, 7, "`only archived`, `where`"},
  });
}

TEST_CASE("lines and columns are counted in code points") {
  const TestStore store = Names();
  const std::string text = "count\nwhere country = \"Österreich\" and\n\tageé = 3";
  const auto answer = store.Ask(text);
  const auto position = ErrorPositionOf(answer.status());
  REQUIRE(position.has_value());
  CHECK(position->line == 3);
  CHECK(position->column == 2);
  CHECK(position->length == 5);
  CHECK(text.substr(position->offset, position->length) == "ageé");
  CHECK(RenderError(text, answer.status()) ==
        "\tageé = 3\n\t^^^^ unknown trait `ageé`; did you mean `age`?");
}

TEST_CASE("no literal stands in a message") {
  const TestStore store = Names();
  for (const char* text : {"count where age = \"secret@x.nl\"",
                           "count where country \"secret@x.nl\"", "count where secret@x.nl = 1"}) {
    const auto answer = store.Ask(text);
    REQUIRE(!answer.ok());
    CHECK(StdView(answer.status().message()).find("secret@x") == std::string_view::npos);
  }
}

TEST_CASE("limits of a filter are named") {
  const TestStore store = Names();
  std::string list = "count where age in (0";
  for (int i = 1; i < 4096; ++i) list += "," + std::to_string(i);
  CHECK(store.Ask(list + ")").ok());
  CHECK(ErrorCodeOf(store.Ask(list + ",4096)").status()) == ErrorCode::kLimit);
  std::string filter = "count where age = 1";
  for (int i = 1; i < 4095; ++i) filter += " or age = 1";
  CHECK(store.Ask(filter).ok());
  CHECK(ErrorCodeOf(store.Ask(filter + " or age = 1").status()) == ErrorCode::kLimit);
}

}  // namespace
}  // namespace roster::query
