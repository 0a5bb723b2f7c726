// SPDX-License-Identifier: Apache-2.0
//
// Snapshots become part of a store, and what they make unneeded goes: after any failure or crash
// the whole state is there, from the newest snapshot and the log or from what was before.
#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <thread>

#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/disk/file_names.h"
#include "storage/disk/snapshot_reader.h"
#include "storage/disk/snapshot_writer.h"
#include "tests/disk/hooked_file_system.h"
#include "tests/disk/log_harness.h"

namespace roster {
namespace {

// Writes a snapshot that holds nothing but its LSN, as the engine would before it publishes it.
absl::Status WriteSnapshot(FileSystem* fs, const LogDirectory& log, Lsn lsn) {
  const std::string path = log.SnapshotTempPath(lsn);
  ROSTER_ASSIGN_OR_RETURN(const auto writer,
                          SnapshotWriter::Create(fs, path, {log.manifest().uuid, lsn, {}}));
  writer->BeginSection("state");
  ROSTER_RETURN_IF_ERROR(writer->Append(StrCat("state at ", lsn.value)));
  ROSTER_RETURN_IF_ERROR(writer->EndSection());
  ROSTER_RETURN_IF_ERROR(writer->Finish({}));
  return VerifySnapshotFile(fs, path, nullptr);
}

absl::Status Publish(FaultyFileSystem* fs, LogDirectory* log, Lsn lsn, size_t keep = 2) {
  ROSTER_RETURN_IF_ERROR(WriteSnapshot(fs, *log, lsn));
  return log->PublishSnapshot(lsn, keep);
}

// What a restart finds: the newest snapshot's LSN (it must be whole), and the commits behind it.
struct Restart {
  Lsn snapshot;
  Recovered log;
};

absl::StatusOr<Restart> Reopen(FaultyFileSystem* fs) {
  SeededRandom random(1);
  ROSTER_ASSIGN_OR_RETURN(const auto log,
                          LogDirectory::Open(fs, &random, kStoreDir, SmallOptions()));
  Restart restart;
  const Manifest manifest = log->manifest();
  for (const SnapshotEntry& snapshot : manifest.snapshots) {
    ROSTER_RETURN_IF_ERROR(VerifySnapshotFile(fs, log->SnapshotPath(snapshot), nullptr));
    restart.snapshot = snapshot.lsn;
  }
  ROSTER_ASSIGN_OR_RETURN(restart.log, ReadAll(*log, restart.snapshot));
  return restart;
}

// The state is whole: the snapshot, and behind it exactly what was appended, at least to `acked`.
void CheckWhole(const Restart& restart, const Expectation& expectation) {
  std::vector<LoggedCommit> behind;
  for (const LoggedCommit& commit : expectation.appended) {
    if (commit.lsn > restart.snapshot) behind.push_back(commit);
  }
  REQUIRE(restart.log.commits.size() <= behind.size());
  behind.resize(restart.log.commits.size());
  REQUIRE((restart.log.commits == behind));
  REQUIRE(restart.log.end.lsn >= expectation.acked);
}

void WriteGroups(LoggedStore* store, int count) {
  for (int i = 0; i < count; ++i) REQUIRE(store->WriteGroup({std::string(60, 'x')}).ok());
}

size_t CountFiles(FaultyFileSystem* fs, std::string_view suffix) {
  size_t count = 0;
  for (const auto& [path, bytes] : fs->Files()) count += path.ends_with(suffix) ? 1 : 0;
  return count;
}

TEST_CASE("a published snapshot is named, and the log and snapshots that it replaces go",
          "[publish]") {
  FaultyFileSystem fs;
  LoggedStore store(&fs, 1);
  REQUIRE(store.Open().ok());
  WriteGroups(&store, 40);
  REQUIRE(CountFiles(&fs, ".log") > 2);
  const size_t all_logs = CountFiles(&fs, ".log");
  REQUIRE(Publish(&fs, &store.log(), store.expectation().acked).ok());
  REQUIRE(CountFiles(&fs, ".snap") == 1);
  REQUIRE(CountFiles(&fs, ".log") == all_logs);  // stand in for the snapshot that is missing
  REQUIRE(store.log().log_bytes() == 0);

  WriteGroups(&store, 40);
  const uint64_t bytes = store.log().log_bytes();
  REQUIRE(bytes > 40 * 60);
  REQUIRE(bytes < 40 * 60 * 3);
  const Lsn second = store.expectation().acked;
  REQUIRE(Publish(&fs, &store.log(), second).ok());
  REQUIRE(CountFiles(&fs, ".log") < 2 * all_logs);
  REQUIRE(Publish(&fs, &store.log(), second).ok());  // once more at the same LSN
  REQUIRE(CountFiles(&fs, ".snap") == 2);

  WriteGroups(&store, 5);
  const Lsn third = store.expectation().acked;
  REQUIRE(Publish(&fs, &store.log(), third).ok());
  REQUIRE(CountFiles(&fs, ".snap") == 2);
  const Manifest manifest = store.log().manifest();
  REQUIRE(manifest.snapshots.front().lsn == second);
  REQUIRE(manifest.snapshots.back().lsn == third);
  REQUIRE(manifest.logs.size() == CountFiles(&fs, ".log"));
  REQUIRE(CountFiles(&fs, ".tmp") == 0);
  const auto restart = Reopen(fs.CrashImage(1).get());
  REQUIRE(restart.ok());
  REQUIRE(restart->snapshot == third);
  CheckWhole(*restart, store.expectation());
  // The one before still reaches the newest through the log; the state before it is gone.
  REQUIRE(Recover(fs.Clone().get(), second)->end.lsn == third);
  REQUIRE(ErrorCodeOf(Recover(fs.Clone().get()).status()) == ErrorCode::kCorrupt);
}

TEST_CASE("files are removed when nobody waits for the manifest any more", "[publish]") {
  FaultyFileSystem fs;
  HookedFileSystem hooked(&fs);
  SeededRandom random(1);
  const auto log = *LogDirectory::Open(&hooked, &random, kStoreDir, SmallOptions());
  REQUIRE(log->StartWriting((*log->Reader())->end()).ok());
  std::vector<std::string> removed;
  hooked.on_remove = [&](const std::string& path) {
    if (path.ends_with(".tmp")) return;
    log->log_bytes();  // waits for ever when the manifest is locked
    log->manifest();
    removed.push_back(path);
  };
  Lsn lsn;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20; ++i) {
      REQUIRE(log->Reserve(60).ok());
      REQUIRE(log->AppendCommit(std::string(60, 'x'), Timestamp{1000}).ok());
      REQUIRE(log->Write().ok());
      lsn = *log->Sync();
    }
    REQUIRE(WriteSnapshot(&hooked, *log, lsn).ok());
    REQUIRE((round < 2 ? log->PublishSnapshot(lsn, 1) : log->ResumeAt(lsn, {2000}, 1)).ok());
    REQUIRE_FALSE(removed.empty());
    removed.clear();
  }
}

