// SPDX-License-Identifier: Apache-2.0
#include "engine/import/writer.h"

#include <algorithm>
#include <utility>

#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"

namespace roster {

absl::Status ImportWriter::Add(uint64_t line, WriteItem item) {
  batch_.items.push_back(std::move(item));
  lines_.push_back(line);
  return batch_.items.size() < kBatchItems ? absl::OkStatus() : Send();
}

void ImportWriter::AddError(uint64_t line, const absl::Status& status) {
  MutexLock lock(&mutex_);
  CountError(line, status);
}

absl::StatusOr<ImportReport> ImportWriter::Finish() {
  if (!batch_.items.empty()) ROSTER_RETURN_IF_ERROR(Send());
  WaitUntil(0);
  MutexLock lock(&mutex_);
  ROSTER_RETURN_IF_ERROR(refused_);
  std::stable_sort(report_.errors.begin(), report_.errors.end(),
                   [](const RowError& a, const RowError& b) { return a.line < b.line; });
  return report_;
}

absl::Status ImportWriter::Send() {
  WaitUntil(kMaxInFlight - 1);
  {
    MutexLock lock(&mutex_);
    ROSTER_RETURN_IF_ERROR(refused_);
    ++in_flight_;
  }
  batch_.options.actor = "import";
  database_->WriteAsync(std::exchange(batch_, {}), [this, lines = std::exchange(lines_, {})](
                                                       const absl::StatusOr<WriteResult>& result) {
    Answered(lines, result);
  });
  return absl::OkStatus();
}

void ImportWriter::Answered(const std::vector<uint64_t>& lines,
                            const absl::StatusOr<WriteResult>& result) {
  MutexLock lock(&mutex_);
  --in_flight_;
  answered_.NotifyAll();
  if (!result.ok()) {
    refused_ = result.status();
    return;
  }
  for (size_t i = 0; i < lines.size(); ++i) CountItem(lines[i], result->items[i]);
}

void ImportWriter::CountItem(uint64_t line, const ItemResult& item) {
  if (!item.status.ok()) return CountError(line, item.status);
  ++(item.duplicate ? report_.num_duplicates : report_.num_imported);
  report_.num_created += item.created;
  report_.num_warnings += item.warnings.size();
  for (const std::string& warning : item.warnings) {
    if (report_.warnings.size() < max_errors_) report_.warnings.push_back({line, warning});
  }
}

void ImportWriter::CountError(uint64_t line, const absl::Status& status) {
  ++report_.num_wrong;
  if (report_.errors.size() < max_errors_) {
    report_.errors.push_back({line, std::string(StdView(status.message()))});
  }
}

void ImportWriter::WaitUntil(size_t max_in_flight) {
  MutexLock lock(&mutex_);
  while (in_flight_ > max_in_flight) answered_.Wait(&mutex_);
}

}  // namespace roster
