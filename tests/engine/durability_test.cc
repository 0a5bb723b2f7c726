// SPDX-License-Identifier: Apache-2.0
//
// When a write is answered, and what a crash may take: the levels of durability, groups in flight.
#include <catch2/catch.hpp>
#include <random>

#include "roster/error.h"
#include "tests/engine/simulation.h"
#include "tests/seed.h"

namespace roster {
namespace {

Batch OneEvent(int number, Durability durability = Durability::kNone) {
  Batch batch;
  batch.items.push_back(Event("u" + std::to_string(number % 7), "order",
                              "m" + std::to_string(number), {{"n", double(number)}}));
  batch.options.durability = durability;
  return batch;
}

// Large enough that groups overlap: most of its items are refused, for nobody is in them.
Batch LargeEvent(int number) {
  Batch batch = OneEvent(number);
  batch.items.resize(number % 3 == 0 ? 1 : 300, Track{});
  return batch;
}

uint64_t CountOrders(Database* db) { return db->GetStats().num_events; }

// Gives a write to the store in one of the ways that do not wait.
void Submit(Database* db, uint64_t way, Batch batch, Database::WriteDone done) {
  if (way % 3 == 0) return db->WriteAsync(std::move(batch), std::move(done));
  db->Enqueue(std::move(batch), std::move(done));
  if (way % 3 == 1) db->Flush();
}

// Submits `total` writes, letting a few steps run between them; the answer of each.
std::vector<std::optional<absl::Status>> Pipeline(World* world, Database* db, size_t total,
                                                  uint64_t seed) {
  std::vector<std::optional<absl::Status>> answers(total);
  std::mt19937_64 random(seed);
  for (size_t i = 0; i < total; ++i) {
    Submit(db, random(), LargeEvent(static_cast<int>(i)), [&answers, i](const auto& result) {
      CHECK_FALSE(answers[i].has_value());
      answers[i] = result.status();
    });
    for (uint64_t steps = random() % 4; steps > 0; --steps) world->executor.RunOne();
  }
  db->Flush();
  while (world->executor.RunOne()) {
  }
  return answers;
}

TEST_CASE("groups in flight: answered in order, once, and only when durable", "[P2][P4]") {
  std::mt19937_64 random(TestSeed());
  for (int round = 0; round < 30; ++round) {
    const uint64_t seed = random();
    INFO("seed " << seed);
    FaultyFileSystem files;
    World world(&files);
    world.executor.Shuffle(seed);
    const auto db = world.Open();
    std::mt19937_64 pace(seed);
    std::vector<int> order;
    for (int i = 0; i < 60; ++i) {
      Submit(db.get(), pace(), LargeEvent(i), [&, i](const absl::StatusOr<WriteResult>& result) {
        CHECK(result.ok());
        CHECK(static_cast<int>(order.size()) == i);
        order.push_back(i);
        // The power fails as the answer leaves: what it says is there.
        if (i % 16 != 5) return;
        const auto crashed = files.CrashImage(pace());
        World after(crashed.get());
        CHECK(CountOrders(after.Open().get()) >= order.size());
      });
      for (uint64_t steps = pace() % 4; steps > 0; --steps) world.executor.RunOne();
    }
    db->Flush();
    while (world.executor.RunOne()) {
    }
    CHECK(order.size() == 60);
    CHECK(db->GetStats().durable_lsn == db->GetStats().lsn);
  }
}

TEST_CASE("groups in flight: a failure of any call leaves acknowledged writes alone", "[P2][P14]") {
  uint64_t num_calls = 0;
  for (uint64_t call = 0; call <= num_calls; ++call) {
    for (const uint64_t seed : {TestSeed() + call, TestSeed() * 31 + call}) {
      FaultyFileSystem files;
      World world(&files);
      world.executor.Shuffle(seed);
      const auto db = world.Open();
      const uint64_t before = files.num_calls();
      if (call > 0) files.FailCall(before + call, Fault::kIoError, false);
      const auto answers = Pipeline(&world, db.get(), 40, seed);
      num_calls = std::max(num_calls, files.num_calls() - before);
      size_t num_ok = 0;
      bool failed = false;
      for (const std::optional<absl::Status>& status : answers) {
        REQUIRE(status.has_value());
        if (status->ok()) {
          CHECK_FALSE(failed);  // one order: nothing after a write that may be lost
          ++num_ok;
          continue;
        }
        const ErrorCode code = ErrorCodeOf(*status);
        CHECK((code == ErrorCode::kUnknown || code == ErrorCode::kReadOnly));
        failed = true;
      }
      CHECK(db->GetStats().read_only == failed);
      const auto crashed = files.CrashImage(seed);
      World after(crashed.get());
      const auto again = after.TryOpen();
      INFO("call " << call << " seed " << seed << ": " << again.status().ToString());
      REQUIRE(again.ok());
      CHECK(CountOrders(again->get()) >= num_ok);
    }
  }
  CHECK(num_calls > 10);
}

TEST_CASE("two groups share the way: a sync runs for many commits", "[P2]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open();
  int answered = 0;
  for (int i = 0; i < 3000; ++i) {
    db->WriteAsync(OneEvent(i), [&](const auto& result) { answered += result.ok(); });
  }
  while (world.executor.RunOne()) {
  }
  CHECK(answered == 3000);
  CHECK(db->GetStats().num_syncs <= 4);
}

TEST_CASE("an event loop writes a little itself, and leaves much or a slow disk", "[P2]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open();
  world.RunAll();
  int answered = 0;
  int next = 0;
  const auto enqueue = [&](int count) {
    for (const int end = next + count; next < end; ++next) {
      db->Enqueue(OneEvent(next), [&](const auto& result) { answered += result.ok(); });
    }
  };
  const uint64_t syncs = db->GetStats().num_syncs;
  enqueue(3);
  CHECK(answered == 0);  // nobody was woken
  CHECK_FALSE(world.executor.RunOne());
  db->Flush();
  CHECK(answered == 3);
  CHECK(db->GetStats().num_syncs == syncs + 1);
  CHECK_FALSE(world.executor.RunOne());
  db->Flush();  // nothing to do

  enqueue(200);
  db->Flush();
  CHECK(answered == 3);
  world.RunAll();
  CHECK(answered == 203);

  world.clock.tick_us = 5'000;
  enqueue(1);
  db->Flush();  // learns that a sync takes longer than a loop has time
  CHECK(answered == 204);
  enqueue(1);
  db->Flush();
  CHECK(answered == 204);
  world.clock.tick_us = 1;
  world.RunAll();  // and that it is quick again
  CHECK(answered == 205);
  enqueue(1);
  db->Flush();
  CHECK(answered == 206);

  enqueue(2);
  CHECK(db->Close().ok());  // also what was not flushed is finished
  CHECK(answered == 208);
}

TEST_CASE("an event loop leaves what is not its own, and what may take long", "[P2]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open();
  world.RunAll();
  int answered = 0;
  int next = 0;
  const auto done = [&](const auto& result) { answered += result.ok(); };
  const auto flushed_one = [&] {
    const int before = answered;
    db->Enqueue(OneEvent(next++), done);
    db->Flush();
    return answered > before;
  };
  CHECK(flushed_one());

  // A write for the engine's thread, before or behind the loop's own.
  db->WriteAsync(OneEvent(next++), done);
  CHECK_FALSE(flushed_one());
  world.RunAll();
  CHECK(answered == 3);
  CHECK(flushed_one());

  // A log file that is full: the engine's thread goes to the next one. No loop ever makes a file.
  const uint64_t files_before = files.num_calls(FileCall::kRename);
  int left = 0;
  for (int i = 0; i < 3000; ++i) {
    const uint64_t renames = files.num_calls(FileCall::kRename);
    if (!flushed_one()) ++left;
    REQUIRE(files.num_calls(FileCall::kRename) == renames);
    world.RunAll();
  }
  CHECK(files.num_calls(FileCall::kRename) > files_before);
  CHECK(left > 0);
  CHECK(left < 600);
}

TEST_CASE("an event loop finds a full disk once, and leaves it until there is space", "[P2][P13]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open();
  world.RunAll();
  files.FailNext(FileCall::kAllocate, Fault::kDiskFull, true);
  int refused = 0;
  int next = 0;
  const auto flushed_one = [&](size_t text_bytes) {
    Batch batch = OneEvent(next++);
    std::get<Track>(batch.items[0]).properties = {{"t", std::string(text_bytes, 'x')}};
    bool told = false;
    db->Enqueue(std::move(batch), [&](const auto& result) {
      told = true;
      refused += !result.ok();
    });
    db->Flush();
    const bool here = told;
    world.RunAll();
    return here;
  };
  while (refused == 0) REQUIRE(flushed_one(60'000));
  CHECK_FALSE(flushed_one(60'000));
  CHECK(refused == 2);
  files.ClearFaults();
  CHECK_FALSE(flushed_one(60'000));
  CHECK(refused == 2);
  flushed_one(1);  // the file was full with the last one
  CHECK(flushed_one(1));
}

TEST_CASE("an event loop only wakes others where the disk is not to be trusted", "[P2]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open({.write_in_flush = false});
  world.RunAll();
  int answered = 0;
  db->Enqueue(OneEvent(1), [&](const auto& result) { answered += result.ok(); });
  db->Flush();
  CHECK(answered == 0);
  world.RunAll();
  CHECK(answered == 1);
}

TEST_CASE("an interval store syncs by itself, and at once for who asks", "[P1]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open({.durability = Durability::kInterval, .sync_interval_ms = 50});
  for (int i = 0; i < 5; ++i) REQUIRE(db->Write(OneEvent(i)).ok());
  REQUIRE(db->Write(OneEvent(5, Durability::kSync)).ok());
  CHECK(db->GetStats().durable_lsn == db->GetStats().lsn);
  const auto crashed = files.CrashImage(TestSeed());
  World after(crashed.get());
  CHECK(CountOrders(after.Open().get()) == 6);

  REQUIRE(db->Write(OneEvent(6)).ok());
  const uint64_t syncs = db->GetStats().num_syncs;
  world.clock.micros += 60'000;
  world.Pass(60);
  CHECK(db->GetStats().num_syncs == syncs + 1);
  CHECK(db->GetStats().durable_lsn == db->GetStats().lsn);
}

TEST_CASE("a store without a log refuses what it cannot keep, and writes no log", "[P1]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open({.durability = Durability::kNone});
  const uint64_t syncs = files.num_calls(FileCall::kSync);
  const uint64_t writes = files.num_calls(FileCall::kWrite);
  for (int i = 0; i < 20; ++i) REQUIRE(db->Write(OneEvent(i)).ok());
  CHECK(files.num_calls(FileCall::kSync) == syncs);
  CHECK(files.num_calls(FileCall::kWrite) == writes);
  const absl::Status refused = db->Write(OneEvent(20, Durability::kSync)).status();
  CHECK(ErrorCodeOf(refused) == ErrorCode::kErr);
  CHECK(CountOrders(db.get()) == 20);
  const auto read = db->Get(User("u1"));
  REQUIRE(read.ok());
  CHECK(read->durable);
  CHECK(db->GetStats().num_commits == 20);
  CHECK(db->GetStats().durable_lsn < db->GetStats().lsn);
}

TEST_CASE("the queue is bounded: too many items at once are refused, none is lost", "[P18]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open();
  int refused = 0;
  int answered = 0;
  for (int i = 0; i < 5; ++i) {
    Batch batch;
    batch.items.resize(250'000, Track{});  // nobody in them: each item gets its error
    db->WriteAsync(std::move(batch), [&](const absl::StatusOr<WriteResult>& result) {
      ++answered;
      refused += !result.ok() && ErrorCodeOf(result.status()) == ErrorCode::kLimit;
    });
  }
  CHECK(refused == 1);
  while (world.executor.RunOne()) {
  }
  CHECK(answered == 5);
}

}  // namespace
}  // namespace roster
