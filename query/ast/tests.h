// SPDX-License-Identifier: Apache-2.0
//
// What is asked of one value: of a trait, an identity, a property of an event or of a session.
// Thread rule: plain values. Source: LANGUAGE.md, the grammar.
#ifndef ROSTER_QUERY_AST_TESTS_H_
#define ROSTER_QUERY_AST_TESTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "query/ast/values.h"

namespace roster::query::ast {

enum class TextOp : uint8_t { kContains, kStartsWith, kEndsWith };
enum class ListOp : uint8_t { kHas, kHasAny, kHasAll, kHasNone };

// Folded: without regard to case and accents; `=` and `!=` only.
struct Compare {
  CompareOp op = CompareOp::kEq;
  Literal value;
  bool folded = false;
  bool operator==(const Compare&) const = default;
};
struct In {
  bool negated = false;
  std::vector<Literal> values;
  bool operator==(const In&) const = default;
};
struct Between {
  Literal low;
  Literal high;
  bool operator==(const Between&) const = default;
};
enum class PresenceOp : uint8_t { kSet, kMissing, kEmpty };
struct Presence {
  PresenceOp op = PresenceOp::kSet;
  Span span;
  bool operator==(const Presence&) const = default;
};
struct TextMatch {
  TextOp op = TextOp::kContains;
  Literal text;
  bool folded = false;
  bool operator==(const TextMatch&) const = default;
};
// A regular expression, as it stands between the slashes.
struct Pattern {
  std::string regex;
  bool any_case = false;
  Span span;
  bool operator==(const Pattern&) const = default;
};
// Shape: kHas has one element.
struct Has {
  ListOp op = ListOp::kHas;
  std::vector<Literal> elements;
  bool operator==(const Has&) const = default;
};

// What was so: the value was `value` at some time, in a window.
struct Was {
  Literal value;
  std::optional<Window> window;
  bool operator==(const Was&) const = default;
};
struct Changed {
  std::optional<Literal> from;
  std::optional<Literal> to;
  std::optional<Window> window;
  bool operator==(const Changed&) const = default;
};
// Has been so for a time.
struct StaysFor {
  Compare compare;
  Duration duration;
  bool operator==(const StaysFor&) const = default;
};

using What = std::variant<Compare, In, Between, Presence, TextMatch, Pattern, Has, Window, Was,
                          Changed, StaysFor>;

// A name and what is asked of it. `between` two times is a Between here.
struct Test {
  Name name;
  What what;
  bool operator==(const Test&) const = default;
};

// size(interests) >= 3
struct Size {
  Name name;
  Compare compare;
  bool operator==(const Size&) const = default;
};

// anniversary of birthday within next 7 days
struct Anniversary {
  Name name;
  Window window;
  bool operator==(const Anniversary&) const = default;
};

// "contains", "starts with", "ends with".
const char* Spelling(TextOp op);
// "has", "has any", ...
const char* Spelling(ListOp op);

}  // namespace roster::query::ast

#endif  // ROSTER_QUERY_AST_TESTS_H_