TEST_CASE("what is left of a failed file is synced while nobody waits for the manifest",
          "[publish][threads]") {
  FaultyFileSystem fs;
  HookedFileSystem hooked(&fs);
  SeededRandom random(1);
  const auto log = *LogDirectory::Open(&hooked, &random, kStoreDir, SmallOptions());
  REQUIRE(log->StartWriting((*log->Reader())->end()).ok());
  REQUIRE(log->Reserve(60).ok());
  const Lsn lsn = log->AppendCommit(std::string(60, 'x'), Timestamp{1000}).value();
  REQUIRE(log->Write().ok());
  REQUIRE(WriteSnapshot(&hooked, *log, lsn).ok());
  const std::string failed = JoinPath(kStoreDir, LogFileName(log->manifest().logs.back().number));
  int synced = 0;
  std::future<Manifest> manifest;
  hooked.on_sync = [&](const std::string& path) {
    if (path != failed || synced++ != 0) return;
    manifest = std::async(std::launch::async, [&] { return log->manifest(); });
    CHECK(manifest.wait_for(std::chrono::seconds(10)) == std::future_status::ready);
  };
  CHECK(log->ResumeAt(lsn, {2000}, 1).ok());
  CHECK(synced == 1);
}

TEST_CASE("the store goes on behind a snapshot, also one ahead of its log", "[publish]") {
  FaultyFileSystem fs;
  SeededRandom random(1);
  Lsn ahead;
  {
    LoggedStore store(&fs, 1);
    REQUIRE(store.Open().ok());
    WriteGroups(&store, 3);
    ahead = Lsn{store.expectation().acked.value + 4};
    REQUIRE(Publish(&fs, &store.log(), ahead).ok());
  }
  auto log = *LogDirectory::Open(&fs, &random, kStoreDir, SmallOptions());
  const auto recovered = ReadAll(*log, ahead);
  REQUIRE(recovered.ok());
  REQUIRE(recovered->end.lsn == ahead);
  REQUIRE(log->StartWriting(recovered->end).ok());
  REQUIRE(log->AppendCommit("behind it", {})->value == ahead.value + 1);
  REQUIRE(log->Write().ok());
  REQUIRE(log->Sync().ok());
  log.reset();
  REQUIRE(Reopen(&fs)->log.commits.size() == 1);
  // What stands in no file can be had from that snapshot only.
  for (const uint64_t after : {uint64_t{0}, ahead.value - 4, ahead.value - 1}) {
    REQUIRE(ErrorCodeOf(Recover(&fs, Lsn{after}).status()) == ErrorCode::kCorrupt);
  }
}

