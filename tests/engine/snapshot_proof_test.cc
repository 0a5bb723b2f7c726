// SPDX-License-Identifier: Apache-2.0
//
// What is published as a snapshot would load, what does not load is stood in for, and closing does
// not wait for one.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>
#include <utility>

#include "engine/checkpoint/held_views.h"
#include "engine/checkpoint/snapshot_file.h"
#include "roster/error.h"
#include "storage/base/text.h"
#include "storage/disk/file_names.h"
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
    if (name == "store/event/1/2/texts/0") raw.back() = 'x';
    return raw;
  });
}

// Another answer for a request id.
void MakeOtherRequests(FileSystem* files, const std::string& path) {
  RewriteSnapshot(files, path, [](const std::string& name, std::string raw) {
    if (name == "engine/requests") raw.back() = static_cast<char>(raw.back() ^ 1);
    return raw;
  });
}

// A database on a file system with hooks.
struct Hooked {
  explicit Hooked(Options options) {
    options.log_file_bytes = kTestLogFileBytes;
    Environment environment = world.environment();
    environment.files = &hooks;
    auto opened = OpenDatabase("data", options, environment);
    REQUIRE(opened.ok());
    db = *std::move(opened);
  }
  FaultyFileSystem files;
  HookedFileSystem hooks{&files};
  World world{&files};
  std::unique_ptr<Database> db;
};

TEST_CASE("a snapshot whose checksums hold and that does not load is stood in for, said loudly",
          "[P7]") {
  FaultyFileSystem files;
  const std::string before = LeaveSnapshots(&files);
  const std::string newest = SnapshotPaths(files).back();
  MakeUnloadable(&files, newest);
  REQUIRE(VerifySnapshotFile(&files, newest, nullptr).ok());
  World world(&files);
  const auto db = world.Open();
  CHECK(Everything(db.get()) == before);
  CHECK(db->GetStats().recovery.fallback.find("snapshot is damaged") != std::string::npos);
  REQUIRE(db->GetStats().recovery.snapshot.has_value());
}

TEST_CASE("a snapshot that would not load to what is in memory is not published", "[P7]") {
  Hooked with({});
  Database* const db = with.db.get();
  REQUIRE(Script(db, 0, 20) == 20);
  REQUIRE(db->Snapshot().ok());
  REQUIRE(Script(db, 20, 20) == 20);
  const auto snapshots = [&] {
    std::vector<std::string> names = *with.files.List("data");
    std::erase_if(names, [](const std::string& name) { return !name.starts_with("snapshot-"); });
    return names;
  };
  const auto before = snapshots();
  for (const auto& tamper : {&MakeUnloadable, &MakeAnother, &MakeOtherRequests}) {
    bool done = false;
    with.hooks.on_open = [&](const std::string& path, OpenMode mode) {
      const bool read_back = path.ends_with(".tmp") && mode == OpenMode::kRead;
      if (!read_back || path.find("snapshot-") == std::string::npos) return;
      if (!std::exchange(done, true)) tamper(&with.files, path);
    };
    const auto made = db->Snapshot();
    CHECK(done);
    INFO(made.status().ToString());
    CHECK(ErrorCodeOf(made.status()) == ErrorCode::kCorrupt);
    CHECK(snapshots() == before);  // and the log that it would have replaced is there
  }
  with.hooks.on_open = nullptr;
  const std::string state = Everything(db);
  const auto crashed = with.files.CrashImage(TestSeed());
  World after(crashed.get());
  CHECK(Everything(after.Open().get()) == state);
  CHECK(db->Snapshot().ok());
}

TEST_CASE("what a snapshot pins is free while it is proved", "[P7]") {
  const bool backup = GENERATE(false, true);
  Hooked with({});
  Database* const db = with.db.get();
  REQUIRE(Script(db, 0, 20) == 20);
  uint64_t pinned = 0;
  uint64_t pinned_in_proof = 1;
  with.hooks.on_open = [&](const std::string& path, OpenMode mode) {
    if (path.find("snapshot-") == std::string::npos) return;
    if (mode == OpenMode::kCreateExclusive) {
      REQUIRE(Script(db, 20, 5) == 5);
      pinned = db->GetStats().pinned_bytes;
    } else if (mode == OpenMode::kRead) {
      pinned_in_proof = std::min(pinned_in_proof, db->GetStats().pinned_bytes);
    }
  };
  CHECK((backup ? db->Backup("backup") : db->Snapshot()).ok());
  CHECK(pinned > 0);
  CHECK(pinned_in_proof == 0);
}

