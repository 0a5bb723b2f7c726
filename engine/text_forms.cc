// SPDX-License-Identifier: Apache-2.0
//
// Times, dates and decimals between text and value: the part of roster/json.h without JSON.
#include <array>
#include <charconv>
#include <cstdio>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "roster/error.h"
#include "roster/json.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"

namespace roster {
namespace {

absl::Status NotA(std::string_view what) {
  return MakeError(ErrorCode::kParse, StrCat("not ", what));
}

// Takes exactly `digits` digits off the front.
std::optional<int> TakeNumber(std::string_view* text, size_t digits) {
  int number = 0;
  if (text->size() < digits) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + digits, number);
  if (error != std::errc() || end != text->data() + digits || (*text)[0] == '-') {
    return std::nullopt;
  }
  text->remove_prefix(digits);
  return number;
}

bool TakeChar(std::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

std::optional<absl::CivilDay> TakeDay(std::string_view* text) {
  const auto year = TakeNumber(text, 4);
  if (!year || !TakeChar(text, '-')) return std::nullopt;
  const auto month = TakeNumber(text, 2);
  if (!month || !TakeChar(text, '-')) return std::nullopt;
  const auto day = TakeNumber(text, 2);
  if (!day) return std::nullopt;
  const absl::CivilDay civil(*year, *month, *day);
  // Civil types normalise: what changed was not a day.
  if (civil.year() != *year || civil.month() != *month || civil.day() != *day) return std::nullopt;
  return civil;
}

// hh:mm[:ss[.fraction]] as milliseconds of the day; digits past the third are cut.
std::optional<int64_t> TakeTimeOfDay(std::string_view* text) {
  const auto hours = TakeNumber(text, 2);
  if (!hours || *hours > 23 || !TakeChar(text, ':')) return std::nullopt;
  const auto minutes = TakeNumber(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  int64_t ms = (*hours * 60 + *minutes) * int64_t{60'000};
  if (!TakeChar(text, ':')) return ms;
  const auto seconds = TakeNumber(text, 2);
  if (!seconds || *seconds > 59) return std::nullopt;
  ms += *seconds * 1000;
  if (!TakeChar(text, '.')) return ms;
  size_t digits = 0;
  for (int unit = 100; !text->empty() && text->front() >= '0' && text->front() <= '9';
       unit /= 10, ++digits) {
    ms += unit * (text->front() - '0');
    text->remove_prefix(1);
  }
  return digits == 0 ? std::nullopt : std::optional(ms);
}

// Z or +hh:mm or +hhmm, as milliseconds to take off.
std::optional<int64_t> TakeOffset(std::string_view* text) {
  if (TakeChar(text, 'Z') || TakeChar(text, 'z')) return 0;
  const bool east = TakeChar(text, '+');
  if (!east && !TakeChar(text, '-')) return std::nullopt;
  const auto hours = TakeNumber(text, 2);
  if (!hours || *hours > 23) return std::nullopt;
  TakeChar(text, ':');
  const auto minutes = TakeNumber(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  return (east ? 1 : -1) * (*hours * 60 + *minutes) * int64_t{60'000};
}

constexpr int64_t kDayMs = 86'400'000;

int64_t DaysOf(absl::CivilDay day) { return day - absl::CivilDay(1970, 1, 1); }

}  // namespace

absl::StatusOr<Timestamp> ParseTimestamp(std::string_view text) {
  const auto day = TakeDay(&text);
  if (!day) return NotA("a time like 2026-11-21T10:00:00Z");
  const int64_t midnight = DaysOf(*day) * kDayMs;
  if (text.empty()) return Timestamp{midnight};
  if (!TakeChar(&text, 'T') && !TakeChar(&text, 't') && !TakeChar(&text, ' ')) {
    return NotA("a time like 2026-11-21T10:00:00Z");
  }
  const auto of_day = TakeTimeOfDay(&text);
  if (!of_day) return NotA("a time of day like 10:00:00 or 10:00:00.123");
  if (text.empty()) return Timestamp{midnight + *of_day};  // UTC when nothing is said
  const auto offset = TakeOffset(&text);
  if (!offset || !text.empty()) return NotA("an offset like Z or +01:00");
  return Timestamp{midnight + *of_day - *offset};
}

absl::StatusOr<Date> ParseDate(std::string_view text) {
  const auto day = TakeDay(&text);
  if (!day || !text.empty()) return NotA("a date like 2026-11-21");
  return Date{static_cast<int32_t>(DaysOf(*day))};
}

std::string FormatDate(Date date) {
  const absl::CivilDay day = absl::CivilDay(1970, 1, 1) + date.days;
  std::array<char, 40> text;
  const int size = std::snprintf(text.data(), text.size(), "%04lld-%02d-%02d",
                                 static_cast<long long>(day.year()), day.month(), day.day());
  return std::string(text.data(), static_cast<size_t>(size));
}

std::string FormatTimestamp(Timestamp time) {
  int64_t days = time.ms / kDayMs;
  int64_t ms = time.ms % kDayMs;
  if (ms < 0) {
    --days;
    ms += kDayMs;
  }
  const auto part = [&](int64_t unit, int64_t modulus) {
    return static_cast<int>(ms / unit % modulus);
  };
  std::array<char, 32> text;
  int size = std::snprintf(text.data(), text.size(), "T%02d:%02d:%02d", part(3'600'000, 24),
                           part(60'000, 60), part(1000, 60));
  if (ms % 1000 != 0) {
    size += std::snprintf(text.data() + size, text.size() - static_cast<size_t>(size), ".%03d",
                          part(1, 1000));
  }
  return StrCat(FormatDate({static_cast<int32_t>(days)}),
                std::string_view(text.data(), static_cast<size_t>(size)), "Z");
}

std::string FormatDecimal(Decimal decimal) {
  const bool negative = decimal.unscaled < 0;
  uint64_t magnitude = static_cast<uint64_t>(decimal.unscaled);
  if (negative) magnitude = 0 - magnitude;
  std::string digits = StrCat(magnitude);
  if (decimal.scale > 0) {
    if (digits.size() <= decimal.scale) digits.insert(0, decimal.scale + 1 - digits.size(), '0');
    digits.insert(digits.size() - decimal.scale, ".");
  }
  return negative ? "-" + digits : digits;
}

std::optional<Decimal> ParseDecimal(std::string_view text) {
  const bool negative = TakeChar(&text, '-');
  if (!negative) TakeChar(&text, '+');
  Decimal decimal;
  bool point = false;
  size_t num_digits = 0;
  for (const char c : text) {
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    ++num_digits;
    if (point && ++decimal.scale > 9) return std::nullopt;
    const int digit = negative ? -(c - '0') : c - '0';
    if (__builtin_mul_overflow(decimal.unscaled, 10, &decimal.unscaled) ||
        __builtin_add_overflow(decimal.unscaled, digit, &decimal.unscaled)) {
      return std::nullopt;
    }
  }
  if (num_digits == 0 || text.back() == '.') return std::nullopt;
  return decimal;
}

}  // namespace roster
