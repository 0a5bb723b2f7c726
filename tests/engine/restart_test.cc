// SPDX-License-Identifier: Apache-2.0
//
// What survives: restarts, power failures at every call, a log that fails.
#include <catch2/catch.hpp>
#include <random>

#include "roster/error.h"
#include "tests/engine/simulation.h"
#include "tests/seed.h"

namespace roster {
namespace {

TEST_CASE("everything is there after a restart", "[P4]") {
  FaultyFileSystem files;
  Profile before;
  {
    World world(&files);
    const auto db = world.Open();
    REQUIRE(db->Write(Traits({User("u1"), {"email", "a@x.nl"}},
                             {{"plan", "pro"}, {"tags", TextList{"a", "b"}}, {"x", 2.5}}))
                .ok());
    REQUIRE(db->Write(Event("u1", "order", "m1", {{"total", 12.5}, {"sku", "k"}})).ok());
    before = MustGet(db.get(), User("u1"));
  }
  World world(&files, kTestStartMs + 60'000);
  const auto db = world.Open();
  const Profile after = MustGet(db.get(), User("u1"));
  CHECK(after.id == before.id);
  CHECK(after.identities.size() == before.identities.size());
  CHECK(after.created_at == before.created_at);
  CHECK(after.last_seen == before.last_seen);
  REQUIRE(after.traits.size() == before.traits.size());
  for (size_t i = 0; i < after.traits.size(); ++i) {
    CHECK(after.traits[i].name == before.traits[i].name);
    CHECK(after.traits[i].value == before.traits[i].value);
    CHECK(after.traits[i].time == before.traits[i].time);
    CHECK(after.traits[i].origin == before.traits[i].origin);
  }
  REQUIRE(after.events.size() == 1);
  CHECK(after.events[0].id == before.events[0].id);
  CHECK(after.events[0].properties.size() == 2);
  CHECK(db->GetStats().recovery.num_commits == 3);
}

TEST_CASE("a repeat of an event id changes nothing after any restart", "[P16]") {
  FaultyFileSystem files;
  for (int run = 0; run < 4; ++run) {
    World world(&files);
    const auto db = world.Open();
    const auto result = db->Write(Event("u1", "order", "m1", {{"total", double(run)}}));
    REQUIRE(result.ok());
    CHECK(result->items[0].duplicate == (run > 0));
    const Profile profile = MustGet(db.get(), User("u1"));
    REQUIRE(profile.events.size() == 1);
    CHECK(profile.events[0].properties[0].value == Value(0.0));
  }
}

TEST_CASE("a request id makes a command at-most-once, across restarts", "[P17]") {
  FaultyFileSystem files;
  Track track = Event("u1", "order", "");
  Lsn first;
  for (int run = 0; run < 3; ++run) {
    World world(&files);
    const auto db = world.Open();
    const auto result = db->Write(track, {.request_id = "r1", .actor = {}});
    REQUIRE(result.ok());
    CHECK(result->duplicate == (run > 0));
    if (run == 0) first = result->lsn;
    CHECK(result->lsn == first);
    CHECK(result->items.at(0).profile == ProfileId{1});
    CHECK(db->GetStats().num_events == 1);
    Track other = track;
    other.event = "refund";
    CHECK(ErrorCodeOf(db->Write(other, {.request_id = "r1", .actor = {}}).status()) ==
          ErrorCode::kConflict);
  }
}

TEST_CASE("a refused command is not kept, also when its commit had what was due", "[P17]") {
  FaultyFileSystem files;
  const WriteOptions once{.request_id = "r1", .actor = {}};
  const WriteItem archive = Archive{.profile = User("u2")};
  {
    World world(&files);
    const auto db = world.Open();
    REQUIRE(db->Write(Event("u1", "order", "m1", {}, Timestamp{kTestStartMs + 60'000})).ok());
    world.clock.now_ms += 120'000;  // the order's time has come
    const uint64_t commits = db->GetStats().num_commits;
    CHECK(ErrorCodeOf(db->Write(archive, once).status()) == ErrorCode::kNoProfile);
    CHECK(db->GetStats().num_commits == commits + 1);
    CHECK(ErrorCodeOf(db->Write(archive, once).status()) == ErrorCode::kNoProfile);
  }
  for (int run = 0; run < 2; ++run) {
    World world(&files, kTestStartMs + 180'000);
    const auto db = world.Open();
    REQUIRE(db->Write(Event("u2", "order", "m2")).ok());
    const auto result = db->Write(archive, once);
    REQUIRE(result.ok());
    CHECK(result->duplicate == (run > 0));
    CHECK(MustGet(db.get(), User("u2")).archived);
  }
}

TEST_CASE("restarts in quick succession do not drive the clock ahead", "[clock]") {
  FaultyFileSystem files;
  for (int run = 0; run < 20; ++run) {
    World world(&files, kTestStartMs + run);
    const auto db = world.Open();
    CHECK(db->GetStats().clock.ms <= kTestStartMs + run + 1000);
    REQUIRE(db->Write(Event("u1", "order", "")).ok());
    CHECK(db->GetStats().clock.ms <= kTestStartMs + run + 1000);
  }
}

TEST_CASE("the clock of views does not go back over a crash", "[clock]") {
  FaultyFileSystem files;
  std::unique_ptr<FaultyFileSystem> crashed;
  Timestamp shown;
  {
    World world(&files);
    const auto db = world.Open();
    REQUIRE(db->Write(Event("u1", "order", "m1")).ok());
    for (int i = 0; i < 50; ++i) {
      world.clock.now_ms += 137;
      const Timestamp now = db->GetStats().clock;
      CHECK(now >= shown);
      shown = now;
    }
    world.clock.now_ms -= 3'600'000;  // the wall clock is set back
    CHECK(db->GetStats().clock >= shown);
    crashed = files.CrashImage(TestSeed());
  }
  World world(crashed.get(), kTestStartMs - 86'400'000);
  const auto db = world.Open();
  CHECK(db->GetStats().clock >= shown);
  CHECK(db->GetStats().clock.ms <= shown.ms + 1000);
}

// A script of writes; returns how many were acknowledged. Write i is one event of user i % 5.
int RunScript(Database* db, int num_writes) {
  int acknowledged = 0;
  for (int i = 0; i < num_writes; ++i) {
    const auto result = db->Write(
        Event("u" + std::to_string(i % 5), "order", "m" + std::to_string(i), {{"n", double(i)}}));
    if (!result.ok()) break;
    ++acknowledged;
  }
  return acknowledged;
}

int CountEvents(Database* db) {
  int count = 0;
  for (int u = 0; u < 5; ++u) {
    const auto got = db->Get(User("u" + std::to_string(u)), {.max_events = 1000});
    if (got.ok()) count += static_cast<int>(got->profile.events.size());
  }
  return count;
}

TEST_CASE("power failure at every call: what was acknowledged is there, nothing by halves",
          "[P1][P3][P4]") {
  constexpr int kWrites = 12;
  FaultyFileSystem whole;
  {
    World world(&whole);
    const auto db = world.Open();
    REQUIRE(RunScript(db.get(), kWrites) == kWrites);
  }
  const uint64_t num_calls = whole.num_calls();
  REQUIRE(num_calls > 20);
  std::mt19937_64 random(TestSeed());
  for (uint64_t call = 0; call <= num_calls; ++call) {
    FaultyFileSystem files;
    files.PowerOffAfter(call);
    int acknowledged = 0;
    {
      World world(&files);
      auto db = world.TryOpen();
      if (db.ok()) acknowledged = RunScript(db->get(), kWrites);
    }
    for (int image = 0; image < 4; ++image) {
      const auto crashed = files.CrashImage(random());
      World world(crashed.get());
      const auto db = world.TryOpen();
      INFO("call " << call << ": " << db.status().ToString());
      REQUIRE(db.ok());
      const int recovered = CountEvents(db->get());
      CHECK(recovered >= acknowledged);
      CHECK(recovered <= acknowledged + 1);
      CHECK(RunScript(db->get(), kWrites) == kWrites);  // the store goes on
      CHECK(CountEvents(db->get()) == kWrites);         // and knows its repeats
    }
  }
}

TEST_CASE("a log that fails: unknown for who waits, read-only after, a restart tells", "[P14]") {
  FaultyFileSystem files;
  {
    World world(&files);
    const auto db = world.Open();
    REQUIRE(RunScript(db.get(), 3) == 3);
    files.FailNext(FileCall::kSync, Fault::kIoError);
    const auto failed = db->Write(Event("u9", "order", "x"));
    CHECK(ErrorCodeOf(failed.status()) == ErrorCode::kUnknown);
    CHECK(ErrorCodeOf(db->Write(Event("u9", "order", "y")).status()) == ErrorCode::kReadOnly);
    CHECK(db->GetStats().read_only);
    const auto read = db->Get(User("u9"));
    REQUIRE(read.ok());
    CHECK_FALSE(read->durable);  // shown, and marked
    CHECK(MustGet(db.get(), User("u1")).events.size() == 1);
  }
  World world(&files);
  CHECK(RunScript(world.Open().get(), 3) == 3);
}

TEST_CASE("a full disk is found before a command is applied, service resumes", "[P13]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open();
  REQUIRE(RunScript(db.get(), 5) == 5);
  uint64_t used = 0;
  for (const auto& [path, bytes] : files.Files()) used += bytes.size();
  files.SetCapacity(used);
  absl::Status full;
  for (int i = 0; i < 1000 && full.ok(); ++i) {
    full = db->Write(
                 Event("u1", "note", "n" + std::to_string(i), {{"text", std::string(60'000, 'x')}}))
               .status();
  }
  CHECK(ErrorCodeOf(full) == ErrorCode::kDiskFull);
  CHECK_FALSE(db->GetStats().read_only);
  const uint64_t events = db->GetStats().num_events;
  CHECK(MustGet(db.get(), User("u2")).events.size() == 1);
  files.SetCapacity(uint64_t{1} << 40);
  CHECK(db->Write(Event("u2", "order", "later")).ok());
  CHECK(db->GetStats().num_events == events + 1);
}

TEST_CASE("a second opening of the directory gets LOCKED", "[P22]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open();
  World other(&files);
  CHECK(ErrorCodeOf(other.TryOpen().status()) == ErrorCode::kLocked);
}

TEST_CASE("after Close nothing is accepted", "[close]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open();
  REQUIRE(RunScript(db.get(), 2) == 2);
  CHECK(db->Close().ok());
  CHECK(db->Close().ok());
  CHECK(ErrorCodeOf(db->Write(Event("u1", "order", "z")).status()) == ErrorCode::kShutdown);
  CHECK(ErrorCodeOf(db->Get(User("u1")).status()) == ErrorCode::kShutdown);
  CHECK(ErrorCodeOf(db->Execute("count", {}).status()) == ErrorCode::kShutdown);
}

TEST_CASE("with interval durability a crash loses at most what was not synced", "[P1]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open({.durability = Durability::kInterval});
  REQUIRE(RunScript(db.get(), 10) == 10);
  CHECK(db->GetStats().num_syncs < 10);
  REQUIRE(db->Close().ok());
  const auto crashed = files.CrashImage(TestSeed());
  World again(crashed.get());
  CHECK(CountEvents(again.Open().get()) == 10);  // Close synced
}

}  // namespace
}  // namespace roster
