// SPDX-License-Identifier: Apache-2.0
//
// Implements log_harness.h.
#include "tests/disk/log_harness.h"

#include <catch2/catch.hpp>

#include "storage/base/status_macros.h"
#include "storage/disk/file_names.h"

namespace roster {

LogDirectoryOptions SmallOptions() {
  LogDirectoryOptions options;
  options.preallocate_bytes = kWalFileHeaderBytes + 1024;
  options.zero_ahead_bytes = 300;
  options.max_frame_bytes = 100;
  options.rotate_bytes = kWalFileHeaderBytes + 1500;
  return options;
}

absl::StatusOr<Recovered> ReadAll(const LogDirectory& log, Lsn after) {
  ROSTER_ASSIGN_OR_RETURN(const auto reader, log.Reader(after));
  Recovered recovered;
  while (true) {
    ROSTER_ASSIGN_OR_RETURN(const auto commit, reader->Next());
    if (!commit) break;
    recovered.commits.push_back(
        {commit->last_lsn, std::string(commit->bytes), commit->clock_ceiling});
  }
  recovered.end = reader->end();
  return recovered;
}

absl::StatusOr<Recovered> Recover(FaultyFileSystem* fs, Lsn after) {
  SeededRandom random(1);
  ROSTER_ASSIGN_OR_RETURN(const auto log,
                          LogDirectory::Open(fs, &random, kStoreDir, SmallOptions()));
  return ReadAll(*log, after);
}

void Expectation::Check(const Recovered& recovered) const {
  REQUIRE(recovered.commits.size() <= appended.size());
  const std::vector<LoggedCommit> prefix(
      appended.begin(), appended.begin() + static_cast<ptrdiff_t>(recovered.commits.size()));
  REQUIRE((recovered.commits == prefix));
  REQUIRE(recovered.end.lsn == (prefix.empty() ? Lsn{} : prefix.back().lsn));
  REQUIRE(recovered.end.lsn >= acked);
  REQUIRE(recovered.end.clock_ceiling >= acked_ceiling);
}

absl::Status LoggedStore::Open() {
  log_ = nullptr;
  ROSTER_ASSIGN_OR_RETURN(log_, LogDirectory::Open(fs_, &random_, kStoreDir, SmallOptions()));
  ROSTER_ASSIGN_OR_RETURN(const Recovered recovered, ReadAll(*log_));
  expectation_.Check(recovered);
  ROSTER_RETURN_IF_ERROR(log_->StartWriting(recovered.end));
  expectation_.appended = recovered.commits;
  expectation_.acked = recovered.end.lsn;
  expectation_.acked_ceiling = recovered.end.clock_ceiling;
  return absl::OkStatus();
}

absl::Status LoggedStore::WriteGroup() {
  std::vector<std::string> commits(1 + random_.Below(3));
  for (std::string& bytes : commits) {
    bytes.resize(random_.Below(3) == 0 ? random_.Below(500) : random_.Below(60));
    for (char& c : bytes) c = static_cast<char>(random_.Next());
  }
  ROSTER_RETURN_IF_ERROR(WriteGroup(commits));
  if (random_.Below(4) != 0) return absl::OkStatus();
  clock_.ms += 5;
  ROSTER_RETURN_IF_ERROR(log_->SyncMark(clock_));
  expectation_.acked_ceiling = clock_;
  return absl::OkStatus();
}

absl::Status LoggedStore::WriteGroup(const std::vector<std::string>& commits) {
  for (const std::string& bytes : commits) {
    ++clock_.ms;
    ROSTER_RETURN_IF_ERROR(log_->Reserve(bytes.size()));
    ROSTER_ASSIGN_OR_RETURN(const Lsn lsn, log_->AppendCommit(bytes, clock_));
    expectation_.appended.push_back({lsn, bytes, clock_});
  }
  ROSTER_RETURN_IF_ERROR(log_->Write());
  ROSTER_ASSIGN_OR_RETURN(const Lsn durable, log_->Sync());
  REQUIRE(durable == expectation_.appended.back().lsn);
  expectation_.acked = durable;
  expectation_.acked_ceiling = std::max(expectation_.acked_ceiling, clock_);
  return absl::OkStatus();
}

absl::Status RunScript(LoggedStore* store) {
  for (int openings = 0; openings < 3; ++openings) {
    ROSTER_RETURN_IF_ERROR(store->Open());
    for (int groups = 0; groups < 6 * (openings % 2 + 1); ++groups) {
      ROSTER_RETURN_IF_ERROR(store->WriteGroup());
    }
    store->Close();
  }
  return absl::OkStatus();
}

std::string CurrentLogPath(const LogDirectory& log) {
  return JoinPath(kStoreDir, LogFileName(log.manifest().logs.back().number));
}

}  // namespace roster