TEST_CASE("what a crash left of a snapshot is removed once writing starts", "[publish]") {
  FaultyFileSystem fs;
  LoggedStore store(&fs, 1);
  REQUIRE(store.Open().ok());
  WriteGroups(&store, 2);
  REQUIRE(WriteSnapshot(&fs, store.log(), Lsn{1}).ok());
  fs.SetFile(JoinPath(kStoreDir, SnapshotFileName(2)), "renamed, not yet named");
  fs.SetFile(JoinPath(kStoreDir, "snapshot-mine.snap"), "not ours");
  store.Close();
  const auto before = fs.Files();
  REQUIRE(Recover(&fs).ok());
  REQUIRE(fs.Files() == before);
  REQUIRE(store.Open().ok());
  REQUIRE(CountFiles(&fs, ".tmp") == 0);
  REQUIRE(CountFiles(&fs, ".snap") == 1);
}

// A store with a snapshot and a log behind it, about to publish the next one.
struct ReadyToPublish {
  explicit ReadyToPublish(FaultyFileSystem* fs) : store(fs, 1) {
    REQUIRE(store.Open().ok());
    WriteGroups(&store, 30);
    REQUIRE(Publish(fs, &store.log(), store.expectation().acked, 1).ok());
    WriteGroups(&store, 30);
    next = store.expectation().acked;
    REQUIRE(WriteSnapshot(fs, store.log(), next).ok());
    WriteGroups(&store, 2);
  }
  LoggedStore store;
  Lsn next;
};

// What any of `outcomes` crashes of this moment leaves is the state at `snapshot`, or, unless the
// store `must` be there, one of what was written before.
void CheckCrashes(const FaultyFileSystem& fs, const LoggedStore& store, Lsn snapshot, bool must,
                  uint64_t outcomes) {
  for (uint64_t outcome = 0; outcome < outcomes; ++outcome) {
    INFO("outcome " << outcome);
    const auto restart = Reopen(fs.CrashImage(TestSeed() + outcome).get());
    INFO(restart.status().ToString());
    REQUIRE(restart.ok());
    if (restart->snapshot != snapshot) CheckWhole(*restart, store.expectation());
    if (must) REQUIRE(restart->snapshot == snapshot);
  }
}

TEST_CASE("a power failure at any call of publishing leaves one whole state", "[publish][crash]") {
  const uint64_t seed = TestSeed();
  bool finished = false;
  for (uint64_t call = 0; !finished; ++call) {
    FaultyFileSystem fs;
    ReadyToPublish ready(&fs);
    fs.PowerOffAfter(fs.num_calls() + call);
    finished = ready.store.log().PublishSnapshot(ready.next, 1).ok() && call > 20;
    for (uint64_t outcome = 0; outcome < 20; ++outcome) {
      INFO("seed " << seed << ", power off after " << call << ", outcome " << outcome);
      const auto image = fs.CrashImage(seed + outcome);
      const auto restart = Reopen(image.get());
      INFO(restart.status().ToString());
      REQUIRE(restart.ok());
      CheckWhole(*restart, ready.store.expectation());
      if (finished) REQUIRE(restart->snapshot == ready.next);
    }
  }
}

TEST_CASE("any failing call of publishing changes nothing, or latches", "[publish][crash]") {
  const uint64_t seed = TestSeed();
  const Fault fault = GENERATE(Fault::kIoError, Fault::kDiskFull);
  const bool from_then_on = GENERATE(false, true);
  bool finished = false;
  for (uint64_t call = 1; !finished; ++call) {
    INFO("seed " << seed << ", call " << call);
    FaultyFileSystem fs;
    ReadyToPublish ready(&fs);
    const uint64_t start = fs.num_calls();
    fs.FailCall(start + call, fault, from_then_on);
    const Manifest before = ready.store.log().manifest();
    const absl::Status status = ready.store.log().PublishSnapshot(ready.next, 1);
    finished = fs.num_calls() < start + call;
    fs.ClearFaults();
    if (!status.ok() && ErrorCodeOf(status) != ErrorCode::kReadOnly) {
      REQUIRE(ready.store.log().manifest() == before);
      if (!from_then_on) REQUIRE(CountFiles(&fs, ".snap") == 1);
      WriteGroups(&ready.store, 20);
      REQUIRE(Publish(&fs, &ready.store.log(), ready.store.expectation().acked, 1).ok());
    }
    ready.store.Close();
    const auto image = fs.CrashImage(seed);
    for (FaultyFileSystem* files : {image.get(), &fs}) {
      const auto restart = Reopen(files);
      INFO(restart.status().ToString());
      REQUIRE(restart.ok());
      CheckWhole(*restart, ready.store.expectation());
    }
  }
}

