// SPDX-License-Identifier: Apache-2.0
//
// The words of commands on one profile, and how its ids are shown. Thread rule: pure functions.
// Source: PROTOCOL.md "People".
#ifndef ROSTER_SERVER_COMMANDS_PROFILE_WORDS_H_
#define ROSTER_SERVER_COMMANDS_PROFILE_WORDS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "roster/write.h"

namespace roster::server {

// A whole number without a sign, of nothing but digits.
bool ParseNumber(std::string_view text, uint64_t* value);

// `namespace:value`. Errors: ERR.
absl::StatusOr<IdentityRef> ParseIdentityRef(std::string_view text);
// `p12` or `namespace:value`. Errors: ERR.
absl::StatusOr<ProfileRef> ParseProfileRef(std::string_view text);

// Event ids are 64 bit, more than a JSON number holds in most languages: 16 hexadecimal digits.
std::string EventIdText(uint64_t id);

// The error of a text that begins at a byte of the line: its position becomes one in the line.
absl::Status InLine(const absl::Status& status, uint32_t offset);

}  // namespace roster::server

#endif  // ROSTER_SERVER_COMMANDS_PROFILE_WORDS_H_
