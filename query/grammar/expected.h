// SPDX-License-Identifier: Apache-2.0
//
// Words for what was expected, by which errors also know what to advise. Thread rule: constants.
#ifndef ROSTER_QUERY_GRAMMAR_EXPECTED_H_
#define ROSTER_QUERY_GRAMMAR_EXPECTED_H_

#include <string_view>

namespace roster::query {

inline constexpr std::string_view kCondition = "a condition";
inline constexpr std::string_view kOperator = "an operator such as `=`, `in` or `is set`";
inline constexpr std::string_view kComparison = "a comparison such as `>=`";
inline constexpr std::string_view kValue = "a value";
inline constexpr std::string_view kWindow = "a window such as `within last 30 days`";
inline constexpr std::string_view kTimes = "`at least`, `at most` or `exactly`";
inline constexpr std::string_view kUnit = "a unit of time such as `days`";

inline constexpr std::string_view kQuotedText = "a text in double quotes";
inline constexpr std::string_view kCalendarDays = "`calendar days`";
inline constexpr std::string_view kOfFirstSeen = "`of first seen`";

}  // namespace roster::query

#endif  // ROSTER_QUERY_GRAMMAR_EXPECTED_H_
