// SPDX-License-Identifier: Apache-2.0
//
// Where a dump goes: standard output, or a file that is replaced when the dump is whole and not
// before. It holds people's data, so nobody else may read it. Thread rule: the tool's thread.
#ifndef ROSTER_SERVER_TOOLS_DUMP_FILE_H_
#define ROSTER_SERVER_TOOLS_DUMP_FILE_H_

#include <cstdio>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace roster::server {

// The lines of a file go to FILE.tmp beside it; what was left there by a dump that was killed goes.
// Without Publish the temporary is removed. Errors, of every method: DISKFULL, ERR; the message
// names the file.
class DumpFile {
 public:
  // `path`: empty for standard output. What is no regular file (a pipe, /dev/null) is written to
  // as it is.
  static absl::StatusOr<DumpFile> Open(const std::string& path);
  DumpFile(DumpFile&& other) noexcept;
  DumpFile& operator=(DumpFile&&) = delete;
  ~DumpFile();

  absl::Status Add(std::string_view line);
  // Makes what was added durable and gives it its name.
  absl::Status Publish();

 private:
  DumpFile(std::FILE* file, std::string path, std::string temporary);
  absl::Status Failed(const char* what) const;

  std::FILE* file_;
  std::string path_;       // empty: standard output
  std::string temporary_;  // empty: there is none
};

}  // namespace roster::server

#endif  // ROSTER_SERVER_TOOLS_DUMP_FILE_H_
