// SPDX-License-Identifier: Apache-2.0
//
// Snapshots while serving, restarts from them, the end of a latch, a full disk.
#include <catch2/catch.hpp>
#include <optional>
#include <random>

#include "roster/error.h"
#include "storage/disk/snapshot_reader.h"
#include "tests/engine/orders.h"
#include "tests/engine/simulation.h"
#include "tests/seed.h"

namespace roster {
namespace {

TEST_CASE("a store restarts from its snapshot and the log behind it", "[P7]") {
  FaultyFileSystem files;
  std::string before;
  Lsn at;
  {
    World world(&files);
    const auto db = world.Open();
    REQUIRE(Script(db.get(), 0, 20) == 20);
    const auto made = db->Snapshot();
    INFO(made.status().ToString());
    REQUIRE(made.ok());
    CHECK(made->lsn == db->GetStats().lsn);
    CHECK(db->Snapshot()->lsn == made->lsn);  // nothing was written since
    CHECK(db->GetStats().snapshots.num_made == 1);
    CHECK(db->GetStats().log_bytes == 0);
    at = made->lsn;
    REQUIRE(Script(db.get(), 20, 5) == 5);
    before = Everything(db.get());
  }
  World world(&files, kTestStartMs + 5000);
  const auto db = world.Open();
  CHECK(Everything(db.get()) == before);
  REQUIRE(db->GetStats().recovery.snapshot.has_value());
  CHECK(db->GetStats().recovery.snapshot->lsn == at);
  CHECK(db->GetStats().recovery.num_commits == 6);
  CHECK(db->GetStats().recovery.fallback.empty());
  // Request ids before and behind the snapshot are known.
  for (const int i : {3, 22}) {
    const auto again =
        db->Write(Event("u" + std::to_string(i % 6), "order", "m" + std::to_string(i),
                        {{"n", double(i)}, {"t", "u" + std::to_string(i % 6)}}),
                  {.request_id = "r" + std::to_string(i), .actor = {}});
    REQUIRE(again.ok());
    CHECK(again->duplicate);
  }
}

TEST_CASE("snapshots keep no more of the log than they need", "[P7]") {
  FaultyFileSystem files;
  std::string before;
  {
    World world(&files);
    const auto db = world.Open({.log_file_bytes = 5000});
    for (int round = 0; round < 6; ++round) {
      REQUIRE(Script(db.get(), round * 12, 12) == 12);
      REQUIRE(db->Snapshot().ok());
    }
    CHECK(NumFiles(files, ".snap") == 2);
    CHECK(NumFiles(files, "wal-") < 8);
    before = Everything(db.get());
  }
  World again(&files);
  CHECK(Everything(again.Open().get()) == before);
}

TEST_CASE("snapshots come by themselves: by log bytes, by age, and not after a failure at once",
          "[P7]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open({.snapshot_log_bytes = 2000, .snapshot_interval_ms = 60'000});
  REQUIRE(Script(db.get(), 0, 3) == 3);
  world.Pass(1000);
  CHECK(db->GetStats().snapshots.num_made == 0);
  REQUIRE(Script(db.get(), 3, 30) == 30);
  world.Pass(1000);
  CHECK(db->GetStats().snapshots.num_made == 1);

  REQUIRE(Script(db.get(), 40, 1) == 1);
  world.clock.micros += 61'000'000;
  files.FailNext(FileCall::kRename, Fault::kIoError);
  world.Pass(61'000);
  CHECK(db->GetStats().snapshots.num_failed == 1);
  CHECK_FALSE(db->GetStats().snapshots.last_error.empty());
  CHECK_FALSE(db->GetStats().read_only);
  world.Pass(500);
  CHECK(db->GetStats().snapshots.num_made == 1);  // it waits
  world.clock.micros += 2'000'000;
  world.Pass(2000);
  CHECK(db->GetStats().snapshots.num_made == 2);
  CHECK(db->GetStats().snapshots.last_error.empty());
}

TEST_CASE("a damaged newest snapshot: the one before and the log, said loudly, or no opening",
          "[P6][P7]") {
  FaultyFileSystem files;
  const std::string before = LeaveSnapshots(&files);
  const std::vector<std::string> snapshots = SnapshotPaths(files);
  REQUIRE(snapshots.size() == 2);
  std::mt19937_64 random(TestSeed());
  for (int i = 0; i < 20; ++i) {
    const auto damaged = files.Clone();
    std::string bytes = damaged->GetFile(snapshots[1]);
    const size_t at = random() % bytes.size();
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 8)));
    damaged->SetFile(snapshots[1], bytes);
    World world(damaged.get());
    const auto db = world.TryOpen();
    INFO("byte " << at << ": " << db.status().ToString());
    REQUIRE(db.ok());
    CHECK(Everything(db->get()) == before);
    CHECK_FALSE((*db)->GetStats().recovery.fallback.empty());
    world.Pass(0);
    CHECK((*db)->GetStats().snapshots.num_made == 1);  // a good one at once
  }
  const auto both = files.Clone();
  for (const std::string& path : snapshots) {
    std::string bytes = both->GetFile(path);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
    both->SetFile(path, bytes);
  }
  World world(both.get());
  const auto refused = world.TryOpen();
  CHECK(ErrorCodeOf(refused.status()) == ErrorCode::kCorrupt);
}

