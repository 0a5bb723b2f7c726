// SPDX-License-Identifier: Apache-2.0
//
// A reply of the line dialect as text for people: a table, a number, or an error with a caret under
// the place. Thread rule: pure functions.
#ifndef ROSTER_SERVER_TOOLS_REPLY_TEXT_H_
#define ROSTER_SERVER_TOOLS_REPLY_TEXT_H_

#include <string>
#include <string_view>

namespace roster::server {

struct ReplyText {
  std::string text;        // ends with a newline
  std::string error_code;  // empty: no error
  int exit_code = 0;
};

// Describes `reply`, one line of JSON that answered `statement`.
ReplyText DescribeReply(std::string_view reply, std::string_view statement);

// The line of `statement` that an error is in, and a caret under the word at (line, column), both
// from 1, columns in code points. Shape: two lines, the second ending with `message`.
std::string ErrorWithCaret(std::string_view statement, uint64_t line, uint64_t column,
                           std::string_view message);

}  // namespace roster::server

#endif  // ROSTER_SERVER_TOOLS_REPLY_TEXT_H_
