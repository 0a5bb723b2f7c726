// SPDX-License-Identifier: Apache-2.0
//
// A decimal number exactly as it was written, and its place among the cells of a column: so that
// `amount > 1.005` is right on cents, whatever the number of digits. Thread rule: plain values.
#ifndef ROSTER_QUERY_EXACT_NUMBER_H_
#define ROSTER_QUERY_EXACT_NUMBER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "roster/value.h"

namespace roster::query {

using Int128 = __int128;

// ± digits × 10^exponent. Invariants: (1) digits neither begin nor end with 0; (2) 0 has none.
class ExactNumber {
 public:
  ExactNumber() = default;
  explicit ExactNumber(int64_t value);
  explicit ExactNumber(Decimal value);
  // The shortest decimal that reads back as this double. Requires: finite.
  explicit ExactNumber(double value);
  // Reads -?digits[.digits][e[+-]digits]; nullopt past 400 zeros before or 400 digits after the
  // point.
  // Requires: text of that form.
  static std::optional<ExactNumber> Read(std::string_view text);

  // Reads back as the same number. Without an exponent unless that would take many zeros.
  std::string ToText() const;
  // The number as an int64, if it is one.
  std::optional<int64_t> ToInteger() const;
  // The nearest double; infinite past the largest.
  double ToDouble() const;

  // floor(number × 10^scale), held within ±2^126, and whether the number lies there exactly.
  struct Scaled {
    Int128 floor = 0;
    bool exact = true;
  };
  Scaled ScaledTo(uint8_t scale) const;
  // The decimal digits of number × 10^scale − its floor.
  std::string FractionAfter(uint8_t scale) const;

  bool operator==(const ExactNumber&) const = default;

 private:
  void Normalize();

  bool negative_ = false;
  std::string digits_;
  int64_t exponent_ = 0;
};

// Compares sums and averages of integers and decimals with a number, exactly.
class ExactThreshold {
 public:
  ExactThreshold() : ExactThreshold(ExactNumber(), 0) {}
  // `scale`: of the cells that are summed.
  ExactThreshold(ExactNumber number, uint8_t scale);

  const ExactNumber& number() const { return number_; }
  // -1, 0 or 1: sum / count is below, at or above the number. Requires: count > 0.
  int Compare(Int128 sum, int64_t count) const;

 private:
  ExactNumber number_;
  Int128 floor_ = 0;
  std::string fraction_;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_EXACT_NUMBER_H_
