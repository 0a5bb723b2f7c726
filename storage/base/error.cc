// SPDX-License-Identifier: Apache-2.0
//
// Implements roster/error.h: our code and position travel as payloads of absl::Status.
#include "roster/error.h"

#include <array>
#include <cstring>

#include "absl/strings/cord.h"
#include "storage/base/text.h"

namespace roster {
namespace {

constexpr char kCodePayload[] = "roster/code";
constexpr char kPositionPayload[] = "roster/position";

struct CodeEntry {
  ErrorCode code;
  std::string_view name;
  absl::StatusCode status;
};

// The one table of codes. Order: as ErrorCode.
constexpr std::array<CodeEntry, 22> kCodes = {{
    {ErrorCode::kErr, "ERR", absl::StatusCode::kInvalidArgument},
    {ErrorCode::kParse, "PARSE", absl::StatusCode::kInvalidArgument},
    {ErrorCode::kType, "TYPE", absl::StatusCode::kInvalidArgument},
    {ErrorCode::kNoTrait, "NOTRAIT", absl::StatusCode::kNotFound},
    {ErrorCode::kNoHistory, "NOHISTORY", absl::StatusCode::kFailedPrecondition},
    {ErrorCode::kNoProfile, "NOPROFILE", absl::StatusCode::kNotFound},
    {ErrorCode::kNoIdentity, "NOIDENTITY", absl::StatusCode::kInvalidArgument},
    {ErrorCode::kConflict, "CONFLICT", absl::StatusCode::kFailedPrecondition},
    {ErrorCode::kExists, "EXISTS", absl::StatusCode::kAlreadyExists},
    {ErrorCode::kStale, "STALE", absl::StatusCode::kAborted},
    {ErrorCode::kCursor, "CURSOR", absl::StatusCode::kFailedPrecondition},
    {ErrorCode::kLimit, "LIMIT", absl::StatusCode::kResourceExhausted},
    {ErrorCode::kTooLong, "TOOLONG", absl::StatusCode::kInvalidArgument},
    {ErrorCode::kTimeout, "TIMEOUT", absl::StatusCode::kDeadlineExceeded},
    {ErrorCode::kCancelled, "CANCELLED", absl::StatusCode::kCancelled},
    {ErrorCode::kLocked, "LOCKED", absl::StatusCode::kFailedPrecondition},
    {ErrorCode::kCorrupt, "CORRUPT", absl::StatusCode::kDataLoss},
    {ErrorCode::kDiskFull, "DISKFULL", absl::StatusCode::kResourceExhausted},
    {ErrorCode::kOutOfMemory, "OOM", absl::StatusCode::kResourceExhausted},
    {ErrorCode::kReadOnly, "READONLY", absl::StatusCode::kUnavailable},
    {ErrorCode::kUnknown, "UNKNOWN", absl::StatusCode::kUnknown},
    {ErrorCode::kShutdown, "SHUTDOWN", absl::StatusCode::kUnavailable},
}};

const CodeEntry& EntryOf(ErrorCode code) { return kCodes[static_cast<size_t>(code)]; }

}  // namespace

absl::Status MakeError(ErrorCode code, std::string_view message,
                       std::optional<ErrorPosition> position) {
  absl::Status status(EntryOf(code).status, AbslView(message));
  const char byte = static_cast<char>(code);
  status.SetPayload(kCodePayload, absl::Cord(absl::string_view(&byte, 1)));
  if (position) {
    char bytes[sizeof(ErrorPosition)];
    std::memcpy(bytes, &*position, sizeof(bytes));
    status.SetPayload(kPositionPayload, absl::Cord(absl::string_view(bytes, sizeof(bytes))));
  }
  return status;
}

ErrorCode ErrorCodeOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kCodePayload);
  if (payload && payload->size() == 1) return static_cast<ErrorCode>((*payload)[0]);
  return ErrorCode::kErr;
}

std::optional<ErrorPosition> ErrorPositionOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPositionPayload);
  if (!payload || payload->size() != sizeof(ErrorPosition)) return std::nullopt;
  const std::string bytes(*payload);
  ErrorPosition position;
  std::memcpy(&position, bytes.data(), sizeof(position));
  return position;
}

std::string_view ErrorCodeName(ErrorCode code) { return EntryOf(code).name; }

}  // namespace roster
