// SPDX-License-Identifier: Apache-2.0
//
// A statement's text as tokens: what can be refused without grammar (length, encoding, bracket
// depth, unclosed texts, impossible dates) is refused here, before the parser runs.
// Thread rule: pure function. Source: LANGUAGE.md "Limits"; query/LANGUAGE.md "Words and literals".
#ifndef ROSTER_QUERY_LEXER_H_
#define ROSTER_QUERY_LEXER_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "query/ast.h"

namespace roster::query {

inline constexpr size_t kMaxStatementBytes = 64 << 10;
inline constexpr int kMaxBracketDepth = 64;

enum class TokenKind : uint8_t {
  kWord,        // a name or a keyword; names of properties may have dots
  kQuotedName,  // `...`
  kLiteral,     // "text", number, date, instant, parameter
  kPattern,     // /regular expression/i
  kSymbol,      // = != < <= > >= ( ) , . ~ %
  kEnd,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  ast::Span span;
  std::string_view raw;   // as it stands in the statement
  std::string text;       // of a kQuotedName, decoded; of a kPattern, between its slashes
  ast::Constant literal;  // of a kLiteral
};

// The tokens, the last one a kEnd. Lifetime: views into `text`.
// Errors: LIMIT (too long, too deep), PARSE; both with a position.
// Cost: O(length).
absl::StatusOr<std::vector<Token>> Tokenize(std::string_view text);

// Reads a date or an instant, as a literal or a text parameter spells it.
// Errors: INVALID_ARGUMENT with a message in words (no position).
absl::StatusOr<ast::Constant> ReadTime(std::string_view text);

// --- What a token can be read as; nullopt when it cannot ---

// A name that is no reserved word, or a quoted one.
std::optional<ast::Name> ReadName(const Token& token);
// An event: a text, or a name without dots.
std::optional<ast::Name> ReadEvent(const Token& token);
// event.property in one word.
std::optional<Token> ReadDotted(const Token& token);
std::optional<ast::Literal> ReadLiteral(const Token& token);
std::optional<ast::Literal> ReadText(const Token& token);
// An integer from 0 on.
std::optional<int64_t> ReadWhole(const Token& token);
std::optional<ast::TimeUnit> ReadUnit(const Token& token);
// A day, a week, a month or a year, also in the plural.
std::optional<ast::TimeUnit> ReadCalendarUnit(const Token& token);
std::optional<ExactNumber> ReadNumber(const Token& token);
std::optional<ast::Pattern> ReadPattern(const Token& token);
std::optional<ast::CompareOp> ReadCompareOp(const Token& token);
std::optional<ast::AggregateOp> ReadAggregateOp(const Token& token);
std::optional<ast::Shown> ReadShown(const Token& token);

// Compares an ASCII word without regard to case. Requires: `lower` is in lower case.
inline bool IsWord(std::string_view word, std::string_view lower) {
  return word.size() == lower.size() &&
         std::equal(word.begin(), word.end(), lower.begin(), [](char w, char l) {
           return w == l || (w >= 'A' && w <= 'Z' && w + ('a' - 'A') == l);
         });
}

}  // namespace roster::query

#endif  // ROSTER_QUERY_LEXER_H_
