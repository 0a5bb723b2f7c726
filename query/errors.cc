// SPDX-License-Identifier: Apache-2.0
#include "query/errors.h"

#include <algorithm>
#include <vector>

#include "query/habits.h"
#include "query/lexer.h"
#include "storage/base/text.h"

namespace roster::query {
namespace {

bool BeginsCodePoint(char byte) { return (byte & 0xc0) != 0x80; }

uint32_t CodePoints(std::string_view text) {
  return static_cast<uint32_t>(std::count_if(text.begin(), text.end(), BeginsCodePoint));
}

size_t LineBegin(std::string_view text, size_t offset) {
  const size_t newline = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  return newline == std::string_view::npos ? 0 : newline + 1;
}

// The code points of a name, ASCII letters in lower case.
std::vector<std::string> Letters(std::string_view name) {
  std::vector<std::string> letters;
  for (const char c : name) {
    if (letters.empty() || BeginsCodePoint(c)) letters.emplace_back();
    letters.back() += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  return letters;
}

// Edits between two names: insert, delete, replace, or swap of neighbours.
size_t EditDistance(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::vector<size_t> before;
  std::vector<size_t> above(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    std::vector<size_t> row(b.size() + 1);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1])});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = std::move(above);
    above = std::move(row);
  }
  return above[b.size()];
}

std::string Found(const Token& token) {
  if (token.kind == TokenKind::kEnd) return "the end";
  if (token.kind != TokenKind::kLiteral) return StrCat("`", token.raw, "`");
  return std::holds_alternative<std::string>(token.literal) ? "a text" : "a value";
}

}  // namespace

ErrorPosition PositionOf(std::string_view statement, ast::Span span) {
  const std::string_view before = statement.substr(0, span.begin);
  const size_t line_begin = LineBegin(statement, span.begin);
  return {.line = static_cast<uint32_t>(std::count(before.begin(), before.end(), '\n')) + 1,
          .column = CodePoints(before.substr(line_begin)) + 1,
          .offset = span.begin,
          .length = span.end - span.begin};
}

absl::Status ErrorAt(ErrorCode code, std::string_view statement, ast::Span span,
                     std::string_view message) {
  return MakeError(code, message, PositionOf(statement, span));
}

std::string RenderError(std::string_view statement, const absl::Status& status) {
  const std::optional<ErrorPosition> position = ErrorPositionOf(status);
  if (!position || position->offset > statement.size())
    return std::string(StdView(status.message()));
  const size_t begin = LineBegin(statement, position->offset);
  std::string_view line = statement.substr(begin);
  line = line.substr(0, line.find('\n'));
  const size_t in_line = position->offset - begin;
  std::string pad;
  for (const char c : line.substr(0, in_line)) {
    if (BeginsCodePoint(c)) pad += c == '\t' ? '\t' : ' ';
  }
  const uint32_t marked = CodePoints(line.substr(in_line).substr(0, position->length));
  return StrCat(line, "\n", pad, std::string(std::max(marked, 1u), '^'), " ",
                StdView(status.message()));
}

std::string DidYouMean(std::string_view name, absl::Span<const std::string_view> candidates) {
  constexpr size_t kMaxLength = 64;  // longer ones are no slip of the keyboard
  const std::vector<std::string> letters = Letters(name);
  if (letters.size() > kMaxLength) return "";
  std::string_view best;
  size_t best_distance = std::max<size_t>(letters.size() / 3, 1) + 1;
  for (const std::string_view candidate : candidates) {
    const std::vector<std::string> other = Letters(candidate);
    if (std::max(other.size(), letters.size()) - std::min(other.size(), letters.size()) >=
        best_distance) {
      continue;
    }
    const size_t distance = EditDistance(letters, other);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = candidate;
  }
  return best.empty() ? "" : StrCat("; did you mean `", best, "`?");
}

absl::Status Expectations::ToStatus(std::string_view statement) const {
  if (message_) return ErrorAt(ErrorCode::kParse, statement, message_->first, message_->second);
  std::vector<std::string_view> words;  // each once
  for (const std::string_view one : words_) {
    if (std::find(words.begin(), words.end(), one) == words.end()) words.push_back(one);
  }
  std::string expected;
  for (size_t i = 0; i < words.size(); ++i) {
    expected += StrCat(i == 0 ? "" : i + 1 == words.size() ? " or " : ", ", words[i]);
  }
  return ErrorAt(ErrorCode::kParse, statement, furthest_->span,
                 StrCat("expected ", expected, ", found ", Found(*furthest_),
                        AdviceAt(statement, *furthest_, words)));
}

}  // namespace roster::query
