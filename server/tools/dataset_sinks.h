// SPDX-License-Identifier: Apache-2.0
//
// Where the generated data set goes: CSV for other databases, lines of JSON, or a store.
// Thread rule: one thread. Source: server/README.md "The data set".
#ifndef ROSTER_SERVER_TOOLS_DATASET_SINKS_H_
#define ROSTER_SERVER_TOOLS_DATASET_SINKS_H_

#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "roster/database.h"
#include "server/tools/dataset.h"

namespace roster::server {

// A file that is written through one large buffer; formatting goes straight into it.
class TextFile {
 public:
  static absl::StatusOr<std::unique_ptr<TextFile>> Create(const std::string& path);
  ~TextFile();
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;

  void Add(std::string_view text) { buffer_ += text; }
  void Add(char c) { buffer_ += c; }
  void AddInteger(int64_t value);
  // "12.50"
  void AddCents(int64_t cents);
  // "2026-01-01T00:00:00.000Z"
  void AddTime(Timestamp time);
  // To be called after each line. Errors: the file cannot be written.
  absl::Status FlushWhenLarge();
  absl::Status Close();

 private:
  explicit TextFile(std::FILE* file) : file_(file) {}
  absl::Status Flush();

  std::FILE* file_;
  std::string buffer_;
  int64_t day_ = -1;      // of day_text_
  std::string day_text_;  // "2026-01-01"
};

// `directory` is created; profiles.csv and events.csv are written in it.
absl::StatusOr<std::unique_ptr<DatasetSink>> MakeCsvSink(const std::string& directory);

// profiles.ndjson (identify calls) and events.ndjson (track calls).
absl::StatusOr<std::unique_ptr<DatasetSink>> MakeNdjsonSink(const std::string& directory,
                                                            uint64_t seed);

// Batches into a store. Lifetime: `database` outlives the sink.
std::unique_ptr<DatasetSink> MakeDatabaseSink(Database* database, uint64_t seed);

}  // namespace roster::server

#endif  // ROSTER_SERVER_TOOLS_DATASET_SINKS_H_
