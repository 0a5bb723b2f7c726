// SPDX-License-Identifier: Apache-2.0
//
// Numbers as written, and sums without error.
#include "query/exact_number.h"

#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "query/operators/exact_sum.h"
#include "tests/seed.h"

namespace roster::query {
namespace {

TEST_CASE("a number is kept as it was written") {
  const auto text = [](const char* written) { return ExactNumber::Read(written)->ToText(); };
  CHECK(text("0") == "0");
  CHECK(text("-0.000") == "0");
  CHECK(text("007") == "7");
  CHECK(text("-12.340") == "-12.34");
  CHECK(text("0.05") == "0.05");
  CHECK(text("1e3") == "1000");
  CHECK(text("1.5E-2") == "0.015");
  CHECK(text("123456789012345678901234567890.5") == "123456789012345678901234567890.5");
  CHECK(text("1e-100") == "1e-100");
  CHECK(text("-25e99") == "-25e99");
  CHECK(!ExactNumber::Read("1e401").has_value());
  CHECK(ExactNumber(0.1).ToText() == "0.1");
  CHECK(ExactNumber(Decimal{-5, 3}).ToText() == "-0.005");
  CHECK(ExactNumber(std::numeric_limits<int64_t>::min()).ToText() == "-9223372036854775808");
  CHECK(ExactNumber(1e300).ToDouble() == 1e300);
  CHECK(ExactNumber::Read("1e400")->ToDouble() == std::numeric_limits<double>::infinity());
  CHECK(ExactNumber::Read("-1e-400")->ToDouble() == 0.0);
}

TEST_CASE("the place among cells of a scale") {
  const auto scaled = [](const char* written, uint8_t scale) {
    const auto place = ExactNumber::Read(written)->ScaledTo(scale);
    return std::pair(static_cast<int64_t>(place.floor), place.exact);
  };
  CHECK(scaled("1.25", 2) == std::pair(int64_t{125}, true));
  CHECK(scaled("1.255", 2) == std::pair(int64_t{125}, false));
  CHECK(scaled("-1.255", 2) == std::pair(int64_t{-126}, false));
  CHECK(scaled("-1", 9) == std::pair(int64_t{-1'000'000'000}, true));
  CHECK(scaled("0.001", 0) == std::pair(int64_t{0}, false));
  CHECK(scaled("-1e-300", 9) == std::pair(int64_t{-1}, false));
}

TEST_CASE("an average is compared exactly, digit by digit") {
  const auto compare = [](const char* written, int64_t sum, int64_t count, uint8_t scale) {
    return ExactThreshold(*ExactNumber::Read(written), scale).Compare(sum, count);
  };
  CHECK(compare("0.333333333333333333333333333333", 1, 3, 0) == 1);
  CHECK(compare("0.333333333333333333333333333334", 1, 3, 0) == -1);
  CHECK(compare("-0.333333333333333333333333333333", -1, 3, 0) == -1);
  CHECK(compare("-0.333333333333333333333333333334", -1, 3, 0) == 1);
  CHECK(compare("0.5", 1, 2, 0) == 0);
  CHECK(compare("-0.5", -1, 2, 0) == 0);
  CHECK(compare("-2.5", -500, 2, 2) == 0);
  CHECK(compare("0.0625", 25, 4, 2) == 0);
  CHECK(compare("0.06250000000000001", 25, 4, 2) == -1);
}

double SumOf(const std::vector<double>& values) {
  ExactSum sum;
  for (const double value : values) sum.Add(value);
  return sum.Rounded();
}

TEST_CASE("exact sums round once") {
  const double least = std::numeric_limits<double>::denorm_min();
  const double most = std::numeric_limits<double>::max();
  CHECK(SumOf({}) == 0);
  CHECK(SumOf({-0.0}) == 0);
  CHECK(SumOf({least}) == least);
  CHECK(SumOf({least, least, -least}) == least);
  CHECK(SumOf({most}) == most);
  CHECK(SumOf({most, most}) == std::numeric_limits<double>::infinity());
  CHECK(SumOf({-most, -most, most}) == -most);
  CHECK(SumOf({1e16, 1, -1e16}) == 1);
  CHECK(SumOf({1, least}) == 1);
  CHECK(SumOf({1, 0x1p-53, least}) == 1 + 0x1p-52);  // just over the tie
  CHECK(SumOf({1, 0x1p-53}) == 1);                   // a tie goes to even
  CHECK(SumOf({1 + 0x1p-52, 0x1p-53}) == 1 + 0x1p-51);
  CHECK(SumOf({-1, -0x1p-53, -least}) == -1 - 0x1p-52);
  CHECK(SumOf({0x1p-1022, -least}) == 0x1p-1022 - least);
}

TEST_CASE("exact sums depend on no order and can be taken apart") {
  std::mt19937_64 random(TestSeed());
  for (int round = 0; round < 200; ++round) {
    std::vector<double> values;
    for (int i = 0; i < 50; ++i) {
      const double value = std::bit_cast<double>(random());
      if (std::isfinite(value)) values.push_back(value);
      if (random() % 3 == 0) values.push_back(static_cast<double>(random() % 1000) / 8);
    }
    const double expected = SumOf(values);
    std::shuffle(values.begin(), values.end(), random);
    CHECK(SumOf(values) == expected);
    ExactSum sum;
    for (const double value : values) sum.Add(value);
    for (size_t i = 1; i < values.size(); ++i) sum.Add(-values[i]);
    CHECK(sum.Rounded() == values[0]);
    sum.Clear();
    CHECK(sum.Rounded() == 0);
  }
}

TEST_CASE("exact sums agree with integers where doubles are exact") {
  std::mt19937_64 random(TestSeed());
  ExactSum sum;
  int64_t expected = 0;
  for (int i = 0; i < 100'000; ++i) {
    const auto value = static_cast<int64_t>(random() % (1u << 30)) - (1 << 29);
    expected += value;
    sum.Add(static_cast<double>(value) / 1024);
  }
  CHECK(sum.Rounded() == static_cast<double>(expected) / 1024);
}

}  // namespace
}  // namespace roster::query
