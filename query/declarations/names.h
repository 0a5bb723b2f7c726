// SPDX-License-Identifier: Apache-2.0
//
// The names under which the store keeps definitions: a kind and what it is called. Durable: they
// stand in files; do not rename. Thread rule: pure functions.
#ifndef ROSTER_QUERY_DECLARATIONS_NAMES_H_
#define ROSTER_QUERY_DECLARATIONS_NAMES_H_

#include <string>
#include <string_view>

#include "storage/base/text.h"

namespace roster::query {

inline constexpr std::string_view kSegments = "segment/";
inline constexpr std::string_view kGoals = "goal/";
inline constexpr std::string_view kInterests = "interest/";
inline constexpr std::string_view kEngagement = "engagement/";
inline constexpr std::string_view kCarries = "carry/";
inline constexpr std::string_view kComputed = "trait/";
inline constexpr std::string_view kViews = "view/";
inline constexpr std::string_view kRules = "rule/";
inline constexpr std::string_view kRetentions = "retain/";
// A value that is no identity, of a namespace: a definition for each. No name has a line's end.
inline constexpr std::string_view kBlocked = "blocked/";
inline std::string BlockedName(std::string_view name_space, std::string_view value) {
  return StrCat(kBlocked, name_space, "\n", value);
}
inline constexpr std::string_view kSettings = "setting/";
inline constexpr std::string_view kAnonymousProfiles = "setting/anonymous profiles";
inline constexpr std::string_view kHistoryRetention = "retain/history";
inline constexpr std::string_view kAnonymousRetention = "retain/anonymous";

}  // namespace roster::query

#endif  // ROSTER_QUERY_DECLARATIONS_NAMES_H_
