// SPDX-License-Identifier: Apache-2.0
//
// The smallest parts of what a statement says: names, literals, durations, windows of time.
// Thread rule: plain values. Source: LANGUAGE.md, the grammar.
#ifndef ROSTER_QUERY_AST_VALUES_H_
#define ROSTER_QUERY_AST_VALUES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "query/exact_number.h"
#include "roster/value.h"

namespace roster::query::ast {

// Bytes [begin, end) of the statement. All spans are equal to each other: statements that say the
// same are equal wherever it stands.
struct Span {
  uint32_t begin = 0;
  uint32_t end = 0;
  bool operator==(const Span&) const { return true; }
};

struct Name {
  std::string text;
  Span span;
  bool operator==(const Name&) const = default;
};

// $1, $2, ...
struct Param {
  uint32_t number = 0;
  bool operator==(const Param&) const = default;
};

// An instant without a zone: the statement's applies. Units: milliseconds on a calendar's clock.
struct LocalTime {
  int64_t civil_ms = 0;
  bool operator==(const LocalTime&) const = default;
};

enum class TimeUnit : uint8_t {
  kMillisecond,
  kSecond,
  kMinute,
  kHour,
  kDay,
  kWeek,
  kMonth,
  kYear,
};

struct Duration {
  int64_t amount = 0;
  TimeUnit unit = TimeUnit::kDay;
  bool operator==(const Duration&) const = default;
};

using Constant =
    std::variant<std::string, ExactNumber, bool, Date, Timestamp, LocalTime, Param, Duration>;

struct Literal {
  Constant value;
  Span span;
  bool operator==(const Literal&) const = default;
};

enum class CompareOp : uint8_t { kEq, kNe, kLt, kLe, kGt, kGe };

// A range of time. The fields that a kind does not need stay empty.
struct Window {
  enum class Kind : uint8_t {
    kWithinLast,    // first
    kWithinNext,    // first
    kMoreThanAgo,   // first
    kBetweenAgo,    // first, second
    kBetweenTimes,  // low, high
    kBefore,        // low
    kAfter,         // low
    kLastDays,      // first: days of the calendar, today the last of them
    kThis,          // first: one day, week, month or year of the calendar
    kOfFirstSeen,   // first: from when the profile was first seen
  };
  Kind kind = Kind::kWithinLast;
  Duration first;
  Duration second;
  Literal low;
  Literal high;
  Span span;
  bool operator==(const Window&) const = default;
};

std::string ToText(const Window& window);
std::string ToText(const Literal& literal);
std::string ToText(Duration duration);

// "=", "!=", ...
const char* Spelling(CompareOp op);
// "days", "ms", ...
const char* Spelling(TimeUnit unit);
// A text literal with its quotes; a name with its backticks.
std::string QuoteText(std::string_view text);
std::string QuoteName(std::string_view name);

}  // namespace roster::query::ast

#endif  // ROSTER_QUERY_AST_VALUES_H_