TEST_CASE("power failure or an error at every call while snapshots are made", "[P3][P7][T2][T5]") {
  constexpr int kWrites = 3;
  const auto run = [](World* world) {
    auto db = world->TryOpen();
    if (!db.ok()) return 0;
    int acknowledged = 0;
    for (int round = 0; round < 3; ++round) {
      const int done = Script(db->get(), round * kWrites, kWrites);
      acknowledged += done;
      if (done < kWrites) break;
      (*db)->Snapshot().status().IgnoreError();
    }
    return acknowledged;
  };
  FaultyFileSystem plain;
  {
    World world(&plain);
    REQUIRE(run(&world) == 3 * kWrites);
  }
  std::mt19937_64 random(TestSeed());
  for (uint64_t call = 1; call <= plain.num_calls(); ++call) {
    const bool power = random() % 2 == 0;
    FaultyFileSystem files;
    if (power) {
      files.PowerOffAfter(call);
    } else {
      files.FailCall(call, random() % 2 == 0 ? Fault::kIoError : Fault::kDiskFull,
                     random() % 4 == 0);
    }
    int acknowledged = 0;
    {
      World world(&files);
      acknowledged = run(&world);
    }
    const uint64_t seed = random();
    const auto crashed = files.CrashImage(seed);
    World world(crashed.get());
    const auto db = world.TryOpen();
    INFO("call " << call << (power ? " power" : " error") << " image " << seed << ": "
                 << db.status().ToString());
    REQUIRE(db.ok());
    CHECK((*db)->GetStats().num_events >= static_cast<uint64_t>(acknowledged));
    CHECK((*db)->GetStats().num_events <= static_cast<uint64_t>(acknowledged) + 1);
    CHECK(Script(db->get(), 0, 3 * kWrites) == 3 * kWrites);
    CHECK((*db)->GetStats().num_events == 3 * kWrites);
    CHECK((*db)->Snapshot().ok());
  }
}

TEST_CASE("without a log a snapshot is what lasts", "[P1]") {
  FaultyFileSystem files;
  const Options none{.durability = Durability::kNone};
  std::string at_snapshot;
  {
    World world(&files);
    const auto db = world.Open(none);
    REQUIRE(Script(db.get(), 0, 10) == 10);
    REQUIRE(db->Snapshot().ok());
    CHECK(db->GetStats().durable_lsn == db->GetStats().lsn);
    at_snapshot = Everything(db.get());
    REQUIRE(Script(db.get(), 10, 10) == 10);
  }
  {
    World world(&files);
    const auto db = world.Open(none);
    CHECK(Everything(db.get()) == at_snapshot);
    REQUIRE(Script(db.get(), 10, 3) == 3);
  }
  {
    World world(&files);
    Options closing = none;
    closing.snapshot_at_close = true;
    const auto db = world.Open(closing);
    CHECK(Everything(db.get()) == at_snapshot);
    REQUIRE(Script(db.get(), 10, 4) == 4);
    at_snapshot = Everything(db.get());
    REQUIRE(db->Close().ok());
  }
  World world(&files);
  const auto db = world.Open();  // with a log from here on
  CHECK(Everything(db.get()) == at_snapshot);
  REQUIRE(Script(db.get(), 20, 2) == 2);
  const std::string last = Everything(db.get());
  const auto crashed = files.CrashImage(TestSeed());
  World after(crashed.get());
  CHECK(Everything(after.Open().get()) == last);
}

