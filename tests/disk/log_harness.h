// SPDX-License-Identifier: Apache-2.0
//
// Drives a LogDirectory on a FaultyFileSystem with random groups of commits, and knows what must
// be found after any interruption. Thread rule: not shared.
#ifndef ROSTER_TESTS_DISK_LOG_HARNESS_H_
#define ROSTER_TESTS_DISK_LOG_HARNESS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/disk/log_directory.h"
#include "tests/disk/faulty_file_system.h"
#include "tests/disk/seeded_random.h"
#include "tests/seed.h"

namespace roster {

inline constexpr char kStoreDir[] = "/store";

// Frames of 100 bytes and files of a few commits, so that small scripts reach every corner.
LogDirectoryOptions SmallOptions();

struct LoggedCommit {
  Lsn lsn;
  std::string bytes;
  Timestamp ceiling;
  bool operator==(const LoggedCommit&) const = default;
};

struct Recovered {
  std::vector<LoggedCommit> commits;
  WalEnd end;
};

absl::StatusOr<Recovered> ReadAll(const LogDirectory& log, Lsn after = {});

// Opens the directory and reads it, without starting to write.
absl::StatusOr<Recovered> Recover(FaultyFileSystem* fs, Lsn after = {});

// What a reopened store must show: all that was acknowledged, and of the rest a prefix.
struct Expectation {
  std::vector<LoggedCommit> appended;  // in order; those behind `acked` may or may not be there
  Lsn acked;
  Timestamp acked_ceiling;

  // Fails the test when `recovered` is not as it must be.
  void Check(const Recovered& recovered) const;
};

// A store that a script writes.
class LoggedStore {
 public:
  LoggedStore(FaultyFileSystem* fs, uint64_t seed) : fs_(fs), random_(seed) {}

  // Opens the directory, again if need be, checks what it reads, and starts to write. From then
  // on what it read is what must stay.
  absl::Status Open();
  // Reserves, appends, writes and syncs a few commits; sometimes syncs the mark.
  absl::Status WriteGroup();
  // The same with commits of these bytes, without the mark.
  absl::Status WriteGroup(const std::vector<std::string>& commits);
  void Close() { log_ = nullptr; }

  const Expectation& expectation() const { return expectation_; }
  LogDirectory& log() { return *log_; }

 private:
  FaultyFileSystem* const fs_;
  SeededRandom random_;
  std::unique_ptr<LogDirectory> log_;
  Expectation expectation_;
  Timestamp clock_{1000};
};

// A fixed script: opens, writes groups over several files, opens again, writes on. Returns the
// first error.
absl::Status RunScript(LoggedStore* store);

// The file that the manifest names last.
std::string CurrentLogPath(const LogDirectory& log);

}  // namespace roster

#endif  // ROSTER_TESTS_DISK_LOG_HARNESS_H_