// Breaks the log so that it latches: a write, a sync, or the rename of the manifest at a rotation.
// What fails while a new file is being made only puts the commit off.
void BreakLog(FaultyFileSystem* fs, LoggedStore* store, FileCall call) {
  absl::Status status;
  bool armed = false;
  for (int i = 0; i < 80 && ErrorCodeOf(status) != ErrorCode::kReadOnly; ++i) {
    if (status.ok() && !std::exchange(armed, true)) fs->FailNext(call, Fault::kIoError);
    status = store->WriteGroup({std::string(60, 'y')});
    if (!status.ok()) armed = false;
  }
  REQUIRE(ErrorCodeOf(status) == ErrorCode::kReadOnly);
  REQUIRE(ErrorCodeOf(store->log().PublishSnapshot(Lsn{1000}, 1)) == ErrorCode::kReadOnly);
}

constexpr FileCall kBreakingCalls[] = {FileCall::kWrite, FileCall::kSync, FileCall::kRename};

// Memory is ahead of the log by what was applied and not appended.
Lsn MemoryLsn(const LoggedStore& store) {
  return Lsn{store.expectation().appended.back().lsn.value + 1};
}

// A latched store, with a snapshot of its memory written and not published.
struct LatchedStore {
  LatchedStore(FaultyFileSystem* fs, int way) : store(fs, 1) {
    REQUIRE(store.Open().ok());
    WriteGroups(&store, 3);
    BreakLog(fs, &store, kBreakingCalls[way]);
    lsn = MemoryLsn(store);
    REQUIRE(WriteSnapshot(fs, store.log(), lsn).ok());
  }
  LoggedStore store;
  Lsn lsn;
};

void CheckGoesOn(FaultyFileSystem* fs, LogDirectory* log, Lsn resumed) {
  for (uint64_t i = 1; i <= 40; ++i) {
    REQUIRE(log->Reserve(80).ok());
    REQUIRE(log->AppendCommit(std::string(80, 'z'), {})->value == resumed.value + i);
    REQUIRE(log->Write().ok());
    REQUIRE(log->Sync().ok());
  }
  const auto restart = Reopen(fs->CrashImage(3).get());
  INFO(restart.status().ToString());
  REQUIRE(restart.ok());
  REQUIRE(restart->snapshot == resumed);
  REQUIRE(restart->log.commits.size() == 40);
}

TEST_CASE("after a latch the store resumes behind a snapshot of memory", "[publish][crash]") {
  const int way = GENERATE(0, 1, 2);
  const size_t keep = GENERATE(1, 2);
  FaultyFileSystem fs;
  LoggedStore store(&fs, 1);
  REQUIRE(store.Open().ok());
  WriteGroups(&store, 10);
  REQUIRE(Publish(&fs, &store.log(), store.expectation().acked, keep).ok());
  WriteGroups(&store, 3);
  BreakLog(&fs, &store, kBreakingCalls[way]);
  const Lsn lsn = MemoryLsn(store);
  REQUIRE(WriteSnapshot(&fs, store.log(), lsn).ok());
  REQUIRE(store.log().ResumeAt(lsn, Timestamp{50}, keep).ok());
  CheckGoesOn(&fs, &store.log(), lsn);
}