// A store whose log fails while two commands are on their way.
std::unique_ptr<Database> Latched(World* world, FaultyFileSystem* files) {
  auto db = world->Open();
  REQUIRE(Script(db.get(), 0, 8) == 8);
  files->FailNext(FileCall::kSync, Fault::kIoError);
  CHECK(ErrorCodeOf(db->Write(Event("u1", "order", "lost?")).status()) == ErrorCode::kUnknown);
  CHECK(db->GetStats().read_only);
  CHECK_FALSE(db->GetStats().read_only_reason.empty());
  return db;
}

// How many calls a RESUME that succeeds makes, and `writes` writes behind it.
uint64_t CallsOfResume(int writes) {
  FaultyFileSystem files;
  World world(&files);
  const auto db = Latched(&world, &files);
  const uint64_t before = files.num_calls();
  REQUIRE(db->Resume().ok());
  REQUIRE(Script(db.get(), 8, writes) == writes);
  return files.num_calls() - before;
}

TEST_CASE("RESUME: what is in memory becomes durable, writes are accepted again", "[P14]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = Latched(&world, &files);
  CHECK(ErrorCodeOf(db->Snapshot().status()) == ErrorCode::kReadOnly);
  const auto resumed = db->Resume();
  INFO(resumed.status().ToString());
  REQUIRE(resumed.ok());
  CHECK(ErrorCodeOf(db->Resume().status()) == ErrorCode::kErr);
  CHECK_FALSE(db->GetStats().read_only);
  CHECK(db->GetStats().num_events == 9);  // the unknown one stayed
  CHECK(db->Get(User("u1"))->durable);
  REQUIRE(Script(db.get(), 8, 4) == 4);
  const std::string before = Everything(db.get());
  const auto crashed = files.CrashImage(TestSeed());
  World after(crashed.get());
  CHECK(Everything(after.Open().get()) == before);
}

TEST_CASE("RESUME: what was enqueued and never flushed is refused, and keeps nobody waiting",
          "[P14]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open();
  REQUIRE(Script(db.get(), 0, 4) == 4);
  world.RunAll();
  std::optional<absl::Status> answer;
  db->Enqueue({.items = {Event("u2", "order", "late")}, .options = {}},
              [&](const auto& result) { answer = result.status(); });
  // The log fails in the mark, where a view's clock is raised.
  files.FailNext(FileCall::kSync, Fault::kIoError);
  world.clock.now_ms += 5000;
  REQUIRE(db->Get(User("u1")).ok());
  REQUIRE(db->GetStats().read_only);
  CHECK_FALSE(answer.has_value());
  const auto resumed = db->Resume();
  INFO(resumed.status().ToString());
  CHECK(resumed.ok());
  REQUIRE(answer.has_value());
  CHECK(ErrorCodeOf(*answer) == ErrorCode::kReadOnly);
  CHECK(Script(db.get(), 8, 4) == 4);
}

TEST_CASE("RESUME: an error at every call leaves it latched, or done; the next one ends it",
          "[P14][T5]") {
  const uint64_t num_calls = CallsOfResume(0);
  for (uint64_t call = 1; call <= num_calls; ++call) {
    FaultyFileSystem files;
    World world(&files);
    const auto db = Latched(&world, &files);
    const bool full = (TestSeed() + call) % 2 == 0;
    files.FailCall(files.num_calls() + call, full ? Fault::kDiskFull : Fault::kIoError, false);
    const auto resumed = db->Resume();
    INFO("call " << call << ": " << resumed.status().ToString());
    CHECK(db->GetStats().read_only == !resumed.ok());
    if (!resumed.ok()) CHECK_FALSE(db->GetStats().snapshots.last_error.empty());
    files.ClearFaults();
    if (!resumed.ok()) REQUIRE(db->Resume().ok());
    REQUIRE(Script(db.get(), 8, 3) == 3);
    const std::string state = Everything(db.get());
    const auto crashed = files.CrashImage(TestSeed() + call);
    World after(crashed.get());
    CHECK(Everything(after.Open().get()) == state);
  }
  CHECK(num_calls > 20);
}

