// SPDX-License-Identifier: Apache-2.0
//
// How long a statement takes to be parsed, in tokens that are looked at: in proportion to its
// length, whatever its shape. Source: LANGUAGE.md "Limits"; DURABILITY.md T11.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "query/errors.h"
#include "query/grammar/grammar.h"
#include "query/lexer.h"

namespace roster::query {
namespace {

std::string Repeated(const std::string& part, int times, const std::string& between = "") {
  std::string text;
  for (int i = 0; i < times; ++i) text += (i > 0 ? between : "") + part;
  return text;
}

// What is said again and again, in the longest form that is allowed and in shorter ones.
struct Shape {
  std::string name;
  int most;  // repetitions
  std::string (*text)(int times);
};

const std::vector<Shape> kShapes = {
    {"and", 4000, [](int n) { return "count where " + Repeated("a = 1", n, " and "); }},
    {"or of and", 1500,
     [](int n) { return "count where " + Repeated("a = 1 and b = 2", n, " or "); }},
    {"in", 4000, [](int n) { return "count where a in (" + Repeated("\"x\"", n, ", ") + ")"; }},
    {"not", 10000, [](int n) { return "count where " + Repeated("not ", n) + "a = 1"; }},
    {"parentheses", 64,
     [](int n) { return "count where " + Repeated("(", n) + "a = 1" + Repeated(")", n); }},
    {"parentheses that begin like conditions", 64,
     [](int n) {
       return "count where " + Repeated("not (a = 1 or ", n) + "a = 1" + Repeated(")", n);
     }},
    {"parentheses in a condition on events", 64,
     [](int n) {
       return "count where did x where " + Repeated("(a = 1 and ", n) + "a = 1" + Repeated(")", n);
     }},
    {"parentheses of sessions", 63,
     [](int n) {
       return "count where any session (" + Repeated("(events > 1 or ", n) + "did x" +
              Repeated(")", n) + ")";
     }},
    {"parentheses side by side", 4000,
     [](int n) { return "count where " + Repeated("(a = 1)", n, " and "); }},
    {"windows", 1000,
     [](int n) {
       return "count where " +
              Repeated("did x where a = 1 at least 2 times between 9 and 3 days ago", n, " or ");
     }},
    {"betweens that are no windows", 2000,
     [](int n) { return "count where " + Repeated("a between 1 and 2", n, " and "); }},
    {"aggregates", 1000,
     [](int n) {
       return "count where " + Repeated("sum(x.y where z = 1) within last 3 days >= 5", n, " or ");
     }},
    {"columns", 8000, [](int n) { return "find " + Repeated("a", n, ", "); }},
    {"names that could be words", 2500,
     [](int n) { return "count where " + Repeated("did = 3 and has = 2", n, " or "); }},
    {"steps", 4000,
     [](int n) { return "count where did x" + Repeated(" then x within 1 day", n / 2); }},
    {"a long text", 60000, [](int n) { return "count where a = \"" + std::string(n, 'x') + "\""; }},
    {"a text of escapes", 30000,
     [](int n) { return "count where a = \"" + Repeated("\\\\", n) + "\""; }},
    {"a long pattern", 60000,
     [](int n) { return "count where a matches /" + std::string(n, 'x') + "/"; }},
    {"a long name", 60000, [](int n) { return "count where `" + std::string(n, 'x') + "` = 1"; }},
    {"an error at the end", 3000,
     [](int n) {
       return "count where " + Repeated("a = 1 and (b = 2 or c = 3)", n / 2, " and ") + " or";
     }},
    {"an error at the depth", 63,
     [](int n) { return "count where " + Repeated("(a = 1 or not ", n) + "?"; }},
};

// Terminals that look, for each token of the text.
double LooksPerToken(const std::string& text) {
  uint64_t num_looks = 0;
  const auto parsed = ParseCounted(text, &num_looks);
  const auto tokens = Tokenize(text);
  if (!tokens.ok()) return 0;  // nothing was parsed
  return static_cast<double>(num_looks) / static_cast<double>(tokens->size());
}

TEST_CASE("a parser looks so often at each token, however many there are", "[T11]") {
  // Seen: up to 8.
  constexpr double kMostLooks = 12;
  for (const Shape& shape : kShapes) {
    INFO(shape.name);
    double before = 0;
    for (const int part : {16, 4, 2, 1}) {
      const std::string text = shape.text(std::max(2, shape.most / part));
      REQUIRE(text.size() <= kMaxStatementBytes);
      const double looks = LooksPerToken(text);
      INFO(text.size() << " bytes: " << looks << " looks at each token, before " << before);
      CHECK(looks <= kMostLooks);
      // Not more for a longer text; a short one has little else than its beginning.
      if (before != 0) CHECK(looks <= before * 1.25 + 3);
      before = looks;
    }
  }
}

TEST_CASE("what is refused before it is parsed is not looked at", "[T11]") {
  for (const std::string& text :
       {"count where " + Repeated("(", 65) + "a = 1", std::string(kMaxStatementBytes + 1, 'x'),
        "count where a = \"" + std::string(1000, 'x')}) {
    uint64_t num_looks = 0;
    CHECK(!ParseCounted(text, &num_looks).ok());
    CHECK(num_looks == 0);
  }
}

}  // namespace
}  // namespace roster::query
