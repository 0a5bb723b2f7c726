// SPDX-License-Identifier: Apache-2.0
//
// Sends an import's rows to the database in batches, a few at once, and counts what became of
// them. Thread rule: one thread adds; the database's thread answers.
#ifndef ROSTER_ENGINE_IMPORT_WRITER_H_
#define ROSTER_ENGINE_IMPORT_WRITER_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "roster/import.h"
#include "storage/base/mutex.h"

namespace roster {

// Invariant: at most kMaxInFlight batches are not answered yet.
class ImportWriter {
 public:
  ImportWriter(Database* database, size_t max_errors)
      : database_(database), max_errors_(max_errors) {}
  ~ImportWriter() { WaitUntil(0); }

  // Errors: of an earlier batch that was refused as a whole; nothing more is sent then.
  absl::Status Add(uint64_t line, WriteItem item);
  void AddError(uint64_t line, const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);

  // Sends the rest, waits for all and reports. Errors: as Add.
  absl::StatusOr<ImportReport> Finish();

 private:
  static constexpr size_t kBatchItems = 1000;
  static constexpr size_t kMaxInFlight = 4;

  absl::Status Send() ABSL_LOCKS_EXCLUDED(mutex_);
  void Answered(const std::vector<uint64_t>& lines, const absl::StatusOr<WriteResult>& result)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void CountItem(uint64_t line, const ItemResult& item) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CountError(uint64_t line, const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WaitUntil(size_t max_in_flight) ABSL_LOCKS_EXCLUDED(mutex_);

  Database* const database_;
  const size_t max_errors_;
  Batch batch_;
  std::vector<uint64_t> lines_;  // of batch_.items

  Mutex mutex_;
  CondVar answered_;
  size_t in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status refused_ ABSL_GUARDED_BY(mutex_);
  ImportReport report_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace roster

#endif  // ROSTER_ENGINE_IMPORT_WRITER_H_