TEST_CASE("RESUME: power failure at every call of it and right after", "[P14][T2]") {
  std::mt19937_64 random(TestSeed());
  const uint64_t num_calls = CallsOfResume(3);
  for (uint64_t call = 1; call <= num_calls; ++call) {
    FaultyFileSystem files;
    bool resumed = false;
    int acknowledged = 0;
    {
      World world(&files);
      const auto db = Latched(&world, &files);
      const uint64_t before = files.num_calls();
      files.PowerOffAfter(before + call);
      resumed = db->Resume().ok();
      acknowledged = resumed ? Script(db.get(), 8, 3) : 0;
    }
    for (int image = 0; image < 2; ++image) {
      const uint64_t seed = random();
      const auto crashed = files.CrashImage(seed);
      World after(crashed.get());
      const auto db = after.TryOpen();
      INFO("call " << call << " image " << seed << ": " << db.status().ToString());
      REQUIRE(db.ok());
      const uint64_t events = (*db)->GetStats().num_events;
      CHECK(events >= (resumed ? 9u : 8u) + static_cast<uint64_t>(acknowledged));
      CHECK(Script(db->get(), 0, 11) == 11);
    }
  }
}

// The bytes that all files have now.
uint64_t UsedBytes(const FaultyFileSystem& files) {
  uint64_t used = 0;
  for (const auto& [path, bytes] : files.Files()) used += bytes.size();
  return used;
}

constexpr uint64_t kReserveBytes = 40 << 20;

