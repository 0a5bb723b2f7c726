// SPDX-License-Identifier: Apache-2.0
//
// What an absl::Status of ours carries beyond its code: the stable error code of the wire and,
// for statements and files, where the error is. The second of the two vocabulary headers that
// every layer may include. Thread rule: plain functions, no shared state.
#ifndef ROSTER_ERROR_H_
#define ROSTER_ERROR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace roster {

// The stable upper-case codes that the wire shows (server/PROTOCOL.md). `ErrorCodeName` spells
// them; the one table that pairs each with its absl::StatusCode is in error.cc.
enum class ErrorCode : uint8_t {
  kErr,          // anything without a code of its own
  kParse,        // text that is not of the language, or JSON that is not JSON
  kType,         // a value or an operator of the wrong type
  kNoTrait,      // a trait, event, property or namespace that nobody declared
  kNoHistory,    // a time of which no history is kept
  kNoProfile,    // no such profile
  kNoIdentity,   // a write without one usable identity
  kConflict,     // an identity owned by another profile
  kExists,       // what is to be created is there
  kStale,        // an expected version has passed
  kCursor,       // a cursor that is of no page, or whose page is not held any more
  kLimit,        // a limit, named in the message
  kTooLong,      // a request over its length limit
  kTimeout,      // the statement's time ran out
  kCancelled,    // the statement was cancelled
  kLocked,       // another process has the data directory
  kCorrupt,      // damage in acknowledged data
  kDiskFull,     // no space for the log
  kOutOfMemory,  // the memory limit
  kReadOnly,     // the log failed; the store accepts no writes
  kUnknown,      // the outcome of this write will be known after a restart
  kShutdown,     // the store is closing
};

// Where an error is. Lines and columns count from 1, columns in code points; `offset` and `length`
// are bytes of the statement.
struct ErrorPosition {
  uint32_t line = 0;
  uint32_t column = 0;
  uint32_t offset = 0;
  uint32_t length = 0;
  bool operator==(const ErrorPosition&) const = default;
};

// Makes a Status with our code and, when given, a position. `message`: fixed text first, values
// last, one line, no personal value.
absl::Status MakeError(ErrorCode code, std::string_view message,
                       std::optional<ErrorPosition> position = std::nullopt);

// The code that MakeError put in; `kErr` for a status that is not ours.
// Requires: !status.ok().
ErrorCode ErrorCodeOf(const absl::Status& status);

// The position that MakeError put in, if any.
std::optional<ErrorPosition> ErrorPositionOf(const absl::Status& status);

// "PARSE", "NOTRAIT", ...
std::string_view ErrorCodeName(ErrorCode code);

}  // namespace roster

#endif  // ROSTER_ERROR_H_
