// SPDX-License-Identifier: Apache-2.0
//
// What is published as a snapshot would load, what does not load is stood in for, and closing does
// not wait for one.
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "engine/checkpoint/snapshot_file.h"
#include "roster/error.h"
#include "storage/base/text.h"
#include "storage/disk/snapshot_reader.h"
#include "tests/disk/hooked_file_system.h"
#include "tests/engine/orders.h"
#include "tests/engine/simulation.h"
#include "tests/seed.h"
#include "tests/storage/rewrite_snapshot.h"

namespace roster {
namespace {

// Content that the loader refuses, under checksums that hold.
void MakeUnloadable(FileSystem* files, const std::string& path) {
  RewriteSnapshot(files, path, [](const std::string& name, std::string raw) {
    if (name == "store/identities/rows/0") raw.back() = static_cast<char>(raw.back() ^ 1);
    return raw;
  });
}

// Content that the loader takes, of another state.
void MakeAnother(FileSystem* files, const std::string& path) {
  RewriteSnapshot(files, path, [](const std::string& name, std::string raw) {
    if (name == "store/event/0/2/texts/0") raw.back() = 'x';
    return raw;
  });
}

TEST_CASE("a snapshot whose checksums hold and that does not load is stood in for, said loudly",
          "[P7]") {
  FaultyFileSystem files;
  std::string before;
  {
    World world(&files);
    const auto db = world.Open({.log_file_bytes = 5000});
    for (int round = 0; round < 3; ++round) {
      REQUIRE(Script(db.get(), round * 10, 10) == 10);
      REQUIRE(db->Snapshot().ok());
    }
    REQUIRE(Script(db.get(), 30, 4) == 4);
    before = Everything(db.get());
  }
  std::string newest;
  for (const auto& [path, bytes] : files.Files()) {
    if (path.ends_with(".snap")) newest = path;
  }
  MakeUnloadable(&files, newest);
  REQUIRE(VerifySnapshotFile(&files, newest, nullptr).ok());
  World world(&files);
  const auto db = world.Open();
  CHECK(Everything(db.get()) == before);
  CHECK(db->GetStats().recovery.fallback.find("snapshot is damaged") != std::string::npos);
  REQUIRE(db->GetStats().recovery.snapshot.has_value());
}

TEST_CASE("a snapshot that would not load to what is in memory is not published", "[P7]") {
  FaultyFileSystem files;
  HookedFileSystem hooked(&files);
  World world(&files);
  Environment environment = world.environment();
  environment.files = &hooked;
  const Options options{.log_file_bytes = kTestLogFileBytes};
  auto db = OpenDatabase("data", options, environment);
  REQUIRE(db.ok());
  REQUIRE(Script(db->get(), 0, 20) == 20);
  REQUIRE((*db)->Snapshot().ok());
  REQUIRE(Script(db->get(), 20, 20) == 20);
  const auto snapshots = [&] {
    std::vector<std::string> names = *files.List("data");
    std::erase_if(names, [](const std::string& name) { return !name.starts_with("snapshot-"); });
    return names;
  };
  const auto before = snapshots();
  for (const auto& tamper : {&MakeUnloadable, &MakeAnother}) {
    bool done = false;
    hooked.on_open = [&](const std::string& path, OpenMode mode) {
      const bool read_back = path.ends_with(".tmp") && mode == OpenMode::kRead;
      if (!read_back || path.find("snapshot-") == std::string::npos) return;
      if (!std::exchange(done, true)) tamper(&files, path);
    };
    const auto made = (*db)->Snapshot();
    CHECK(done);
    INFO(made.status().ToString());
    CHECK(ErrorCodeOf(made.status()) == ErrorCode::kCorrupt);
    CHECK(snapshots() == before);  // and the log that it would have replaced is there
  }
  hooked.on_open = nullptr;
  const std::string state = Everything(db->get());
  const auto crashed = files.CrashImage(TestSeed());
  World after(crashed.get());
  CHECK(Everything(after.Open().get()) == state);
  CHECK((*db)->Snapshot().ok());
}

TEST_CASE("request ids that pack better than any are refused before they are read", "[P7]") {
  FaultyFileSystem files;
  {
    World world(&files);
    const auto db = world.Open();
    REQUIRE(Script(db.get(), 0, 10) == 10);
    REQUIRE(db->Snapshot().ok());
  }
  std::string snapshot;
  for (const auto& [path, bytes] : files.Files()) {
    if (path.ends_with(".snap")) snapshot = path;
  }
  REQUIRE(ProveSnapshot(&files, snapshot, nullptr).ok());
  RewriteSnapshot(&files, snapshot, [](const std::string& name, std::string raw) {
    return name == "engine/requests" ? raw + std::string(65 << 20, '\0') : raw;
  });
  const absl::Status proved = ProveSnapshot(&files, snapshot, nullptr).status();
  INFO(proved.ToString());
  CHECK(ErrorCodeOf(proved) == ErrorCode::kCorrupt);
  CHECK(StdView(proved.message()).find("larger than it can be") != std::string_view::npos);
}

TEST_CASE("closing gives up a snapshot that is being made, and a backup", "[P21]") {
  const bool backup = GENERATE(false, true);
  FaultyFileSystem files;
  HookedFileSystem hooked(&files);
  Environment environment;  // with threads
  environment.files = &hooked;
  std::atomic<bool> begun{false};
  std::atomic<bool> go_on{false};
  hooked.on_open = [&](const std::string& path, OpenMode mode) {
    if (path.find("snapshot-") == std::string::npos || mode != OpenMode::kCreateExclusive) return;
    begun = true;
    while (!go_on) std::this_thread::yield();
  };
  std::string state;
  {
    auto db = OpenDatabase("data", {.log_file_bytes = kTestLogFileBytes}, environment);
    REQUIRE(db.ok());
    REQUIRE(Script(db->get(), 0, 20) == 20);
    state = Everything(db->get());
    absl::Status made;
    std::thread maker(
        [&] { made = backup ? (*db)->Backup("backup").status() : (*db)->Snapshot().status(); });
    while (!begun) std::this_thread::yield();
    std::thread closer([&] { CHECK((*db)->Close().ok()); });
    while ((*db)->Get(User("u1")).ok()) std::this_thread::yield();
    go_on = true;
    closer.join();
    maker.join();
    CHECK(ErrorCodeOf(made) == ErrorCode::kShutdown);
    CHECK((*db)->GetStats().snapshots.num_failed == 0);
  }
  CHECK(NumFiles(files, "snapshot-") == 0);
  World world(&files);
  CHECK(Everything(world.Open().get()) == state);
}

TEST_CASE("what a backup pins is told, and above the limit nothing else is begun", "[P12]") {
  FaultyFileSystem files;
  HookedFileSystem hooked(&files);
  World world(&files);
  Environment environment = world.environment();
  environment.files = &hooked;
  const Options options{.pinned_limit_bytes = 1, .log_file_bytes = kTestLogFileBytes};
  auto db = OpenDatabase("data", options, environment);
  REQUIRE(db.ok());
  REQUIRE(Script(db->get(), 0, 20) == 20);
  CHECK((*db)->GetStats().pinned_bytes == 0);
  bool done = false;
  hooked.on_open = [&](const std::string& path, OpenMode mode) {
    const bool of_backup = path.starts_with("backup/snapshot-");
    if (!of_backup || mode != OpenMode::kCreateExclusive || std::exchange(done, true)) return;
    CHECK((*db)->Snapshot().ok());  // nothing was copied yet
    REQUIRE(Script(db->get(), 20, 5) == 5);
    CHECK((*db)->GetStats().pinned_bytes > 1);
    CHECK(ErrorCodeOf((*db)->Snapshot().status()) == ErrorCode::kLimit);
    CHECK(ErrorCodeOf((*db)->Backup("other").status()) == ErrorCode::kLimit);
  };
  CHECK((*db)->Backup("backup").ok());
  CHECK(done);
  CHECK((*db)->GetStats().pinned_bytes == 0);
  CHECK((*db)->Snapshot().ok());
}

}  // namespace
}  // namespace roster
