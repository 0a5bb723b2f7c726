// SPDX-License-Identifier: Apache-2.0
//
// What the parser of declarations takes and refuses, the canonical text, how long is kept.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "query/declarations/declaration.h"
#include "query/declarations/parser.h"
#include "query/declarations/retention.h"
#include "query/errors.h"
#include "roster/error.h"

namespace roster::query {
namespace {

ast::Declaration Parsed(const std::string& text) {
  const auto declaration = ParseDeclaration(text);
  INFO(RenderError(text, declaration.status()));
  REQUIRE(declaration.ok());
  return *declaration;
}

struct Canonical {
  std::string said;
  std::string text;
};

const std::vector<Canonical> kForms = {
    {"DECLARE trait plan TEXT", "declare trait `plan` text"},
    {"declare trait trait text", "declare trait `trait` text"},
    {"declare trait a.b decimal(2) display \"A \\\"b\\\"\" indexed searchable policy max",
     "declare trait `a.b` decimal(2) display \"A \\\"b\\\"\" searchable indexed policy max"},
    {"declare trait `my tags` list policy union not searchable",
     "declare trait `my tags` list not searchable policy union"},
    {"alter trait plan not indexed", "alter trait `plan` not indexed"},
    {"alter trait searchable searchable policy nonempty display \"\"",
     "alter trait `searchable` display \"\" searchable policy nonempty"},
    {"declare event order", "declare event \"order\""},
    {"declare event \"Order Placed\" (total decimal(0), at timestamp,`and` boolean)",
     "declare event \"Order Placed\" (`total` decimal(0), `at` timestamp, `and` boolean)"},
    {"declare namespace crm kind person", "declare namespace `crm` kind person"},
    {"declare namespace sms kind contact blocked(\"0\", \"1\") unique limit 3 immutable rank 9",
     "declare namespace `sms` kind contact rank 9 limit 3 immutable unique blocked (\"0\", \"1\")"},
    {"declare anonymous profiles never", "declare anonymous profiles never"},
    {"declare anonymous profiles ALWAYS", "declare anonymous profiles always"},
    {"declare anonymous profiles on chat_started, \"on\"",
     "declare anonymous profiles on \"chat_started\", \"on\""},
    {"alter namespace email limit 7", "alter namespace `email` limit 7"},
    {"define goal bought as order", "define goal \"bought\" as \"order\""},
    {"define goal \"signed up\" as \"order\" where total > 50, sale where (a = 1 or not b is set)",
     "define goal \"signed up\" as \"order\" where (`total` > 50), \"sale\" where (`a` = 1 or not "
     "`b` is set)"},
    {"define goal g as e where at >= 2026-01-01T10:00 at time zone \"Europe/Amsterdam\"",
     "define goal \"g\" as \"e\" where (`at` >= 2026-01-01T10:00:00) at time zone "
     "\"Europe/Amsterdam\""},
    {"define interest topic as order.category",
     "define interest \"topic\" as \"order\".`category`"},
    {"define interest topic as order.a.b, \"page view\".`c d` half life 1 day",
     "define interest \"topic\" as \"order\".`a.b`, \"page view\".`c d` half life 1 days"},
    {"define engagement as order 10 points cap 50.0 within last 30 days, view 1 point levels "
     "\"low\" 0, \"high\" 2.50",
     "define engagement as \"order\" 10 points cap 50 within last 30 days, \"view\" 1 points "
     "levels \"low\" 0, \"high\" 2.5"},
    {"define carry c as session.utm_source to plan on End, identify",
     "define carry \"c\" as session.`utm_source` to `plan` on end, identify"},
    {"define carry \"my rule\" as Session.utm.source to `a b`",
     "define carry \"my rule\" as session.`utm.source` to `a b` on end, identify"},
    {"define carry c as session.`a b` to plan on identify",
     "define carry \"c\" as session.`a b` to `plan` on identify"},
    {"define trait spent as sum(order.total where category = \"a\") within last 90 days",
     "define trait `spent` as sum(\"order\".`total` where (`category` = \"a\")) within last 90 "
     "days"},
    {"define trait n as count(order) at time zone \"Europe/Amsterdam\"",
     "define trait `n` as count(\"order\") at time zone \"Europe/Amsterdam\""},
    {"define view \"my list\" as id, email order by age desc, id",
     "define view \"my list\" as `id`, `email` order by `age` desc, `id`"},
    {"define static segment \"my s\" from (\"p1\", \"email:a@b\") describe \"x\"",
     "define static segment \"my s\" from (\"p1\", \"email:a@b\") describe \"x\""},
    {"define static segment s from ()", "define static segment \"s\" from ()"},
    {"define static segment s from find where a = 1 limit 10 describe \"x\"",
     "define static segment \"s\" from find where `a` = 1 limit 10 describe \"x\""},
    {"define static segment s from search \"jo\"",
     "define static segment \"s\" from search \"jo\""},
    {"define view v as email", "define view \"v\" as `email`"},
    {"define rule r when did cart then order then add label \"x\", set plan = \"pro\", notify "
     "\"t\" else remove label \"x\"",
     "define rule \"r\" when did \"cart\" then \"order\" then add label \"x\", set `plan` = "
     "\"pro\", notify \"t\" else remove label \"x\""},
    {"define rule r when did add then remove then notify \"t\"",
     "define rule \"r\" when did \"add\" then \"remove\" then notify \"t\""},
    {"drop trait spent", "drop trait \"spent\""},
    {"drop view \"my list\"", "drop view \"my list\""},
    {"drop rule r", "drop rule \"r\""},
    {"drop carry c", "drop carry \"c\""},
    {"drop goal bought", "drop goal \"bought\""},
    {"drop interest \"my topic\"", "drop interest \"my topic\""},
    {"drop engagement", "drop engagement"},
    {"retain page_view 400 days", "retain \"page_view\" 400 days"},
    {"retain \"history\" 1 year", "retain \"history\" 1 years"},
    {"retain history 3 years", "retain history 3 years"},
    {"retain anonymous 90 days", "retain anonymous 90 days"},
    {"retain page_view 0 days", "retain \"page_view\" forever"},
    {"retain history forever at time zone \"UTC\"", "retain history forever at time zone \"UTC\""},
};

TEST_CASE("what is computed, shown or done needs all of its parts") {
  for (const char* text : {"define view v as", "define trait t as 3", "define rule r when a = 1",
                           "define rule r when a = 1 then", "define static segment s",
                           "define static segment s from p1", "define rule r then notify \"x\""}) {
    INFO(text);
    CHECK(!ParseDeclaration(text).ok());
  }
}

TEST_CASE("the canonical text of a declaration says everything in one way") {
  for (const Canonical& form : kForms) {
    const ast::Declaration declaration = Parsed(form.said);
    CHECK(ast::ToText(declaration) == form.text);
    CHECK(Parsed(form.text) == declaration);
    const auto stored = ParseStored(StoredText(declaration));
    REQUIRE(stored.ok());
    CHECK(*stored == declaration);
    CHECK(CanonicalText(StoredText(declaration)) == form.text);
  }
  CHECK(CanonicalText("999 declare trait `plan` text").empty());
  CHECK(!ParseStored("999 declare trait `plan` text").ok());
}

TEST_CASE("an error of a declaration says where it is and what was expected") {
  struct Case {
    std::string text;
    ErrorCode code;
    uint32_t column;
    std::string words;
  };
  const std::vector<Case> cases = {
      {"", ErrorCode::kParse, 1, "`declare`, `define`, `alter`, `drop` or `retain`"},
      {"count", ErrorCode::kParse, 1, "found `count`"},
      {"declare", ErrorCode::kParse, 8, "`event`, `namespace` or `anonymous`, found the end"},
      {"declare anonymous", ErrorCode::kParse, 18, "`profiles`"},
      {"declare anonymous profiles", ErrorCode::kParse, 27, "`always`, `never` or `on`"},
      {"declare anonymous profiles on", ErrorCode::kParse, 30, "an event"},
      {"declare trait", ErrorCode::kParse, 14, "a trait"},
      {"declare trait and text", ErrorCode::kParse, 15, "a trait, found `and`"},
      {"declare trait x", ErrorCode::kParse, 16, "`text`, `integer`"},
      {"declare trait x string", ErrorCode::kParse, 17, "`list`, found `string`"},
      {"declare trait x decimal", ErrorCode::kParse, 24, "`(`"},
      {"declare trait x decimal(10)", ErrorCode::kParse, 25, "at most 9 digits"},
      {"declare trait x decimal(-1)", ErrorCode::kParse, 25, "a whole number"},
      {"declare trait x text display y", ErrorCode::kParse, 30, "a text in double quotes"},
      {"declare trait x text policy first", ErrorCode::kParse, 29, "`earliest`"},
      {"declare trait x text not policy max", ErrorCode::kParse, 26, "`searchable` or `indexed`"},
      {"declare trait x text primary", ErrorCode::kParse, 22, "`policy`"},
      {"alter trait x", ErrorCode::kParse, 14, "`display`, `policy`"},
      {"alter goal x", ErrorCode::kParse, 7, "`trait`, `segment` or `namespace`"},
      {"declare event e (", ErrorCode::kParse, 18, "a property"},
      {"declare event e (a text", ErrorCode::kParse, 24, "`,` or `)`"},
      {"declare namespace n person", ErrorCode::kParse, 21, "`kind`"},
      {"declare namespace n kind group", ErrorCode::kParse, 26, "`device` or `anonymous`"},
      {"declare namespace n kind device blocked (1)", ErrorCode::kParse, 42, "a text"},
      {"define goal g", ErrorCode::kParse, 14, "`as`"},
      {"define goal g as e where", ErrorCode::kParse, 25, "a condition"},
      {"define goal g as e where total", ErrorCode::kParse, 31, "an operator"},
      {"define goal g as e where (a = 1", ErrorCode::kParse, 32, "`)`"},
      {"define goal g as e within last 3 days", ErrorCode::kParse, 20, "`where`, `,`"},
      {"define interest i as e", ErrorCode::kParse, 23, "`.`"},
      {"define interest i as e.p half 3 days", ErrorCode::kParse, 31, "`life`"},
      {"define engagement as e points", ErrorCode::kParse, 24, "a number"},
      {"define engagement as e 1 points", ErrorCode::kParse, 32, "`levels`"},
      {"define engagement as e 1 points levels low 0", ErrorCode::kParse, 40, "a text"},
      {"define carry c", ErrorCode::kParse, 15, "`as`"},
      {"define carry c as profile.plan to plan", ErrorCode::kParse, 19, "`session`"},
      {"define carry c as session", ErrorCode::kParse, 26, "`.`"},
      {"define carry c as session.plan", ErrorCode::kParse, 31, "`to`"},
      {"define carry c as session.plan to", ErrorCode::kParse, 34, "a trait"},
      {"define carry c as session.plan to plan on", ErrorCode::kParse, 42, "`end` or `identify`"},
      {"define carry c as session.plan to plan on start", ErrorCode::kParse, 43, "`identify`"},
      {"define carry c as session.plan to plan end", ErrorCode::kParse, 40, "`on`"},
      {"drop event x", ErrorCode::kParse, 6,
       "`segment`, `goal`, `interest`, `carry`, `trait`, `view`, `rule` or `engagement`"},
      {"retain x", ErrorCode::kParse, 9, "`forever` or a whole number"},
      {"retain x 3", ErrorCode::kParse, 11, "a unit of time"},
      {"retain history 3 days x", ErrorCode::kParse, 23, "the end of the statement"},
      {"declare trait x text at time zone UTC", ErrorCode::kParse, 35, "a text"},
      {"declare trait \"x", ErrorCode::kParse, 15, "does not end"},
  };
  for (const Case& one : cases) {
    const auto declaration = ParseDeclaration(one.text);
    INFO(one.text << "\n" << RenderError(one.text, declaration.status()));
    REQUIRE(!declaration.ok());
    CHECK(ErrorCodeOf(declaration.status()) == one.code);
    const auto position = ErrorPositionOf(declaration.status());
    REQUIRE(position);
    CHECK(position->column == one.column);
    CHECK(declaration.status().ToString().find(one.words) != std::string::npos);
  }
}

TEST_CASE("deep and long declarations are refused") {
  const std::string deep = "define goal g as e where " + std::string(65, '(') + "a = 1";
  CHECK(ErrorCodeOf(ParseDeclaration(deep).status()) == ErrorCode::kLimit);
  const std::string text = "declare trait x text display \"" + std::string(64 << 10, 'x') + "\"";
  CHECK(ErrorCodeOf(ParseDeclaration(text).status()) == ErrorCode::kLimit);
}

TEST_CASE("a retention keeps nothing too short") {
  constexpr int64_t kDay = 86'400'000;
  CHECK(RetentionMs({2, ast::TimeUnit::kWeek}) == 14 * kDay);
  CHECK(RetentionMs({1, ast::TimeUnit::kMonth}) == 31 * kDay);
  CHECK(RetentionMs({1, ast::TimeUnit::kYear}) == 366 * kDay);
  CHECK(RetentionMs({10'000, ast::TimeUnit::kYear}) == kMaxKeepMs);
  CHECK(!RetentionMs({10'001, ast::TimeUnit::kYear}));
  CHECK(!RetentionMs({INT64_MAX, ast::TimeUnit::kYear}));
}

}  // namespace
}  // namespace roster::query
