// SPDX-License-Identifier: Apache-2.0
//
// Power failures and failing calls at every point of a script: what was acknowledged is there
// afterwards, nothing else than what was appended, in order.
#include <catch2/catch.hpp>

#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "tests/disk/log_harness.h"

namespace roster {
namespace {

uint64_t NumCallsOfScript(uint64_t seed) {
  FaultyFileSystem fs;
  LoggedStore store(&fs, seed);
  REQUIRE(RunScript(&store).ok());
  return fs.num_calls();
}

TEST_CASE("a power failure at any call loses nothing that was acknowledged", "[crash]") {
  const uint64_t seed = TestSeed();
  const uint64_t num_calls = NumCallsOfScript(seed);
  REQUIRE(num_calls > 150);
  for (uint64_t call = 0; call <= num_calls; ++call) {
    FaultyFileSystem fs;
    fs.PowerOffAfter(call);
    LoggedStore store(&fs, seed);
    const bool finished = RunScript(&store).ok();
    REQUIRE(finished == (call == num_calls));
    for (uint64_t outcome = 0; outcome < 12; ++outcome) {
      INFO("seed " << seed << ", power off after call " << call << ", outcome " << outcome);
      const auto image = fs.CrashImage(seed + outcome);
      const auto recovered = Recover(image.get());
      INFO(recovered.status().ToString());
      REQUIRE(recovered.ok());
      store.expectation().Check(*recovered);
    }
  }
}

absl::Status OpenAndStartWriting(FaultyFileSystem* fs, Random* random) {
  ROSTER_ASSIGN_OR_RETURN(const auto log,
                          LogDirectory::Open(fs, random, kStoreDir, SmallOptions()));
  ROSTER_ASSIGN_OR_RETURN(const Recovered recovered, ReadAll(*log));
  return log->StartWriting(recovered.end);
}

TEST_CASE("power failures while recovering change nothing of the state", "[crash]") {
  const uint64_t seed = TestSeed();
  const uint64_t num_calls = NumCallsOfScript(seed);
  SeededRandom random(seed);
  for (uint64_t call = random.Below(5); call <= num_calls; call += 1 + random.Below(9)) {
    FaultyFileSystem fs;
    fs.PowerOffAfter(call);
    LoggedStore store(&fs, seed);
    RunScript(&store).IgnoreError();
    const auto image = fs.CrashImage(random.Next());
    const auto first = Recover(image.get());
    REQUIRE(first.ok());
    // Recover again and again, each time failing one call later, on what the last crash left.
    auto disk = image->Clone();
    for (uint64_t steps = 0;; ++steps) {
      REQUIRE(steps < 200);
      INFO("seed " << seed << ", power off after call " << call << ", then after " << steps);
      disk->PowerOffAfter(steps);
      const bool finished = OpenAndStartWriting(disk.get(), &random).ok();
      const auto next = disk->CrashImage(random.Next());
      const auto again = Recover(next.get());
      INFO(again.status().ToString());
      REQUIRE(again.ok());
      REQUIRE((again->commits == first->commits));
      REQUIRE(again->end.clock_ceiling >= first->end.clock_ceiling);
      if (finished) break;
      disk = next->Clone();
    }
  }
}

// Runs the script with faults in place, giving up at the first error that ends a session, and then
// opens, checks and writes as after a restart of the process, and after a power failure as well.
void CheckAfterFault(FaultyFileSystem* fs, uint64_t seed) {
  LoggedStore store(fs, seed);
  const absl::Status status = RunScript(&store);
  INFO("the script ended with " << status.ToString());
  store.Close();
  fs->ClearFaults();

  const auto image = fs->CrashImage(seed);
  const auto after_power_failure = Recover(image.get());
  INFO(after_power_failure.status().ToString());
  REQUIRE(after_power_failure.ok());
  store.expectation().Check(*after_power_failure);

  const absl::Status reopened = store.Open();  // checks what it reads
  INFO(reopened.ToString());
  REQUIRE(reopened.ok());
  for (int groups = 0; groups < 4; ++groups) REQUIRE(store.WriteGroup().ok());
  store.Close();
  for (uint64_t outcome = 0; outcome < 4; ++outcome) {
    const auto later = fs->CrashImage(seed + outcome);
    const auto recovered = Recover(later.get());
    INFO(recovered.status().ToString());
    REQUIRE(recovered.ok());
    store.expectation().Check(*recovered);
  }
}

TEST_CASE("any failing call, once or from then on, loses nothing that was acknowledged",
          "[crash]") {
  const uint64_t seed = TestSeed();
  const uint64_t num_calls = NumCallsOfScript(seed);
  const Fault fault = GENERATE(Fault::kIoError, Fault::kDiskFull);
  const bool from_then_on = GENERATE(false, true);
  for (uint64_t call = 1; call <= num_calls; ++call) {
    INFO("seed " << seed << ", call " << call << (from_then_on ? " and all after" : "")
                 << (fault == Fault::kDiskFull ? ", disk full" : ", I/O error"));
    FaultyFileSystem fs;
    fs.FailCall(call, fault, from_then_on);
    CheckAfterFault(&fs, seed);
  }
}

TEST_CASE("a disk that is full refuses and resumes by itself when space returns", "[crash]") {
  FaultyFileSystem fs;
  LoggedStore store(&fs, TestSeed());
  REQUIRE(store.Open().ok());
  uint64_t used = 0;
  for (const auto& [path, bytes] : fs.Files()) used += bytes.size();
  fs.SetCapacity(used + 5000);
  absl::Status status;
  for (int groups = 0; status.ok() && groups < 1000; ++groups) {
    status = store.WriteGroup({std::string(50, 'x')});
  }
  REQUIRE(ErrorCodeOf(status) == ErrorCode::kDiskFull);
  REQUIRE(ErrorCodeOf(store.WriteGroup({std::string(50, 'x')})) == ErrorCode::kDiskFull);
  fs.SetCapacity(1u << 20);
  REQUIRE(store.WriteGroup({"space again"}).ok());
  const auto image = fs.CrashImage(0);
  store.expectation().Check(*Recover(image.get()));
}

TEST_CASE("after a failed sync nothing more is written, and what a restart reads it makes durable",
          "[crash]") {
  const uint64_t seed = TestSeed();
  FaultyFileSystem fs;
  LoggedStore store(&fs, seed);
  REQUIRE(store.Open().ok());
  REQUIRE(store.WriteGroup({"one", "two"}).ok());
  fs.FailNext(FileCall::kSync, Fault::kIoError);
  REQUIRE(ErrorCodeOf(store.WriteGroup({"three"})) == ErrorCode::kReadOnly);
  const uint64_t num_syncs = fs.num_calls(FileCall::kSync);
  const uint64_t num_writes = fs.num_calls(FileCall::kWrite);
  REQUIRE(ErrorCodeOf(store.WriteGroup({"four"})) == ErrorCode::kReadOnly);
  REQUIRE(ErrorCodeOf(store.log().Sync().status()) == ErrorCode::kReadOnly);
  REQUIRE(ErrorCodeOf(store.log().Write()) == ErrorCode::kReadOnly);
  REQUIRE(fs.num_calls(FileCall::kSync) == num_syncs);
  REQUIRE(fs.num_calls(FileCall::kWrite) == num_writes);

  // The kernel still shows "three", which the failed sync has orphaned.
  REQUIRE(store.Open().ok());
  REQUIRE(store.expectation().appended.back().bytes == "three");
  for (uint64_t outcome = 0; outcome < 16; ++outcome) {
    const auto image = fs.CrashImage(seed + outcome);
    const auto recovered = Recover(image.get());
    REQUIRE(recovered.ok());
    store.expectation().Check(*recovered);
  }
}

TEST_CASE("when it is unknown which manifest a crash would leave, the log latches", "[crash]") {
  const uint64_t seed = TestSeed();
  FaultyFileSystem fs;
  LoggedStore store(&fs, seed);
  REQUIRE(store.Open().ok());
  while (fs.GetFile(CurrentLogPath(store.log())).size() < SmallOptions().rotate_bytes) {
    REQUIRE(store.WriteGroup({std::string(90, 'x')}).ok());
  }
  fs.FailNext(FileCall::kRename, Fault::kIoError);
  absl::Status status;
  while (status.ok()) status = store.WriteGroup({std::string(90, 'x')});
  REQUIRE(ErrorCodeOf(status) == ErrorCode::kReadOnly);
  const uint64_t calls = fs.num_calls();
  REQUIRE(ErrorCodeOf(store.WriteGroup({"more"})) == ErrorCode::kReadOnly);
  REQUIRE(ErrorCodeOf(store.log().Sync().status()) == ErrorCode::kReadOnly);
  REQUIRE(ErrorCodeOf(store.log().SyncMark({})) == ErrorCode::kReadOnly);
  REQUIRE(fs.num_calls() == calls);
  REQUIRE(store.Open().ok());
}

TEST_CASE("a failure of the mark latches too", "[crash]") {
  FaultyFileSystem fs;
  LoggedStore store(&fs, TestSeed());
  REQUIRE(store.Open().ok());
  const FileCall call = GENERATE(FileCall::kWrite, FileCall::kSync);
  fs.FailNext(call, Fault::kIoError);
  REQUIRE(ErrorCodeOf(store.log().SyncMark(Timestamp{5})) == ErrorCode::kReadOnly);
  REQUIRE(ErrorCodeOf(store.WriteGroup({"more"})) == ErrorCode::kReadOnly);
}

TEST_CASE("a failed write is cut off", "[crash]") {
  FaultyFileSystem fs;
  LoggedStore store(&fs, TestSeed());
  REQUIRE(store.Open().ok());
  REQUIRE(store.WriteGroup({"one"}).ok());
  const std::string path = CurrentLogPath(store.log());
  const std::string before = fs.GetFile(path);
  fs.FailNext(FileCall::kWrite, Fault::kDiskFull);
  REQUIRE(ErrorCodeOf(store.WriteGroup({std::string(80, 'x')})) == ErrorCode::kReadOnly);
  const std::string after = fs.GetFile(path);
  REQUIRE(after.size() < before.size());
  REQUIRE(before.starts_with(after));
  REQUIRE(store.Open().ok());
  REQUIRE(store.expectation().appended.size() == 1);
}

}  // namespace
}  // namespace roster
