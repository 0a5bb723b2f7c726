// SPDX-License-Identifier: Apache-2.0
//
// The names under which the store keeps definitions: a kind and what it is called. Durable: they
// stand in files; do not rename. Thread rule: constants.
#ifndef ROSTER_QUERY_DECLARATIONS_NAMES_H_
#define ROSTER_QUERY_DECLARATIONS_NAMES_H_

#include <string_view>

namespace roster::query {

inline constexpr std::string_view kGoals = "goal/";
inline constexpr std::string_view kInterests = "interest/";
inline constexpr std::string_view kEngagement = "engagement/";
inline constexpr std::string_view kRetentions = "retain/";
inline constexpr std::string_view kHistoryRetention = "retain/history";
inline constexpr std::string_view kAnonymousRetention = "retain/anonymous";

}  // namespace roster::query

#endif  // ROSTER_QUERY_DECLARATIONS_NAMES_H_
