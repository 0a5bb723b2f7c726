// SPDX-License-Identifier: Apache-2.0
#include "query/operators/exact_sum.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace roster::query {
namespace {

constexpr int kDigitBits = 32;
constexpr int64_t kDigitMask = 0xffffffff;
constexpr int kMinExponent = -1074;  // of the lowest bit of any double
constexpr int kMantissaBits = 53;

using Wide = unsigned __int128;

int BitLength(Wide value) {
  const auto high = static_cast<uint64_t>(value >> 64);
  if (high != 0) return 128 - std::countl_zero(high);
  return 64 - std::countl_zero(static_cast<uint64_t>(value));
}

}  // namespace

void ExactSum::Add(double value) {
  const auto bits = std::bit_cast<uint64_t>(value);
  const int exponent = static_cast<int>((bits >> 52) & 0x7ff);
  uint64_t mantissa = bits & ((uint64_t{1} << 52) - 1);
  if (exponent != 0) mantissa |= uint64_t{1} << 52;
  if (mantissa == 0) return;
  const int position = std::max(exponent - 1, 0);  // of the mantissa's lowest bit
  const int first = position / kDigitBits;
  Wide shifted = Wide{mantissa} << (position % kDigitBits);
  const int64_t sign = (bits >> 63) != 0 ? -1 : 1;
  for (int i = first; i < first + 3; ++i, shifted >>= kDigitBits) {
    digits_[static_cast<size_t>(i)] +=
        sign * static_cast<int64_t>(static_cast<uint64_t>(shifted) & kDigitMask);
  }
  low_ = std::min(low_, first);
  high_ = std::max(high_, first + 3);
  if (++pending_ >= kMaxPending) Carry();
}

// Afterwards all digits but the highest are in [0, 2^32); the highest carries the sign.
void ExactSum::Carry() {
  pending_ = 0;
  for (int i = low_; i < high_; ++i) {
    int64_t& digit = digits_[static_cast<size_t>(i)];
    const bool fits = digit >= -(int64_t{1} << 31) && digit < (int64_t{1} << 31);
    if (i + 1 == high_ && (fits || high_ == kDigits)) break;
    const int64_t carry = digit >> kDigitBits;
    digit &= kDigitMask;
    digits_[static_cast<size_t>(i) + 1] += carry;
    high_ = std::max(high_, i + 2);
  }
}

double ExactSum::Rounded() const {
  ExactSum sum = *this;
  const auto top = [&] {
    int i = sum.high_ - 1;
    while (i >= sum.low_ && sum.digits_[static_cast<size_t>(i)] == 0) --i;
    return i;
  };
  sum.Carry();
  int highest = top();
  if (highest < sum.low_) return 0;
  const bool negative = sum.digits_[static_cast<size_t>(highest)] < 0;
  if (negative) {
    for (int64_t& digit : sum.digits_) digit = -digit;
    sum.Carry();
    highest = top();
  }
  // The highest three digits, and whether there is anything below them.
  Wide head = 0;
  for (int i = highest; i > highest - 3; --i) {
    const int64_t digit = i >= 0 ? sum.digits_[static_cast<size_t>(i)] : 0;
    head = (head << kDigitBits) | static_cast<uint64_t>(digit);
  }
  bool sticky = false;
  for (int i = sum.low_; i < highest - 2; ++i) {
    sticky |= sum.digits_[static_cast<size_t>(i)] != 0;
  }
  const int exponent = kDigitBits * (highest - 2) + kMinExponent;
  const int unit = std::max(exponent + BitLength(head) - kMantissaBits, kMinExponent);
  const int dropped = unit - exponent;
  const Wide half = Wide{1} << (dropped - 1);
  const Wide rest = head & ((half << 1) - 1);
  auto mantissa = static_cast<uint64_t>(head >> dropped);
  if (rest > half || (rest == half && (sticky || (mantissa & 1) != 0))) ++mantissa;
  const double rounded = std::ldexp(static_cast<double>(mantissa), unit);
  return negative ? -rounded : rounded;
}

void ExactSum::Clear() {
  if (low_ < high_) std::fill(digits_.begin() + low_, digits_.begin() + high_, 0);
  low_ = kDigits;
  high_ = 0;
  pending_ = 0;
}

}  // namespace roster::query
