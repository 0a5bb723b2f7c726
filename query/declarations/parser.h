// SPDX-License-Identifier: Apache-2.0
//
// Text to declarations, over the tokens of the lexer; conditions on events are the grammar's.
// Thread rule: pure functions. Source: LANGUAGE.md "Declarations".
#ifndef ROSTER_QUERY_DECLARATIONS_PARSER_H_
#define ROSTER_QUERY_DECLARATIONS_PARSER_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "query/declarations/declaration.h"

namespace roster::query {

// Parses one statement that declares, defines, alters, drops or retains.
// Errors: PARSE; LIMIT as the grammar's Parse. All with a position.
// Cost: O(length).
absl::StatusOr<ast::Declaration> ParseDeclaration(std::string_view text);

// A definition as it is kept: the version of the language and the canonical text.
std::string StoredText(const ast::Declaration& declaration);
// The text alone. Lifetime: of `stored`. Empty: of a version that is not known.
std::string_view CanonicalText(std::string_view stored);
// Errors: PARSE.
absl::StatusOr<ast::Declaration> ParseStored(std::string_view stored);

}  // namespace roster::query

#endif  // ROSTER_QUERY_DECLARATIONS_PARSER_H_