TEST_CASE("resuming that fails at any call stays latched and can be tried again",
          "[publish][crash]") {
  const uint64_t seed = TestSeed();
  const int way = GENERATE(0, 1, 2);
  bool finished = false;
  for (uint64_t call = 1; !finished; ++call) {
    INFO("seed " << seed << ", way " << way << ", call " << call);
    FaultyFileSystem fs;
    LatchedStore latched(&fs, way);
    auto& [store, lsn] = latched;
    const uint64_t start = fs.num_calls();
    fs.FailCall(start + call, Fault::kIoError, false);
    const absl::Status status = store.log().ResumeAt(lsn, {}, 1);
    finished = fs.num_calls() < start + call;
    fs.ClearFaults();
    CheckCrashes(fs, store, lsn, status.ok(), 8);
    if (!status.ok()) {
      REQUIRE(ErrorCodeOf(store.log().Write()) == ErrorCode::kReadOnly);
      REQUIRE(WriteSnapshot(&fs, store.log(), lsn).ok());
      REQUIRE(store.log().ResumeAt(lsn, {}, 1).ok());
    }
    CheckGoesOn(&fs, &store.log(), lsn);
  }
}

TEST_CASE("a power failure at any call of resuming leaves one whole state", "[publish][crash]") {
  const uint64_t seed = TestSeed();
  const int way = GENERATE(0, 1, 2);
  bool finished = false;
  for (uint64_t call = 0; !finished; ++call) {
    FaultyFileSystem fs;
    LatchedStore latched(&fs, way);
    auto& [store, lsn] = latched;
    fs.PowerOffAfter(fs.num_calls() + call);
    finished = store.log().ResumeAt(lsn, {}, 1).ok() && call > 40;
    INFO("seed " << seed << ", way " << way << ", call " << call);
    CheckCrashes(fs, store, lsn, finished, 12);
  }
}

TEST_CASE("a snapshot that may have been published stays, whatever is tried next",
          "[publish][crash]") {
  const uint64_t seed = TestSeed();
  int latched = 0;
  for (uint64_t call = 1; call < 40; ++call) {
    FaultyFileSystem fs;
    ReadyToPublish ready(&fs);
    LogDirectory& log = ready.store.log();
    const Lsn lsn = MemoryLsn(ready.store);
    REQUIRE(WriteSnapshot(&fs, log, lsn).ok());
    fs.FailCall(fs.num_calls() + call, Fault::kIoError, false);
    if (ErrorCodeOf(log.PublishSnapshot(lsn, 1)) != ErrorCode::kReadOnly) continue;
    ++latched;
    INFO("seed " << seed << ", call " << call);
    const auto check = [&] { CheckCrashes(fs, ready.store, lsn, false, 12); };
    check();
    REQUIRE(WriteSnapshot(&fs, log, lsn).ok());
    REQUIRE(ErrorCodeOf(log.PublishSnapshot(lsn, 1)) == ErrorCode::kReadOnly);
    check();
    for (const FileCall broken : {FileCall::kOpen, FileCall::kAllocate, FileCall::kWrite}) {
      REQUIRE(WriteSnapshot(&fs, log, lsn).ok());
      fs.FailNext(broken, Fault::kIoError);
      REQUIRE_FALSE(log.ResumeAt(lsn, {}, 1).ok());
      check();
    }
    REQUIRE(WriteSnapshot(&fs, log, lsn).ok());
    REQUIRE(log.ResumeAt(lsn, {}, 1).ok());
    CheckGoesOn(&fs, &log, lsn);
  }
  REQUIRE(latched == 2);  // at the manifest's rename and the sync behind it
}

TEST_CASE("snapshots are published while the log goes from file to file", "[publish][threads]") {
  FaultyFileSystem fs;
  SeededRandom random(TestSeed());
  auto log = *LogDirectory::Open(&fs, &random, kStoreDir, SmallOptions());
  REQUIRE(log->StartWriting(ReadAll(*log)->end).ok());
  constexpr uint64_t kCommits = 600;
  std::atomic<uint64_t> durable{0};
  std::atomic<bool> failed{false};
  std::thread publisher([&] {
    for (uint64_t last = 0; last < kCommits && !failed;) {
      const uint64_t lsn = durable;
      if (lsn == last) continue;
      if (!Publish(&fs, log.get(), Lsn{lsn}, 2).ok()) failed = true;
      if (log->log_bytes() > kCommits * 200) failed = true;
      last = lsn;
    }
  });
  for (uint64_t i = 1; i <= kCommits && !failed; ++i) {
    const bool good = log->Reserve(40).ok() && log->AppendCommit(std::string(40, 'c'), {}).ok() &&
                      log->Write().ok() && log->Sync().ok();
    if (good) durable = i;
    if (!good) failed = true;
  }
  publisher.join();
  REQUIRE(!failed);
  log.reset();
  const auto restart = Reopen(fs.CrashImage(0).get());
  REQUIRE(restart.ok());
  REQUIRE(restart->snapshot == Lsn{kCommits});
}

}  // namespace
}  // namespace roster
