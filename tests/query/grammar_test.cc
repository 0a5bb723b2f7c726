// SPDX-License-Identifier: Apache-2.0
//
// What the grammar takes and refuses, the spans it gives, the canonical text, and its limits.
#include "query/grammar/grammar.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "query/errors.h"
#include "query/lexer.h"
#include "roster/error.h"

namespace roster::query {
namespace {

ast::Statement Parsed(const std::string& text) {
  const auto statement = Parse(text);
  INFO(RenderError(text, statement.status()));
  REQUIRE(statement.ok());
  return *statement;
}

std::string Canonical(const std::string& text) { return ast::ToText(Parsed(text)); }

ErrorCode CodeOf(const std::string& text) {
  const auto statement = Parse(text);
  REQUIRE(!statement.ok());
  return ErrorCodeOf(statement.status());
}

TEST_CASE("the canonical text says everything in one way") {
  CHECK(Canonical("COUNT") == "count");
  CHECK(Canonical("count where a=1 AND(b!=-2.50)") == "count where `a` = 1 and `b` != -2.5");
  CHECK(Canonical("count where a = 1 or b = 2 and c = 3") ==
        "count where `a` = 1 or (`b` = 2 and `c` = 3)");
  CHECK(Canonical("count where not not not a is set") == "count where not `a` is set");
  CHECK(Canonical("count where not (a = 1 and b = 2)") == "count where not (`a` = 1 and `b` = 2)");
  CHECK(Canonical("count where (a = 1 and b = 2) and (c = 3)") ==
        "count where `a` = 1 and `b` = 2 and `c` = 3");
  CHECK(Canonical("count where did order") == "count where did \"order\" at least 1 times");
  CHECK(Canonical("count where a = 00012.3400") == "count where `a` = 12.34");
  CHECK(Canonical("count where a = 2026-01-01T12:00:00+02:00") ==
        "count where `a` = 2026-01-01T10:00:00Z");
  CHECK(Canonical("count where a = 2026-01-01T12:00") == "count where `a` = 2026-01-01T12:00:00");
  CHECK(Canonical("count where a = 0000-01-01T00:00:00Z or b = 9999-12-31T23:59:59.999Z") ==
        "count where `a` = 0000-01-01T00:00:00Z or `b` = 9999-12-31T23:59:59.999Z");
  CHECK(Canonical("count where e\u0301 = 1") == "count where `\u00e9` = 1");
  CHECK(Canonical("find a order by b asc, c desc offset 0") == "find `a` order by `b`, `c` desc");
}

// Statements of every form.
const std::vector<std::string> kForms = {
    "count",
    "count where a = \"x\\n\\t\\\\\\\"\\u{1f600}\\u{7}\" at time zone \"Europe/Amsterdam\"",
    "count where a in (1, 2.5, -3e30, 1e-300) and b not in (\"x\") or c = $12",
    "count where a between 1 and 2 and b between 90 and 30 days ago",
    "count where c between 2 weeks and 3 s ago",
    "count where `and` is set and `a``b` is missing and a.b.c = true and ünï = FALSE",
    "count where a contains \"x\" and a starts with \"y\" and a ends with \"z\" and a has \"w\"",
    "count where a within last 1 ms and b more than 3 months ago and c before 2026-01-01",
    "count where a after 2026-01-01T00:00:00.001Z and b between 2026-01-01 and 2026-02-28",
    "count where did \"e f\" where (a = 1 or b within last 3 days) at most 5 times before $1",
    "count where not (did e exactly 3 times between $1 and $2 or did f where x is set)",
    "count where sum(e.p) >= 5 and avg(\"e f\".`p q` where x = 1) within last 2 years != 3",
    "count where count(e) = 0 and count(e.p where (a = 1 and b = 2)) between 3 and 1 days ago < 2",
    "count where min(e.a.b) > 2026-01-01 and max(`e.f`.p) <= 0.000001",
    "find",
    "find order by order limit 3",
    "find order, did, count where did = 1 and count > 2 and sum is set and find contains \"x\"",
    "find at, time, offset where at = 1 order by at desc, offset offset 9",
    "find id, email where x = 1 order by y desc limit 0 offset 7 at time zone \"UTC\"",
    "find view \"my list\" including archived where x = 1 limit 3 after \"c_1\"",
    "find view, after, as where view = 1 and after is set order by view limit 1 after $1",
    "count where a = 1 by b, c having count > 3 as of 2026-01-01 at time zone \"UTC\"",
    "search \"jo sm\" only archived where a = 1 limit 3",
    "search $1",
    "funnel \"a b\" then c where (x = 1 and y is set) then d each within 7 days",
    "funnel a within last 30 days then any event overall within 1 month same x same `y z` "
    "in the same session including archived where plan = \"pro\" by country as of $1",
    "explain count where a = 1",
    "explain analyze find a where b = 1 order by c limit 3",
    "explain funnel a then b each within 1 day by c",
    "explain analyze search \"jo\" limit 1",
    "why \"email:a@b.nl\" in segment \"my s\" as of 2026-01-01",
    "why $1 in segment s",
    "diff segment s from 2026-01-01 to $1",
    "show views",
    "show rules",
};

TEST_CASE("the canonical text parses to the same statement") {
  for (const std::string& text : kForms) {
    const ast::Statement statement = Parsed(text);
    const std::string canonical = ast::ToText(statement);
    CHECK(Parsed(canonical) == statement);
    CHECK(Canonical(canonical) == canonical);
  }
}

TEST_CASE("every beginning of a statement is a statement or a clean error") {
  for (const std::string& text : kForms) {
    for (size_t size = 0; size <= text.size(); ++size) {
      const std::string part = text.substr(0, size);
      const auto statement = Parse(part);
      if (statement.ok()) continue;
      const auto position = ErrorPositionOf(statement.status());
      REQUIRE(position.has_value());
      CHECK(position->offset + position->length <= part.size());
      CHECK(statement.status().message().find('\n') == absl::string_view::npos);
    }
  }
}

TEST_CASE("spans are the bytes that say it") {
  const std::string text = "count where ü = 1 and  did \"ordér\" where x > 2 within last 3 days ";
  const ast::Statement statement = Parsed(text);
  const auto part = [&](ast::Span span) { return text.substr(span.begin, span.end - span.begin); };
  CHECK(part(statement.where->span) == "ü = 1 and  did \"ordér\" where x > 2 within last 3 days");
  const auto& both = std::get<ast::Logic>(statement.where->node).children;
  REQUIRE(both.size() == 2);
  CHECK(part(both[0].span) == "ü = 1");
  CHECK(part(std::get<ast::Test>(both[0].node).name.span) == "ü");
  const auto& did = std::get<ast::Did>(both[1].node);
  CHECK(part(did.events.event.span) == "\"ordér\"");
  CHECK(part(did.events.where[0].span) == "x > 2");
  CHECK(part(did.events.window->span) == "within last 3 days");
}

const std::vector<std::string> kRefused = {
    "",
    "  ",
    "counts",
    "count count",
    "count where",
    "count where a",
    "count where a =",
    "count where a = b",
    "count where = 1",
    "count where a = 1 and",
    "count where and = 1",
    "count where limit = 1",
    "count where (a = 1",
    "count where a = 1)",
    "count where ()",
    "count where a in ()",
    "count where a in 1",
    "count where a in (1,)",
    "count where a not 1",
    "count where a = 1 2",
    "count where a = 2026-13-01",
    "count where a = 2026-02-29",
    "count where a = 2026-01-01T25:00",
    "count where a = 0000-01-01T00:00:00+01:00",
    "count where a = 9999-12-31T23:59:59-01:00",
    "count where a = 2026-01-01T10:00:00+99:00",
    "count where a = \"x",
    "count where `a = 1",
    "count where `` = 1",
    "count where a = 'x'",
    "count where a = \"\\q\"",
    "count where a = \"\\u{d800}\"",
    "count where a = \"\\u{110000}\"",
    "count where a = $0",
    "count where a = $",
    "count where a = $x",
    "count where a = 1e999",
    "count where 2fa = 1",
    "count where a = 30days",
    "count where did",
    "count where did 3",
    "count where did a.b",
    "count where did \"\"",
    "count where did e at least",
    "count where did e at least 2",
    "count where did e at least -1 times",
    "count where did e at least 2.5 times",
    "count where did e within 3 days",
    "count where did e within last -3 days",
    "count where did e more than 3 days",
    "count where sum(e) = ",
    "count where sum(e.p)",
    "count where sum(e.p) in (1)",
    "count where sum() = 1",
    "count where sum(e.p = 1) > 2",
    "count where a between 3 days and 2 days",
    "count where a between 3 and 2 ago",
    "count where a between 3 and 2.5 days ago",
    "count where did e where x within last 1 day",
    "count where did e where x between 2 and 1 days ago",
    "find a b",
    "find a,",
    "find ,",
    "find limit",
    "find a limit",
    "find a limit -1",
    "find a limit 1.5",
    "find a limit 1 limit 2",
    "find a offset 1 limit 2",
    "find a order by",
    "find a order b",
    "count order by a",
    "count at time zone UTC",
    "count at zone \"UTC\"",
    "count;",
    "find *",
    "count where a.b. = 1",
};

TEST_CASE("what is refused") {
  for (const std::string& text : kRefused) {
    INFO(text);
    CHECK(CodeOf(text) == ErrorCode::kParse);
  }
  CHECK(CodeOf("count where a = \"\xff\"") == ErrorCode::kParse);
  CHECK(CodeOf("count where \xc3 = 1") == ErrorCode::kParse);
  CHECK(CodeOf(std::string("count where a\0 = 1", 18)) == ErrorCode::kParse);
}

TEST_CASE("depth and length have limits") {
  const auto nested = [](size_t depth) {
    return "count where " + std::string(depth, '(') + "a = 1" + std::string(depth, ')');
  };
  CHECK(Parse(nested(64)).ok());
  CHECK(CodeOf(nested(65)) == ErrorCode::kLimit);
  CHECK(CodeOf(nested(30'000)) == ErrorCode::kLimit);
  CHECK(CodeOf("count where " + std::string(64, '(')) == ErrorCode::kParse);
  CHECK(Parse("count where a = \"" + std::string(1000, '(') + "\"").ok());

  std::string nots = "count where ";
  while (nots.size() < kMaxStatementBytes - 20) nots += "not ";
  CHECK(Parse(nots + "a = 1").ok());
  const std::string longest =
      "count where a = \"" + std::string(kMaxStatementBytes - 18, 'x') + "\"";
  REQUIRE(longest.size() == kMaxStatementBytes);
  CHECK(Parse(longest).ok());
  CHECK(CodeOf(longest + " ") == ErrorCode::kLimit);
}

// Nested forms of every kind: a grammar that tried one prefix twice would take 2^64 steps.
TEST_CASE("nesting does not multiply the time") {
  const auto wrap = [](const std::string& before, const std::string& inner,
                       const std::string& after, int depth) {
    std::string text = inner;
    for (int i = 0; i < depth; ++i) text.insert(0, before).append(after);
    return "count where " + text;
  };
  CHECK(Parse(wrap("(", "a = 1", " and b = 2 or not c = 3)", 64)).ok());
  CHECK(Parse(wrap("not (a = 1 or ", "a = 1", ")", 64)).ok());
  CHECK(Parse(wrap("(did e where x = 1 and ", "a = 1", ")", 64)).ok());
  CHECK(!Parse(wrap("(", "a = 1", " and b 2)", 64)).ok());
  CHECK(!Parse(wrap("not (", "a", ")", 64)).ok());
}

}  // namespace
}  // namespace roster::query
