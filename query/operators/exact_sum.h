// SPDX-License-Identifier: Apache-2.0
//
// Sums of doubles that do not depend on order: the sum is kept exactly, as one very long
// fixed-point integer, and rounded once. Unlike a sum in an agreed order, it can also be taken
// apart again (the negative of what leaves a window is added). Thread rule: plain values.
// Source: R. Neal, "Fast exact summation using small and large superaccumulators" (2015).
#ifndef ROSTER_QUERY_OPERATORS_EXACT_SUM_H_
#define ROSTER_QUERY_OPERATORS_EXACT_SUM_H_

#include <array>
#include <cstdint>

namespace roster::query {

// Invariants: (1) the sum is the sum of digits_[i] × 2^(32 i - 1074); (2) digits outside
// [low_, high_) are 0; (3) no digit overflows before its carry is brought up.
class ExactSum {
 public:
  // Requires: finite.
  void Add(double value);
  // The double nearest to the exact sum, ties to even; infinite past the largest.
  double Rounded() const;
  // Back to 0. Cost: what was touched since.
  void Clear();

 private:
  static constexpr int kDigits = 70;  // 32 bits each: all of double, and 2^100 additions
  static constexpr uint32_t kMaxPending = 1u << 29;

  void Carry();

  std::array<int64_t, kDigits> digits_{};
  int low_ = kDigits;
  int high_ = 0;
  uint32_t pending_ = 0;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_OPERATORS_EXACT_SUM_H_
