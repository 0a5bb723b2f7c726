// SPDX-License-Identifier: Apache-2.0
//
// What the server says it is. Thread rule: constants.
#ifndef ROSTER_SERVER_VERSION_H_
#define ROSTER_SERVER_VERSION_H_

#include <string_view>

namespace roster::server {

inline constexpr std::string_view kVersion = "0.1.0";
// The Redis whose clients may take this server for one.
inline constexpr std::string_view kRedisVersion = "7.0.0";

}  // namespace roster::server

#endif  // ROSTER_SERVER_VERSION_H_
