// SPDX-License-Identifier: Apache-2.0
//
// What the rules of the grammar are made of: terminals over tokens, semantic actions, the words for
// what was expected. Thread rule: immutable.
#ifndef ROSTER_QUERY_GRAMMAR_TERMINALS_H_
#define ROSTER_QUERY_GRAMMAR_TERMINALS_H_

#include <array>
#include <boost/spirit/home/x3.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "query/errors.h"
#include "query/grammar/expected.h"
#include "query/lexer.h"

namespace roster::query::grammar {

namespace x3 = boost::spirit::x3;

using Cursor = const Token*;

struct ExpectationsTag;
// In which every rule is parsed.
using Context = x3::context<ExpectationsTag, Expectations>;

// --- Terminals: each takes one or more tokens, or notes what it would have taken ---

inline bool AtWord(Cursor at, std::string_view word) {
  return at->kind == TokenKind::kWord && IsWord(at->raw, word);
}
inline bool AtSymbol(Cursor at, std::string_view symbol) {
  return at->kind == TokenKind::kSymbol && at->raw[0] == symbol[0] && at->raw == symbol;
}

// A terminal without a value. `Derived::Take(Cursor)` gives the token after it, or null.
// Spirit dictates has_attribute, and rules are named as in the grammar; actions take attributes by
// value to move them.
// NOLINTBEGIN(readability-identifier-naming, performance-unnecessary-value-param)
template <typename Derived>
struct Mark : x3::parser<Derived> {
  using attribute_type = x3::unused_type;
  static constexpr bool has_attribute = false;

  constexpr explicit Mark(std::string_view said) : words(said) {}

  template <typename Context, typename RuleContext, typename Attribute>
  bool parse(Cursor& first, const Cursor&, const Context& context, RuleContext&, Attribute&) const {
    x3::get<ExpectationsTag>(context).Look();
    const Cursor after = this->derived().Take(first);
    if (after != nullptr) {
      first = after;
      return true;
    }
    if (!words.empty()) x3::get<ExpectationsTag>(context).Note(first, words);
    return false;
  }

  std::string_view words;
};

// One keyword.
struct Keyword : Mark<Keyword> {
  constexpr Keyword(std::string_view keyword, std::string_view said) : Mark(said), word(keyword) {}
  Cursor Take(Cursor at) const { return AtWord(at, word) ? at + 1 : nullptr; }
  std::string_view word;
};

// Two keywords that only together mean something: alone the first may be a name.
struct KeywordPair : Mark<KeywordPair> {
  constexpr KeywordPair(std::string_view first, std::string_view second, std::string_view said)
      : Mark(said), words_of{first, second} {}
  Cursor Take(Cursor at) const {
    return AtWord(at, words_of[0]) && AtWord(at + 1, words_of[1]) ? at + 2 : nullptr;
  }
  std::array<std::string_view, 2> words_of;
};

struct Symbol : Mark<Symbol> {
  constexpr Symbol(std::string_view sign, std::string_view said) : Mark(said), symbol(sign) {}
  Cursor Take(Cursor at) const { return AtSymbol(at, symbol) ? at + 1 : nullptr; }
  std::string_view symbol;
};

struct End : Mark<End> {
  constexpr End() : Mark("the end of the statement") {}
  Cursor Take(Cursor at) const { return at->kind == TokenKind::kEnd ? at + 1 : nullptr; }
};

// Looks at what comes and takes nothing.
struct Ahead : Mark<Ahead> {
  constexpr Ahead(bool (*ahead)(Cursor), std::string_view said) : Mark(said), test(ahead) {}
  Cursor Take(Cursor at) const { return test(at) ? at : nullptr; }
  bool (*test)(Cursor);
};

// A terminal of one token with a value, when `read` finds one in it.
template <typename T>
struct Valued : x3::parser<Valued<T>> {
  using attribute_type = T;
  static constexpr bool has_attribute = true;
  using Read = std::optional<T> (*)(const Token&);

  constexpr Valued(Read reader, std::string_view said) : read(reader), words(said) {}

  template <typename Context, typename RuleContext, typename Attribute>
  bool parse(Cursor& first, const Cursor&, const Context& context, RuleContext&,
             Attribute& attribute) const {
    x3::get<ExpectationsTag>(context).Look();
    std::optional<T> value = read(*first);
    if (!value) {
      x3::get<ExpectationsTag>(context).Note(first, words);
      return false;
    }
    if constexpr (!std::is_same_v<std::remove_const_t<Attribute>, x3::unused_type>) {
      attribute = *std::move(value);
    }
    ++first;
    return true;
  }

  Read read;
  std::string_view words;
};

// --- Semantic actions ---

// Calls f(value of the rule, value just read).
template <typename F>
auto Do(F f) {
  return [f](auto& context) { f(x3::_val(context), x3::_attr(context)); };
}
// Moves what was read to a member of the rule's value.
template <typename T, typename M>
auto Put(M T::*member) {
  return [member](auto& context) { x3::_val(context).*member = std::move(x3::_attr(context)); };
}
// Sets a member of the rule's value.
template <typename T, typename M>
auto Set(M T::*member, M value) {
  return [member, value](auto& context) { x3::_val(context).*member = value; };
}
// Makes what was read the rule's value, or the alternative of it that Test::what holds.
inline const auto kWhat = [](auto& context) {
  x3::_val(context).what = std::move(x3::_attr(context));
};
// The same for the node of a filter, and for the whole value.
inline const auto kNode = [](auto& context) {
  x3::_val(context).node = std::move(x3::_attr(context));
};
inline const auto kSame = [](auto& context) { x3::_val(context) = std::move(x3::_attr(context)); };
// Refuses what was read, in words of its own.
template <typename C>
void Refuse(C& context, ast::Span span, std::string message) {
  x3::get<ExpectationsTag>(context).Refuse(span, std::move(message));
  x3::_pass(context) = false;
}

// Parses its subject and sets the span of the rule's value.
template <typename Subject>
struct Spanning : x3::unary_parser<Subject, Spanning<Subject>> {
  using x3::unary_parser<Subject, Spanning<Subject>>::unary_parser;

  template <typename Context, typename RuleContext, typename Attribute>
  bool parse(Cursor& first, const Cursor& last, const Context& context, RuleContext& made,
             Attribute& attribute) const {
    const Cursor begin = first;
    if (!this->subject.parse(first, last, context, made, attribute)) return false;
    made.span = {begin->span.begin, first[-1].span.end};
    return true;
  }
};
template <typename Subject>
auto Spanned(const Subject& subject) {
  return Spanning<Subject>(subject);
}

constexpr Keyword Word(std::string_view word, std::string_view words) { return {word, words}; }
constexpr Symbol Sign(std::string_view sign, std::string_view words) { return {sign, words}; }
// NOLINTEND(readability-identifier-naming, performance-unnecessary-value-param)

// Parses by a rule, from `*first` on.
template <typename Id, typename T>
bool Take(const x3::rule<Id, T>& rule, Cursor* first, Cursor last, Expectations* expected,
          T* taken) {
  const Context context = x3::make_context<ExpectationsTag>(*expected);
  try {
    return rule.parse(*first, last, context, x3::unused, *taken);
  } catch (const x3::expectation_failure<Cursor>&) {
    return false;  // what was expected is in `expected`
  }
}

}  // namespace roster::query::grammar

#endif  // ROSTER_QUERY_GRAMMAR_TERMINALS_H_
