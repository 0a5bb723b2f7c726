// SPDX-License-Identifier: Apache-2.0
//
// Opening, reading, writing and turning over of log files, as the engine uses them.
#include "storage/disk/log_directory.h"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

#include "roster/error.h"
#include "storage/base/text.h"
#include "storage/disk/file_names.h"
#include "tests/disk/log_harness.h"
#include "tests/disk/temp_dir.h"

namespace roster {
namespace {

std::map<std::string, std::string> WithoutLock(std::map<std::string, std::string> files) {
  files.erase(JoinPath(kStoreDir, kLockName));
  return files;
}

std::vector<std::string> Names(FaultyFileSystem* fs) { return *fs->List(kStoreDir); }

TEST_CASE("an empty directory becomes a store, and stays one") {
  FaultyFileSystem fs;
  LoggedStore store(&fs, 1);
  REQUIRE(store.Open().ok());
  REQUIRE(Names(&fs) ==
          std::vector<std::string>{"LOCK", "MANIFEST", "wal-00000001.log", "wal.mark"});
  const StoreUuid uuid = store.log().manifest().uuid;
  REQUIRE(store.Open().ok());
  REQUIRE(store.log().manifest().uuid == uuid);
  REQUIRE(Names(&fs) ==
          std::vector<std::string>{"LOCK", "MANIFEST", "wal-00000002.log", "wal.mark"});
}

TEST_CASE("commits come back as they were written, also those of several frames") {
  FaultyFileSystem fs;
  LoggedStore store(&fs, 1);
  REQUIRE(store.Open().ok());
  REQUIRE(store.WriteGroup({"", "a", std::string(100, 'b'), std::string(101, 'c')}).ok());
  REQUIRE(store.WriteGroup({std::string(1000, 'd')}).ok());
  const auto& appended = store.expectation().appended;
  REQUIRE(appended[2].lsn == Lsn{3});
  REQUIRE(appended[3].lsn == Lsn{5});
  REQUIRE(appended[4].lsn == Lsn{15});
  store.Close();
  const auto recovered = Recover(&fs);
  REQUIRE(recovered.ok());
  store.expectation().Check(*recovered);
  REQUIRE(recovered->commits.size() == 5);
  REQUIRE(recovered->end.torn_bytes == 0);
}

TEST_CASE("reading may start behind any commit") {
  FaultyFileSystem fs;
  LoggedStore store(&fs, 1);
  REQUIRE(store.Open().ok());
  for (int i = 0; i < 60; ++i) REQUIRE(store.WriteGroup({std::string(50, 'x'), "y"}).ok());
  REQUIRE(store.log().manifest().logs.size() > 3);
  store.Close();
  const auto& all = store.expectation().appended;
  for (size_t start = 0; start <= all.size(); ++start) {
    const Lsn after = start == 0 ? Lsn{} : all[start - 1].lsn;
    const auto recovered = Recover(&fs, after);
    REQUIRE(recovered.ok());
    REQUIRE(std::equal(recovered->commits.begin(), recovered->commits.end(),
                       all.begin() + static_cast<ptrdiff_t>(start), all.end()));
    REQUIRE(recovered->end.lsn == all.back().lsn);
    REQUIRE(recovered->end.num_commits == all.size() - start);
  }
  // A snapshot may be ahead of a log that was never synced to it.
  const auto ahead = Recover(&fs, Lsn{all.back().lsn.value + 5});
  REQUIRE(ahead.ok());
  REQUIRE(ahead->commits.empty());
  REQUIRE(ahead->end.lsn.value == all.back().lsn.value + 5);
}

TEST_CASE("a log without its beginning, or with a gap, is refused unless a snapshot bridges it") {
  FaultyFileSystem fs;
  LoggedStore store(&fs, 1);
  REQUIRE(store.Open().ok());
  for (int i = 0; i < 60; ++i) REQUIRE(store.WriteGroup({std::string(50, 'x')}).ok());
  Manifest manifest = store.log().manifest();
  store.Close();
  const size_t gone = GENERATE(0, 1);
  const Lsn next_base = manifest.logs[gone + 1].base_lsn;
  manifest.logs.erase(manifest.logs.begin() + static_cast<ptrdiff_t>(gone));
  if (gone == 1) manifest.logs[0].closed->chain = {};  // not looked at before the gap is seen
  REQUIRE(PublishManifest(&fs, kStoreDir, manifest).ok());
  REQUIRE(ErrorCodeOf(Recover(&fs).status()) == ErrorCode::kCorrupt);
  if (gone == 0) REQUIRE(Recover(&fs, next_base).ok());
}

TEST_CASE("the real file system carries a store, and commits larger than a frame") {
  const TempDir temp;
  const std::string dir = temp.path() + "/store";
  SeededRandom random(1);
  LogDirectoryOptions options;
  options.rotate_bytes = 1u << 20;
  const std::string large(kWalMaxPayloadBytes + 1, 'x');
  for (uint64_t opening = 0; opening < 3; ++opening) {
    auto log = *LogDirectory::Open(RealFileSystem(), &random, dir, options);
    const auto recovered = ReadAll(*log);
    REQUIRE(recovered.ok());
    REQUIRE(recovered->commits.size() == 2 * opening);
    REQUIRE(recovered->end.torn_bytes == 0);
    if (opening > 0) REQUIRE((recovered->commits[0].bytes == large));
    REQUIRE(log->StartWriting(recovered->end).ok());
    REQUIRE(ErrorCodeOf(LogDirectory::Open(RealFileSystem(), &random, dir, options).status()) ==
            ErrorCode::kLocked);
    for (const std::string& bytes : {large, std::string("small")}) {
      REQUIRE(log->Reserve(bytes.size()).ok());
      REQUIRE(log->AppendCommit(bytes, Timestamp{5}).ok());
      REQUIRE(log->Write().ok());
      REQUIRE(log->Sync()->value == opening * 3 + (bytes == "small" ? 3 : 2));
    }
    REQUIRE(log->SyncMark(Timestamp{6}).ok());
    REQUIRE(log->manifest().logs.size() == 2 * opening + 2);
  }
}

TEST_CASE("two openings of one directory: the second one is told LOCKED") {
  FaultyFileSystem fs;
  SeededRandom random(1);
  auto first = LogDirectory::Open(&fs, &random, kStoreDir, SmallOptions());
  REQUIRE(first.ok());
  const auto second = LogDirectory::Open(&fs, &random, kStoreDir, SmallOptions());
  REQUIRE(ErrorCodeOf(second.status()) == ErrorCode::kLocked);
  first->reset();
  REQUIRE(LogDirectory::Open(&fs, &random, kStoreDir, SmallOptions()).ok());
}

TEST_CASE("files of a store without a manifest are refused and not touched") {
  const std::string name = GENERATE("wal-00000001.log", "wal.mark", "snapshot-12.snap");
  FaultyFileSystem fs;
  fs.SetFile(JoinPath(kStoreDir, name), "good data");
  const auto before = WithoutLock(fs.Files());
  const auto recovered = Recover(&fs);
  REQUIRE(ErrorCodeOf(recovered.status()) == ErrorCode::kCorrupt);
  REQUIRE(StdView(recovered.status().message()).find("MANIFEST") != std::string_view::npos);
  REQUIRE(StdView(recovered.status().message()).find(name) != std::string_view::npos);
  REQUIRE(WithoutLock(fs.Files()) == before);
}

TEST_CASE("a manifest older than the log is refused") {
  FaultyFileSystem fs;
  LoggedStore store(&fs, 1);
  REQUIRE(store.Open().ok());
  REQUIRE(store.WriteGroup({"one"}).ok());
  const std::string path = JoinPath(kStoreDir, kManifestName);
  const std::string old_manifest = fs.GetFile(path);
  const std::string mark_path = JoinPath(kStoreDir, kMarkName);
  const std::string old_mark = fs.GetFile(mark_path);
  REQUIRE(store.Open().ok());
  REQUIRE(store.WriteGroup({"two"}).ok());
  store.Close();
  fs.SetFile(path, old_manifest);
  if (GENERATE(false, true)) fs.SetFile(mark_path, old_mark);
  const auto before = fs.Files();
  const auto recovered = Recover(&fs);
  REQUIRE(ErrorCodeOf(recovered.status()) == ErrorCode::kCorrupt);
  REQUIRE(StdView(recovered.status().message()).find("wal-00000002.log") != std::string_view::npos);
  REQUIRE(fs.Files() == before);
}

TEST_CASE("a newer format is refused and not touched") {
  FaultyFileSystem fs;
  LoggedStore store(&fs, 1);
  REQUIRE(store.Open().ok());
  REQUIRE(store.WriteGroup({"one"}).ok());
  const std::string log_path = CurrentLogPath(store.log());
  store.Close();
  SECTION("of the manifest") {
    const std::string path = JoinPath(kStoreDir, kManifestName);
    const std::string text = fs.GetFile(path);
    Manifest manifest = *DecodeManifest(text);
    manifest.feature_bits = 4;
    fs.SetFile(path, EncodeManifest(manifest));
  }
  SECTION("of a log file") {
    WalFileHeader header = *DecodeWalFileHeader(fs.GetFile(log_path));
    header.feature_bits = 4;
    std::string bytes = fs.GetFile(log_path);
    bytes.replace(0, kWalFileHeaderBytes, EncodeWalFileHeader(header));
    fs.SetFile(log_path, bytes);
  }
  const auto before = fs.Files();
  const auto recovered = Recover(&fs);
  REQUIRE(ErrorCodeOf(recovered.status()) == ErrorCode::kErr);
  REQUIRE(fs.Files() == before);
}

TEST_CASE("reading leaves the directory as it was") {
  FaultyFileSystem fs;
  LoggedStore store(&fs, TestSeed());
  REQUIRE(RunScript(&store).ok());
  const auto before = fs.Files();
  const uint64_t writes = fs.num_calls(FileCall::kWrite);
  REQUIRE(Recover(&fs).ok());
  REQUIRE(fs.Files() == before);
  REQUIRE(fs.num_calls(FileCall::kWrite) == writes);
}

TEST_CASE("a file that has its size gets a successor; closed files are cut at their end") {
  FaultyFileSystem fs;
  LoggedStore store(&fs, 1);
  REQUIRE(store.Open().ok());
  for (int i = 0; i < 100; ++i) REQUIRE(store.WriteGroup({std::string(90, 'x')}).ok());
  const Manifest manifest = store.log().manifest();
  REQUIRE(manifest.logs.size() > 5);
  for (const LogEntry& log : manifest.logs) {
    if (!log.closed) continue;
    const std::string path = JoinPath(kStoreDir, LogFileName(log.number));
    REQUIRE(fs.GetFile(path).size() == log.closed->end_offset);
    REQUIRE(log.closed->end_offset >= SmallOptions().rotate_bytes);
    REQUIRE(log.closed->end_offset < SmallOptions().rotate_bytes + 200);
  }
}

TEST_CASE("files that the manifest does not name are removed once writing starts") {
  FaultyFileSystem fs;
  LoggedStore store(&fs, 1);
  REQUIRE(store.Open().ok());
  REQUIRE(store.WriteGroup({"one"}).ok());
  store.Close();
  const std::string stale = JoinPath(kStoreDir, "wal-00000000.log");
  const std::string torn = JoinPath(kStoreDir, "wal-00000002.log");
  fs.SetFile(stale, "trimmed before");
  fs.SetFile(torn, "a header that was torn");
  fs.SetFile(JoinPath(kStoreDir, "notes.txt"), "not ours");
  REQUIRE(store.Open().ok());
  REQUIRE(Names(&fs) == std::vector<std::string>{"LOCK", "MANIFEST", "notes.txt",
                                                 "wal-00000001.log", "wal-00000002.log",
                                                 "wal.mark"});
  REQUIRE(fs.GetFile(torn).starts_with("RosterWL"));
}

TEST_CASE("the clock never starts below a ceiling that was durable") {
  FaultyFileSystem fs;
  SeededRandom random(1);
  auto log = *LogDirectory::Open(&fs, &random, kStoreDir, SmallOptions());
  REQUIRE(log->StartWriting(ReadAll(*log)->end).ok());
  const std::string early_mark = fs.GetFile(JoinPath(kStoreDir, kMarkName));
  REQUIRE(log->AppendCommit("x", Timestamp{500}).ok());
  REQUIRE(log->Write().ok());
  REQUIRE(log->Sync().ok());
  SECTION("in a frame") {
    log.reset();
    REQUIRE(Recover(fs.CrashImage(0).get())->end.clock_ceiling == Timestamp{500});
  }
  SECTION("in the mark") {
    REQUIRE(log->SyncMark(Timestamp{900}).ok());
    for (uint64_t seed = 0; seed < 8; ++seed) {
      REQUIRE(Recover(fs.CrashImage(seed).get())->end.clock_ceiling == Timestamp{900});
    }
    // A lower one does not lower it.
    REQUIRE(log->SyncMark(Timestamp{600}).ok());
    REQUIRE(Recover(fs.Clone().get())->end.clock_ceiling == Timestamp{900});
  }
  SECTION("in the header of a file without frames") {
    log.reset();
    log = *LogDirectory::Open(&fs, &random, kStoreDir, SmallOptions());
    REQUIRE(log->StartWriting(ReadAll(*log)->end).ok());
    log.reset();
    fs.SetFile(JoinPath(kStoreDir, kMarkName), early_mark);
    REQUIRE(Recover(&fs, Lsn{1})->end.clock_ceiling == Timestamp{500});
  }
}

TEST_CASE("groups are gathered and written while others are synced", "[threads]") {
  FaultyFileSystem fs;
  SeededRandom random(TestSeed());
  auto log = *LogDirectory::Open(&fs, &random, kStoreDir, SmallOptions());
  REQUIRE(log->StartWriting(ReadAll(*log)->end).ok());
  constexpr uint64_t kCommits = 2000;
  std::atomic<uint64_t> synced{0};
  std::atomic<bool> failed{false};
  std::thread syncer([&] {
    while (synced < kCommits && !failed) {
      const auto durable = log->Sync();
      if (!durable.ok() || durable->value < synced) failed = true;
      if (durable.ok()) synced = durable->value;
      if (!log->SyncMark({}).ok()) failed = true;
    }
  });
  for (uint64_t i = 1; i <= kCommits && !failed; ++i) {
    const bool good = log->Reserve(8).ok() && log->AppendCommit("commit", {}).ok() &&
                      (i % 3 != 0 && i != kCommits ? true : log->Write().ok());
    if (!good) failed = true;
  }
  syncer.join();
  REQUIRE(!failed);
  log.reset();
  REQUIRE(Recover(fs.CrashImage(0).get())->commits.size() == kCommits);
}

}  // namespace
}  // namespace roster
