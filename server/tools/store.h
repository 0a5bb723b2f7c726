// SPDX-License-Identifier: Apache-2.0
//
// Opening a store from a tool: the flags it takes and how failures are said.
// Thread rule: called by the tool's thread.
#ifndef ROSTER_SERVER_TOOLS_STORE_H_
#define ROSTER_SERVER_TOOLS_STORE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "roster/database.h"

namespace roster::server {

// "PARSE: text" for people.
std::string ErrorText(const absl::Status& status);

// The exit code for a failure: damage, timeout, or just an error.
int ExitCodeFor(const absl::Status& status);

// "recovered 12 commits in 34 ms; cut 17 torn bytes of wal-3.log"
std::string RecoveryText(const RecoveryReport& report);

// 1234567 -> "1,234,567".
std::string WithCommas(uint64_t number);

}  // namespace roster::server

#endif  // ROSTER_SERVER_TOOLS_STORE_H_