TEST_CASE("what is held pins no more than the store took when it was taken", "[P12]") {
  HeldViews held(100);
  {
    const HeldViews::Hold first(&held, 1000, 60);
    CHECK(held.PinnedBytes(1000) == 0);
    CHECK(held.PinnedBytes(1050) == 50);
    CHECK(held.PinnedBytes(5000) == 60);
    CHECK(held.CheckRoom(5000).ok());
    {
      const HeldViews::Hold second(&held, 2000, 70);
      CHECK(held.PinnedBytes(5000) == 130);
      CHECK(ErrorCodeOf(held.CheckRoom(5000)) == ErrorCode::kLimit);
    }
    CHECK(held.PinnedBytes(5000) == 60);
  }
  CHECK(held.PinnedBytes(5000) == 0);
}

TEST_CASE("a snapshot that is due waits for room and does not count as failed", "[P12]") {
  Hooked with({.pinned_limit_bytes = 1, .snapshot_log_bytes = 500});
  Database* const db = with.db.get();
  with.world.RunAll();
  bool done = false;
  with.hooks.on_open = [&](const std::string& path, OpenMode mode) {
    const bool of_backup = path.starts_with("backup/snapshot-");
    if (!of_backup || mode != OpenMode::kCreateExclusive || std::exchange(done, true)) return;
    REQUIRE(Script(db, 20, 20) == 20);
    with.world.Pass(2000);
    CHECK(db->GetStats().log_bytes >= 500);
    CHECK(db->GetStats().snapshots.num_made == 0);
    CHECK(db->GetStats().snapshots.num_failed == 0);
    CHECK(db->GetStats().snapshots.last_error.empty());
  };
  REQUIRE(Script(db, 0, 2) == 2);
  CHECK(db->Backup("backup").ok());
  CHECK(done);
  with.world.Pass(1000);
  CHECK(db->GetStats().snapshots.num_made == 1);
}

TEST_CASE("request ids that pack better than any are refused before they are read", "[P7]") {
  FaultyFileSystem files;
  {
    World world(&files);
    const auto db = world.Open();
    REQUIRE(Script(db.get(), 0, 10) == 10);
    REQUIRE(db->Snapshot().ok());
  }
  const std::string snapshot = SnapshotPaths(files).back();
  RewriteSnapshot(&files, snapshot, [](const std::string& name, const std::string& raw) {
    return name == "engine/requests" ? raw + std::string(65 << 20, '\0') : raw;
  });
  const absl::Status proved = ProveSnapshot(&files, snapshot, {}).status();
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
    CHECK_FALSE((*db)->GetStats().backup.running);
  }
  CHECK(NumFiles(files, "snapshot-") == 0);
  CHECK_FALSE(*files.Exists("backup"));
  World world(&files);
  CHECK(Everything(world.Open().get()) == state);
}

TEST_CASE("a backup makes good what one that was cut off has left, and nothing else", "[P8]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open();
  REQUIRE(Script(db.get(), 0, 20) == 20);
  REQUIRE(files.CreateDir("cut").ok());
  const auto make = [&files](const std::string& name) {
    REQUIRE(files.Open(name, OpenMode::kCreateExclusive).ok());
  };
  make("cut/LOCK");
  make("cut/" + SnapshotTempName(7));
  make("cut/MANIFEST.tmp");
  CHECK(db->Backup("cut").ok());
  CHECK(*files.List("cut") ==
        std::vector<std::string>{"LOCK", "MANIFEST", SnapshotFileName(db->GetStats().lsn.value)});
  CHECK(ErrorCodeOf(db->Backup("cut").status()) == ErrorCode::kExists);

  REQUIRE(files.CreateDir("others").ok());
  make("others/notes.tmp");
  CHECK(ErrorCodeOf(db->Backup("others").status()) == ErrorCode::kExists);
  CHECK(files.List("others")->size() == 1);

  REQUIRE(files.CreateDir("busy").ok());
  const auto held = files.Lock("busy/LOCK");
  CHECK(ErrorCodeOf(db->Backup("busy").status()) == ErrorCode::kLocked);
}

