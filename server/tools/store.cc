// SPDX-License-Identifier: Apache-2.0
//
// Words for statuses and reports.
#include "server/tools/store.h"

#include "roster/error.h"
#include "server/reply.h"
#include "server/tools/tools.h"

namespace roster::server {

std::string ErrorText(const absl::Status& status) {
  const ErrorReply error = ToErrorReply(status);
  return error.code + ": " + error.message;
}

int ExitCodeFor(const absl::Status& status) {
  switch (ErrorCodeOf(status)) {
    case ErrorCode::kCorrupt:
      return kExitDamaged;
    case ErrorCode::kTimeout:
      return kExitTimeout;
    default:
      return kExitError;
  }
}

std::string RecoveryText(const RecoveryReport& report) {
  std::string text;
  if (report.snapshot) {
    text = "loaded the snapshot at LSN " + WithCommas(report.snapshot->lsn.value) + ", ";
  }
  text += "recovered " + WithCommas(report.num_commits) + " commits in " +
          WithCommas(static_cast<uint64_t>(report.took_us) / 1000) + " ms";
  if (report.torn_bytes > 0) {
    text += "; cut " + WithCommas(report.torn_bytes) +
            " bytes of a commit that was never acknowledged from the end of " + report.torn_file;
  }
  return text;
}

std::string WithCommas(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

}  // namespace roster::server
