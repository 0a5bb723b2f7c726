// SPDX-License-Identifier: Apache-2.0
#include "query/habits.h"

#include <algorithm>
#include <array>

#include "query/grammar/expected.h"
#include "storage/base/text.h"

namespace roster::query {
namespace {

struct Habit {
  std::string_view word;
  std::string_view advice;
};

// What people type who know other languages.
constexpr std::array<Habit, 37> kHabits = {{
    {"==", "write `=`"},
    {"<>", "write `!=`"},
    {"!", "write `not`, or `!=` between two values"},
    {"&&", "write `and`"},
    {"&", "write `and`"},
    {"||", "write `or`"},
    {"|", "write `or`"},
    {"'", "a text stands in double quotes, a name in backticks"},
    {"like", "write `contains`, `starts with` or `ends with`"},
    {"ilike", "write `contains`, `starts with` or `ends with`"},
    {"null", "write `is missing` or `is set`"},
    {"nil", "write `is missing` or `is set`"},
    {"none", "write `is missing` or `is set`"},
    {"empty", "write `is missing` for no value, `is empty` for an empty text or list"},
    {"exists", "write `is set`"},
    {"select", "write `find email where …`, or `count where …`"},
    {"sort", "write `order by`"},
    {"group", "write `count by country`"},
    {"distinct", "write `count by country`, or `distinct(order.category) >= 3` in a filter"},
    {"now", "write `within last 30 days`, `more than 30 days ago` or `before 2026-01-31`"},
    {"today", "write `this day`, or a date such as 2026-01-31"},
    {"yesterday", "write `between 2 and 1 days ago`, or a date such as 2026-01-31"},
    {"the", "write `within last 30 days`"},
    {"equals", "write `=`"},
    {"regexp", "write `matches /^jan/i`"},
    {"rlike", "write `matches /^jan/i`"},
    {"xor", "write `(a and not b) or (b and not a)`"},
    {"/", "a regular expression stands behind `matches`, a date is written 2026-01-31"},
    {"-", "times are written `within last 30 days`, `more than 30 days ago` or 2026-01-31"},
    {"~", "write `= ~\"jo\"` or `contains ~\"jo\"`, or `matches /^jo/i`"},
    {"from", "there is nothing to select from: write `where`"},
    {"having", "write the aggregate in the filter, `sum(order.total) >= 500`, or `by` before it"},
    {"times", "write `at least 3 times`, `at most 3 times` or `exactly 3 times`"},
    {"last", "write `within last 30 days`"},
    {"*", "leave the columns out to get all of them"},
    {";", "a statement needs no sign at its end"},
    {"[", "a list stands in parentheses"},
}};

// What is asked for as if it were a trait.
constexpr std::array<Habit, 9> kNoTraits = {{
    {"segment", "write `in segment \"vip\"`"},
    {"segments", "write `in segment \"vip\"`"},
    {"label", "write `has label \"vip\"`"},
    {"labels", "write `has label \"vip\"`"},
    {"tag", "write `has label \"vip\"`"},
    {"event", "write `did \"order\"`"},
    {"events", "write `did \"order\"`, or `count(\"order\") >= 3`"},
    {"consent", "write `consent email granted`"},
    {"channel", "write `has channel \"web\"`"},
}};

template <size_t N>
std::string Find(const std::array<Habit, N>& habits, std::string_view word) {
  for (const Habit& habit : habits) {
    if (IsWord(word, habit.word)) return StrCat("; ", habit.advice);
  }
  return "";
}

// The word or sign that ends before an offset.
std::string_view Before(std::string_view statement, size_t offset) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  const auto in_word = [](char c) {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || c == '_' || ('0' <= c && c <= '9');
  };
  size_t end = std::min(offset, statement.size());
  while (end > 0 && is_space(statement[end - 1])) --end;
  size_t begin = end;
  while (begin > 0 && in_word(statement[begin - 1])) --begin;
  if (begin == end && begin > 0) --begin;
  return statement.substr(begin, end - begin);
}

}  // namespace

std::string Advice(std::string_view word) { return Find(kHabits, word); }

std::string AdviceForName(std::string_view name) { return Find(kNoTraits, name); }

std::string AdviceAt(std::string_view statement, const Token& found,
                     absl::Span<const std::string_view> expected) {
  const auto expects = [&](std::string_view words) {
    return std::find(expected.begin(), expected.end(), words) != expected.end();
  };
  const std::string_view before = Before(statement, found.span.begin);
  const auto after = [&](std::string_view word) { return IsWord(before, word); };
  const std::string_view word = found.raw;
  const bool is_number =
      found.kind == TokenKind::kLiteral && std::holds_alternative<ExactNumber>(found.literal);
  if (after("is") && IsWord(word, "not")) return "; write `is set` or `is missing`";
  if (after("=") && word == ">") return "; write `>=`";
  if (after("within") && IsWord(word, "last")) {
    return "; a window belongs to the first step, a later one comes `within 3 days`";
  }
  if (after("between") && word == "(") return "; write `between 18 and 30`";
  if (after("in") && found.kind == TokenKind::kLiteral) return StrCat("; write `in (", word, ")`");
  if (word == "," && expects("`and`")) return "; write `and` between the two";
  if (after(",") && IsWord(word, "where")) return "; leave the comma before it out";
  if (word == "," && expects("`offset`")) return "; write `limit 20 offset 10`";
  if (IsWord(word, "limit")) return "; `find` and `search` have a limit";
  if (IsWord(word, "order") && !expects("`order by`")) return "; `find` has an order";
  if (expects(kTimes) && is_number) return StrCat("; write `at least ", word, " times`");
  if (expects(kTimes) &&
      (word == ">" || word == ">=" || word == "=" || word == "<" || word == "<="))
    return "; write `at least 3 times`, `at most 3 times` or `exactly 3 times`";
  if (expects(kCalendarDays)) return "; write `within last 30 days`";
  if (expects(kOfFirstSeen)) return "; write `within last 30 days`";
  std::string habit = Advice(word);
  if (!habit.empty()) return habit;
  const bool is_word = found.kind == TokenKind::kWord;
  if (is_word && expects("`where`") && ReadCompareOp((&found)[1])) {
    return "; write `where` before a condition";
  }
  if (is_word && (expects(kValue) || expects(kQuotedText))) {
    return StrCat("; a text stands in double quotes: \"", word, "\"");
  }
  const bool is_over =
      found.kind == TokenKind::kEnd || IsWord(word, "and") || IsWord(word, "or") || word == ")";
  if (expects(kOperator) && is_over) {
    return StrCat("; a name alone is no condition: write `", before, " = true`, `", before,
                  " is set`, or `did ", before, "` of an event");
  }
  return "";
}

}  // namespace roster::query