TEST_CASE("who is about to close gives up a backup: nothing of it is left", "[P21]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open();
  REQUIRE(Script(db.get(), 0, 20) == 20);
  db->GiveUpSnapshots();
  CHECK(ErrorCodeOf(db->Backup("backup").status()) == ErrorCode::kShutdown);
  CHECK(ErrorCodeOf(db->Snapshot().status()) == ErrorCode::kShutdown);
  CHECK_FALSE(*files.Exists("backup"));
  CHECK(Script(db.get(), 20, 1) == 1);
  CHECK(db->Close().ok());
}

TEST_CASE("closing gives up what is being made, then makes its own; another closer leaves it",
          "[P21]") {
  const bool running = GENERATE(false, true);
  FaultyFileSystem files;
  HookedFileSystem hooked(&files);
  Environment environment;  // with threads
  environment.files = &hooked;
  std::atomic<int> begun{0};
  std::atomic<int> go_on{0};
  hooked.on_open = [&](const std::string& path, OpenMode mode) {
    if (path.find("snapshot-") == std::string::npos || mode != OpenMode::kCreateExclusive) return;
    const int number = ++begun;
    while (go_on < number) std::this_thread::yield();
  };
  std::string state;
  {
    auto db = OpenDatabase("data", {.log_file_bytes = kTestLogFileBytes, .snapshot_at_close = true},
                           environment);
    REQUIRE(db.ok());
    REQUIRE(Script(db->get(), 0, 20) == 20);
    state = Everything(db->get());
    absl::Status made = MakeError(ErrorCode::kShutdown, "nothing was made");
    std::thread maker;
    if (running) {
      maker = std::thread([&] { made = (*db)->Snapshot().status(); });
      while (begun == 0) std::this_thread::yield();
    }
    const int of_close = running ? 2 : 1;
    absl::Status closed;
    std::thread closer([&] { closed = (*db)->Close(); });
    while ((*db)->Get(User("u1")).ok()) std::this_thread::yield();
    go_on = of_close - 1;
    while (begun < of_close) std::this_thread::yield();
    std::thread other([&] { CHECK((*db)->Close().ok()); });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    go_on = of_close;
    other.join();
    closer.join();
    if (running) maker.join();
    INFO(closed.ToString());
    CHECK(closed.ok());
    CHECK(ErrorCodeOf(made) == ErrorCode::kShutdown);
    CHECK((*db)->GetStats().snapshots.num_made == 1);
    CHECK((*db)->GetStats().snapshots.num_failed == 0);
  }
  CHECK(NumFiles(files, "snapshot-") == 1);
  World world(&files);
  const auto db = world.Open();
  CHECK(Everything(db.get()) == state);
  CHECK(db->GetStats().recovery.num_commits == 0);
}

TEST_CASE("what a backup pins is told, and above the limit nothing else is begun", "[P12]") {
  Hooked with({.pinned_limit_bytes = 1});
  Database* const db = with.db.get();
  REQUIRE(Script(db, 0, 20) == 20);
  CHECK(db->GetStats().pinned_bytes == 0);
  bool done = false;
  with.hooks.on_open = [&](const std::string& path, OpenMode mode) {
    const bool of_backup = path.starts_with("backup/snapshot-");
    if (!of_backup || mode != OpenMode::kCreateExclusive || std::exchange(done, true)) return;
    CHECK(db->Snapshot().ok());  // nothing was copied yet
    REQUIRE(Script(db, 20, 5) == 5);
    CHECK(db->GetStats().pinned_bytes > 1);
    CHECK(ErrorCodeOf(db->Snapshot().status()) == ErrorCode::kLimit);
    CHECK(ErrorCodeOf(db->Backup("other").status()) == ErrorCode::kLimit);
  };
  CHECK(db->Backup("backup").ok());
  CHECK(done);
  CHECK(db->GetStats().pinned_bytes == 0);
  CHECK(db->Snapshot().ok());
}

}  // namespace
}  // namespace roster
