// SPDX-License-Identifier: Apache-2.0
#include "query/exact_number.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "storage/base/text.h"

namespace roster::query {
namespace {

constexpr Int128 kHuge = Int128{1} << 126;
constexpr int64_t kMaxDigits = 37;  // 10^37 < 2^126
constexpr int64_t kMaxExponent = 400;
constexpr int64_t kMaxPlainZeros = 25;

Int128 DigitsToInt(std::string_view digits) {
  Int128 value = 0;
  for (const char digit : digits) value = value * 10 + (digit - '0');
  return value;
}

}  // namespace

ExactNumber::ExactNumber(int64_t value) : ExactNumber(Decimal{value, 0}) {}

ExactNumber::ExactNumber(Decimal value) : negative_(value.unscaled < 0), exponent_(-value.scale) {
  const auto bits = static_cast<uint64_t>(value.unscaled);
  digits_ = StrCat(negative_ ? uint64_t{0} - bits : bits);
  Normalize();
}

ExactNumber::ExactNumber(double value) {
  std::array<char, 32> text;
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific);
  *this = *Read(std::string_view(text.data(), static_cast<size_t>(end.ptr - text.data())));
}

std::optional<ExactNumber> ExactNumber::Read(std::string_view text) {
  ExactNumber number;
  if (text.starts_with('-')) {
    number.negative_ = true;
    text.remove_prefix(1);
  }
  const size_t e = text.find_first_of("eE");
  if (e != std::string_view::npos) {
    std::string_view exponent = text.substr(e + 1);
    if (exponent.starts_with('+')) exponent.remove_prefix(1);
    const char* const end = exponent.data() + exponent.size();
    const auto read = std::from_chars(exponent.data(), end, number.exponent_);
    const bool in_range = number.exponent_ >= -kMaxExponent && number.exponent_ <= kMaxExponent;
    if (read.ec != std::errc() || !in_range) return std::nullopt;
    text = text.substr(0, e);
  }
  const size_t point = text.find('.');
  number.digits_ = text.substr(0, point);
  if (point != std::string_view::npos) {
    number.digits_ += text.substr(point + 1);
    number.exponent_ -= static_cast<int64_t>(text.size() - point - 1);
  }
  number.Normalize();
  if (number.exponent_ < -kMaxExponent || number.exponent_ > kMaxExponent) return std::nullopt;
  return number;
}

void ExactNumber::Normalize() {
  const size_t last = digits_.find_last_not_of('0');
  if (last == std::string::npos) {
    *this = {};
    return;
  }
  exponent_ += static_cast<int64_t>(digits_.size() - 1 - last);
  digits_.resize(last + 1);
  digits_.erase(0, digits_.find_first_not_of('0'));
}

std::string ExactNumber::ToText() const {
  if (digits_.empty()) return "0";
  const std::string_view sign = negative_ ? "-" : "";
  const auto size = static_cast<int64_t>(digits_.size());
  const int64_t point = size + exponent_;  // digits before the decimal point
  const auto zeros = [](int64_t count) { return std::string(static_cast<size_t>(count), '0'); };
  if (exponent_ > kMaxPlainZeros || point < -kMaxPlainZeros) {
    return StrCat(sign, digits_, "e", exponent_);
  }
  if (exponent_ >= 0) return StrCat(sign, digits_, zeros(exponent_));
  if (point <= 0) return StrCat(sign, "0.", zeros(-point), digits_);
  const std::string_view digits = digits_;
  return StrCat(sign, digits.substr(0, static_cast<size_t>(point)), ".",
                digits.substr(static_cast<size_t>(point)));
}

std::optional<int64_t> ExactNumber::ToInteger() const {
  const Scaled whole = ScaledTo(0);
  const auto value = static_cast<int64_t>(whole.floor);
  if (!whole.exact || value != whole.floor) return std::nullopt;
  return value;
}

double ExactNumber::ToDouble() const {
  const std::string text =
      StrCat(negative_ ? "-" : "", digits_.empty() ? "0" : digits_.c_str(), "e", exponent_);
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec == std::errc::result_out_of_range) {
    const bool large = static_cast<int64_t>(digits_.size()) + exponent_ > 0;
    value = large ? std::numeric_limits<double>::infinity() : 0.0;
    if (negative_) value = -value;
  }
  return value;
}

ExactNumber::Scaled ExactNumber::ScaledTo(uint8_t scale) const {
  const int64_t shift = exponent_ + scale;
  const auto size = static_cast<int64_t>(digits_.size());
  const int64_t whole_digits = size + shift;
  if (whole_digits > kMaxDigits) return {negative_ ? -kHuge : kHuge, true};
  const auto kept = static_cast<size_t>(std::clamp<int64_t>(whole_digits, 0, size));
  Int128 whole = DigitsToInt(std::string_view(digits_).substr(0, kept));
  for (int64_t i = 0; i < shift; ++i) whole *= 10;
  const bool exact = digits_.empty() || shift >= 0;
  if (negative_) whole = exact ? -whole : -whole - 1;
  return {whole, exact};
}

std::string ExactNumber::FractionAfter(uint8_t scale) const {
  const int64_t places = -(exponent_ + scale);
  if (digits_.empty() || places <= 0) return "";
  const auto size = static_cast<int64_t>(digits_.size());
  std::string fraction(static_cast<size_t>(std::max<int64_t>(places - size, 0)), '0');
  fraction +=
      std::string_view(digits_).substr(static_cast<size_t>(std::max(size - places, int64_t{0})));
  if (negative_) {  // what is left above the floor: the ten's complement
    for (char& digit : fraction) digit = static_cast<char>('0' + '9' - digit);
    fraction.back() = static_cast<char>(fraction.back() + 1);  // the last digit was not 0
  }
  return fraction;
}

ExactThreshold::ExactThreshold(ExactNumber number, uint8_t scale)
    : number_(std::move(number)),
      floor_(number_.ScaledTo(scale).floor),
      fraction_(number_.FractionAfter(scale)) {}

int ExactThreshold::Compare(Int128 sum, int64_t count) const {
  Int128 quotient = sum / count;
  Int128 rest = sum % count;
  if (rest < 0) {
    --quotient;
    rest += count;
  }
  if (quotient != floor_) return quotient < floor_ ? -1 : 1;
  for (const char digit : fraction_) {  // long division against the number's digits
    rest *= 10;
    const int next = static_cast<int>(rest / count);
    rest %= count;
    if (next != digit - '0') return next < digit - '0' ? -1 : 1;
  }
  return rest > 0 ? 1 : 0;
}

}  // namespace roster::query
