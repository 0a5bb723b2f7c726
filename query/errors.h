// SPDX-License-Identifier: Apache-2.0
//
// How a statement's errors are said: where (line and column), what was expected in words of the
// language, and what was probably meant. Thread rule: pure functions. Source: LANGUAGE.md "Errors".
#ifndef ROSTER_QUERY_ERRORS_H_
#define ROSTER_QUERY_ERRORS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "query/ast.h"
#include "roster/error.h"

namespace roster::query {

struct Token;

// Lines and columns from 1, columns in code points. Requires: span lies in the text.
ErrorPosition PositionOf(std::string_view statement, ast::Span span);

// A status with our code, the position, and a message of one line.
absl::Status ErrorAt(ErrorCode code, std::string_view statement, ast::Span span,
                     std::string_view message);

// For people: the line of the statement, below it the place marked with carets and the message.
// The message alone when the status has no position.
std::string RenderError(std::string_view statement, const absl::Status& status);

// "; did you mean `x`?" with the nearest candidate, or "" when none is near.
std::string DidYouMean(std::string_view name, absl::Span<const std::string_view> candidates);

// What a parser would have accepted at the furthest token that it looked at.
class Expectations {
 public:
  // A terminal looks at a token: the steps of a parser, which tests hold against the length.
  void Look() { ++num_looks_; }
  uint64_t num_looks() const { return num_looks_; }
  // Lifetime: `words` outlives this.
  void Note(const Token* at, std::string_view words) {
    if (words.empty() || at < furthest_ || message_.has_value()) return;
    if (at > furthest_) words_.clear();
    furthest_ = at;
    words_.push_back(words);
  }
  // Says itself what is wrong; the first such message stays.
  void Refuse(ast::Span span, std::string message) {
    if (!message_) message_ = {span, std::move(message)};
  }
  // "expected a value or `(`, found the end". Requires: something was noted or refused.
  absl::Status ToStatus(std::string_view statement) const;

 private:
  uint64_t num_looks_ = 0;
  const Token* furthest_ = nullptr;
  std::vector<std::string_view> words_;  // some more than once
  std::optional<std::pair<ast::Span, std::string>> message_;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_ERRORS_H_
