// SPDX-License-Identifier: Apache-2.0
//
// The rules that stand in several files of the grammar. Each choice is made by the next token or
// two, and what follows a choice is an expectation point (`>`), so time is linear. Every rule
// builds its own value by semantic actions; a rule that fails leaves nothing behind.
// Thread rule: immutable.
#ifndef ROSTER_QUERY_GRAMMAR_RULES_H_
#define ROSTER_QUERY_GRAMMAR_RULES_H_

#include <cstdint>

#include "query/ast.h"
#include "query/grammar/terminals.h"
#include "query/lexer.h"

namespace roster::query::grammar {

template <typename Id, typename T>
using Rule = x3::rule<Id, T>;

// Rules are named as in the grammar.
// NOLINTBEGIN(readability-identifier-naming)

// --- Terminals with a value ---

inline const Valued<ast::Name> name(ReadName, kCondition);
inline const Valued<ast::Name> property(ReadName, "a property");
inline const Valued<ast::Name> event(ReadEvent, "an event");
inline const Valued<ast::Literal> literal(ReadLiteral, kValue);
inline const Valued<ast::Literal> quoted(ReadText, kQuotedText);
inline const Valued<int64_t> whole(ReadWhole, "a whole number");
inline const Valued<ast::CompareOp> threshold_op(ReadCompareOp, kComparison);
inline const Symbol open("(", "`(`");
inline const Symbol close(")", "`)`");
inline const Symbol comma(",", "`,`");

// --- Windows (windows.cc) ---

// `between` before it is known whether its ends are values or times ago.
struct BetweenEnd {
  ast::Literal value;
  std::optional<ast::TimeUnit> unit;
};
struct RawBetween {
  BetweenEnd low;
  BetweenEnd high;
  bool ago = false;
};

// Ends a `between`: the window, if it is one; nothing when it is two values, or when it is refused.
std::optional<ast::Window> WindowOf(RawBetween* ends, Expectations* expected, bool* pass);

inline const Rule<struct DurationId, ast::Duration> duration = "duration";
inline const Rule<struct BetweenId, RawBetween> between = "between";
// A window that begins with a word of its own; `between` is settled where it stands.
inline const Rule<struct PlainWindowId, ast::Window> plain_window = "plain_window";
inline const Rule<struct WindowId, ast::Window> window = "window";
BOOST_SPIRIT_DECLARE(decltype(duration), decltype(between), decltype(plain_window),
                     decltype(window))

// --- One value (tests.cc) ---

// After an operator of comparison.
inline const Rule<struct ThresholdId, ast::Compare> threshold = "threshold";
// A test that may stand without parentheses after `where` of an event: without a window, which
// would be taken for the event's.
inline const Rule<struct PlainTestId, ast::Test> plain_test = "plain_test";
inline const Rule<struct TestId, ast::Test> test = "test";
inline const Rule<struct SizeId, ast::Size> size = "size";
inline const Rule<struct AnniversaryId, ast::Anniversary> anniversary = "anniversary";
BOOST_SPIRIT_DECLARE(decltype(threshold), decltype(plain_test), decltype(test), decltype(size),
                     decltype(anniversary))

// --- Filters (events.cc, people.cc, statements.cc) ---

// What stands after `where` of an event.
inline const Rule<struct ConditionId, ast::Filter> condition = "condition";
inline const Rule<struct DisjunctionId, ast::Filter> disjunction = "disjunction";
// Leaves of a filter about what somebody did, and about who somebody is.
inline const Rule<struct BehaviourId, ast::Filter> behaviour = "behaviour";
inline const Rule<struct StandingId, ast::Filter> standing = "standing";
// What stands behind `funnel`: its steps, and what holds of all of them.
inline const Rule<struct FunnelId, ast::Funnel> funnel = "funnel";
BOOST_SPIRIT_DECLARE(decltype(condition), decltype(disjunction), decltype(behaviour),
                     decltype(standing), decltype(funnel))

// NOLINTEND(readability-identifier-naming)

// Whether an event stands at the place behind a word that may be a trait's name too: `did = 3` and
// `did is set` ask about a trait.
bool IsEventAt(Cursor at);

}  // namespace roster::query::grammar

#endif  // ROSTER_QUERY_GRAMMAR_RULES_H_
