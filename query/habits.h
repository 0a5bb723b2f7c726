// SPDX-License-Identifier: Apache-2.0
//
// What people type who know other languages, and what to write instead. Thread rule: pure
// functions. Source: LANGUAGE.md "Errors".
#ifndef ROSTER_QUERY_HABITS_H_
#define ROSTER_QUERY_HABITS_H_

#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "query/lexer.h"

namespace roster::query {

// What to write instead of a word or sign that other languages have: "; write `contains`, ...", or
// "" when there is nothing to say.
std::string Advice(std::string_view word);

// The same for what stands where something else was expected, by what stands around it. `expected`:
// what a parser would have taken, in its words. Requires: `found` is of the statement's tokens.
std::string AdviceAt(std::string_view statement, const Token& found,
                     absl::Span<const std::string_view> expected);

// For a name that is no trait: what asks about such a thing.
std::string AdviceForName(std::string_view name);

}  // namespace roster::query

#endif  // ROSTER_QUERY_HABITS_H_
