// SPDX-License-Identifier: Apache-2.0
#include "query/ast/values.h"

#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "storage/base/text.h"

namespace roster::query::ast {
namespace {

constexpr int64_t kDayMs = 86'400'000;

std::string DayText(int64_t days) {
  const absl::CivilDay day = absl::CivilDay(1970, 1, 1) + days;
  return absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day());
}

std::string ClockText(int64_t civil_ms) {
  int64_t days = civil_ms / kDayMs;
  int64_t ms = civil_ms % kDayMs;
  if (ms < 0) {
    ms += kDayMs;
    --days;
  }
  const int64_t seconds = ms / 1000;
  std::string text = StrCat(DayText(days), absl::StrFormat("T%02d:%02d:%02d", seconds / 3600,
                                                           seconds / 60 % 60, seconds % 60));
  if (ms % 1000 != 0) text += absl::StrFormat(".%03d", ms % 1000);
  return text;
}

std::string ConstantText(const std::string& text) { return QuoteText(text); }
std::string ConstantText(const ExactNumber& number) { return number.ToText(); }
std::string ConstantText(bool value) { return value ? "true" : "false"; }
std::string ConstantText(Date date) { return DayText(date.days); }
std::string ConstantText(Timestamp time) { return StrCat(ClockText(time.ms), "Z"); }
std::string ConstantText(LocalTime time) { return ClockText(time.civil_ms); }
std::string ConstantText(Duration duration) { return ToText(duration); }
std::string ConstantText(Param param) { return StrCat("$", param.number); }

}  // namespace

const char* Spelling(CompareOp op) {
  static constexpr const char* kSpellings[] = {"=", "!=", "<", "<=", ">", ">="};
  return kSpellings[static_cast<size_t>(op)];
}

const char* Spelling(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kMillisecond:
      return "ms";
    case TimeUnit::kSecond:
      return "seconds";
    case TimeUnit::kMinute:
      return "minutes";
    case TimeUnit::kHour:
      return "hours";
    case TimeUnit::kDay:
      return "days";
    case TimeUnit::kWeek:
      return "weeks";
    case TimeUnit::kMonth:
      return "months";
    case TimeUnit::kYear:
      return "years";
  }
  return "";
}

std::string QuoteText(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\r') {
      quoted += "\\r";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      quoted += absl::StrFormat("\\u{%x}", c);
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string QuoteName(std::string_view name) {
  std::string quoted = "`";
  for (const char c : name) quoted += c == '`' ? "``" : std::string(1, c);
  return quoted + "`";
}

std::string ToText(const Literal& literal) {
  return std::visit([](const auto& value) { return ConstantText(value); }, literal.value);
}

std::string ToText(Duration duration) {
  return StrCat(duration.amount, " ", Spelling(duration.unit));
}

std::string ToText(const Window& window) {
  switch (window.kind) {
    case Window::Kind::kWithinLast:
      return StrCat("within last ", ToText(window.first));
    case Window::Kind::kWithinNext:
      return StrCat("within next ", ToText(window.first));
    case Window::Kind::kMoreThanAgo:
      return StrCat("more than ", ToText(window.first), " ago");
    case Window::Kind::kBetweenAgo:
      return StrCat("between ", ToText(window.first), " and ", ToText(window.second), " ago");
    case Window::Kind::kBetweenTimes:
      return StrCat("between ", ToText(window.low), " and ", ToText(window.high));
    case Window::Kind::kBefore:
      return StrCat("before ", ToText(window.low));
    case Window::Kind::kAfter:
      return StrCat("after ", ToText(window.low));
    case Window::Kind::kLastDays:
      return StrCat("in last ", window.first.amount, " calendar days");
    case Window::Kind::kThis: {
      const std::string unit = Spelling(window.first.unit);
      return StrCat("this ", unit.substr(0, unit.size() - 1));
    }
    case Window::Kind::kOfFirstSeen:
      return StrCat("within ", ToText(window.first), " of first seen");
  }
  return "";
}

}  // namespace roster::query::ast