// Writes large texts until the disk is full; how many events went in.
int FillUp(Database* db) {
  for (int i = 0; i < 1000; ++i) {
    const absl::Status status = db->Write(Event("u1", "note", "n" + std::to_string(i),
                                                {{"text", std::string(60'000, 'x')}}))
                                    .status();
    if (status.ok()) continue;
    CHECK(ErrorCodeOf(status) == ErrorCode::kDiskFull);
    return i;
  }
  return -1;
}

TEST_CASE("a full disk: time, reads and a snapshot go on from the reserve, service resumes",
          "[P13]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open({.disk_reserve_bytes = kReserveBytes});
  CHECK(NumFiles(files, "reserve") == 1);
  files.SetCapacity(UsedBytes(files) + (1 << 20));
  const int written = FillUp(db.get());
  REQUIRE(written > 0);
  CHECK_FALSE(db->GetStats().read_only);
  CHECK(db->GetStats().num_events == static_cast<uint64_t>(written));
  const auto made = db->Snapshot();
  INFO(made.status().ToString());
  CHECK(made.ok());
  CHECK(db->GetStats().num_events == static_cast<uint64_t>(written));

  files.SetCapacity(uint64_t{1} << 40);
  world.clock.micros += 1'000'000;
  CHECK(db->Write(Event("u2", "order", "later")).ok());
  CHECK_FALSE(db->GetStats().disk_full);
  CHECK(NumFiles(files, "reserve") == 1);
}

TEST_CASE("a full disk is shown while writes are refused, also without a reserve", "[P13]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open();
  CHECK_FALSE(db->GetStats().disk_full);
  files.SetCapacity(UsedBytes(files) + (1 << 20));
  REQUIRE(FillUp(db.get()) > 0);
  CHECK(db->GetStats().disk_full);
  files.SetCapacity(uint64_t{1} << 40);
  CHECK(db->Write(Event("u2", "order", "later")).ok());
  CHECK_FALSE(db->GetStats().disk_full);
}

TEST_CASE("a full disk: what time brings goes on", "[P13]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open({.disk_reserve_bytes = kReserveBytes});
  REQUIRE(db->Write(Event("u1", "order", "soon", {}, Timestamp{kTestStartMs + 60'000})).ok());
  files.SetCapacity(UsedBytes(files));
  REQUIRE(FillUp(db.get()) > 0);
  world.clock.now_ms += 120'000;
  const auto got = db->Get(User("u1"));
  REQUIRE(got.ok());
  CHECK(got->profile.last_seen == Timestamp{kTestStartMs + 60'000});
  CHECK_FALSE(db->GetStats().read_only);
}

TEST_CASE("a store opens on a full disk: it is read, and written when there is space", "[P13]") {
  for (const uint64_t reserve : {uint64_t{0}, kReserveBytes}) {
    FaultyFileSystem files;
    std::string before;
    {
      World world(&files);
      const auto db = world.Open({.disk_reserve_bytes = reserve});
      REQUIRE(Script(db.get(), 0, 8) == 8);
      before = Everything(db.get());
    }
    files.SetCapacity(UsedBytes(files));
    World world(&files);
    const auto db = world.Open({.disk_reserve_bytes = reserve});
    CHECK(Everything(db.get()) == before);
    const auto refused = db->Write(Event("u1", "order", "x"));
    CHECK(ErrorCodeOf(refused.status()) == ErrorCode::kDiskFull);
    CHECK(Everything(db.get()) == before);
    files.SetCapacity(uint64_t{1} << 40);
    world.clock.micros += 1'000'000;
    CHECK(Script(db.get(), 8, 2) == 2);
    before = Everything(db.get());
    const auto crashed = files.CrashImage(TestSeed());
    World after(crashed.get());
    CHECK(Everything(after.Open().get()) == before);
  }
}

TEST_CASE("RESUME: also when the log failed before it began", "[P13][P14]") {
  int num_latched = 0;
  for (uint64_t call = 1; call <= 20; ++call) {
    FaultyFileSystem files;
    std::string before;
    {
      World world(&files);
      const auto db = world.Open();
      REQUIRE(Script(db.get(), 0, 8) == 8);
      before = Everything(db.get());
    }
    files.SetCapacity(UsedBytes(files));
    World world(&files);
    const auto db = world.Open();
    CHECK(ErrorCodeOf(db->Write(Event("u1", "order", "x")).status()) == ErrorCode::kDiskFull);
    files.SetCapacity(uint64_t{1} << 40);
    world.clock.micros += 1'000'000;
    files.FailCall(files.num_calls() + call, Fault::kIoError, false);
    const bool written = db->Write(Event("u1", "order", "y")).ok();
    INFO("call " << call << ", written " << written);
    if (written || !db->GetStats().read_only) continue;
    if (Everything(db.get()) != before) continue;  // it failed behind the beginning
    ++num_latched;
    const auto resumed = db->Resume();
    INFO(resumed.status().ToString());
    REQUIRE(resumed.ok());
    CHECK_FALSE(db->GetStats().read_only);
    CHECK(Everything(db.get()) == before);
    REQUIRE(Script(db.get(), 8, 4) == 4);
    before = Everything(db.get());
    for (uint64_t image = 0; image < 8; ++image) {
      const auto crashed = files.CrashImage(TestSeed() + image);
      World after(crashed.get());
      CHECK(Everything(after.Open().get()) == before);
    }
  }
  CHECK(num_latched > 0);
}

TEST_CASE("the memory limit at every step of a script: growing is refused, all else goes on",
          "[P12][T7]") {
  FaultyFileSystem free_files;
  uint64_t whole = 0;
  uint64_t empty = 0;
  {
    World world(&free_files);
    const auto db = world.Open();
    empty = db->GetStats().memory_bytes;
    REQUIRE(Script(db.get(), 0, 24) == 24);
    whole = db->GetStats().memory_bytes;
  }
  REQUIRE(whole > empty);
  for (uint64_t step = 0; step <= 24; ++step) {
    FaultyFileSystem files;
    World world(&files);
    const uint64_t limit = empty + 1 + (whole - empty) * step / 24;
    auto db = world.Open({.memory_limit_bytes = limit});
    const int done = Script(db.get(), 0, 24);
    INFO("limit " << limit << ", done " << done);
    CHECK(db->GetStats().memory_bytes <= limit + (1 << 20));  // the first row takes chunks
    if (done == 24) continue;
    const auto refused =
        db->Write(Event("u1", "order", "one more", {{"t", std::string(20'000, 'x')}}));
    CHECK(ErrorCodeOf(refused.status()) == ErrorCode::kOutOfMemory);
    const std::string before = Everything(db.get());
    world.clock.now_ms += 10'000;
    CHECK(Everything(db.get()) == before);
    CHECK(db->Snapshot().ok());
    CHECK(db->Close().ok());
    db.reset();
    World again(&files);
    CHECK(Everything(again.Open({.memory_limit_bytes = limit}).get()) == before);
  }
}

}  // namespace
}  // namespace roster
