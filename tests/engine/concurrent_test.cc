// SPDX-License-Identifier: Apache-2.0
//
// Real threads: writers and readers at once, on real files. Run under ThreadSanitizer.
#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "tests/engine/simulation.h"

namespace roster {
namespace {

TEST_CASE("writers and readers at once: order kept, nothing lost, groups shared", "[threads]") {
  const std::filesystem::path dir =
      std::filesystem::temp_directory_path() / ("roster-" + std::to_string(SystemRandom()->Next()));
  constexpr int kThreads = 4;
  constexpr int kWrites = 60;
  {
    auto db = *Database::Open(dir.string(), {});
    REQUIRE(db->Write(Event("first", "order", "first")).ok());  // from here the type is known
    std::atomic<bool> stop{false};
    std::atomic<int> wrong{0};
    std::thread reader([&] {
      uint64_t last = 0;
      Timestamp clock;
      while (!stop) {
        const auto result = db->Execute("count where did \"order\" at least 1 times", {});
        const uint64_t count = result.ok() ? std::get<Count>(result->data).count : 0;
        if (!result.ok() || count < last || result->clock < clock) ++wrong;
        if (result.ok()) clock = result->clock;
        last = count;
      }
    });
    std::vector<std::thread> writers;
    for (int t = 0; t < kThreads; ++t) {
      writers.emplace_back([&, t] {
        for (int i = 0; i < kWrites; ++i) {
          const std::string user = "u" + std::to_string(t) + "-" + std::to_string(i);
          const auto result = db->Write(Event(user, "order", user));
          if (!result.ok()) ++wrong;
          const auto own = db->Get(User(user));  // a client sees its own write
          if (!own.ok() || own->lsn < result->lsn || !own->durable) ++wrong;
        }
      });
    }
    for (std::thread& writer : writers) writer.join();
    stop = true;
    reader.join();
    CHECK(wrong == 0);
    const Stats stats = db->GetStats();
    CHECK(stats.num_commits == kThreads * kWrites + 1);
    CHECK(stats.num_syncs <= stats.num_commits);
    CHECK(stats.durable_lsn == stats.lsn);
    absl::Status other;
    std::thread closer([&] { other = db->Close(); });
    CHECK(db->Close().ok());
    closer.join();
    CHECK(other.ok());
  }
  auto db = *Database::Open(dir.string(), {});
  CHECK(db->GetStats().num_profiles == kThreads * kWrites + 1);
  db.reset();
  std::filesystem::remove_all(dir);
}

TEST_CASE("an event loop, waiting callers and the engine's thread take turns at writing",
          "[threads][P4]") {
  const std::filesystem::path dir =
      std::filesystem::temp_directory_path() / ("roster-" + std::to_string(SystemRandom()->Next()));
  constexpr int kTurns = 60;
  auto db = *Database::Open(dir.string(), {});
  std::atomic<int> answered{0};
  std::atomic<int> wrong{0};
  int total = 0;
  std::vector<std::thread> callers;
  for (int t = 0; t < 2; ++t) {
    total += kTurns;
    callers.emplace_back([&, t] {
      for (int i = 0; i < kTurns; ++i) {
        const std::string user = "c" + std::to_string(t) + "-" + std::to_string(i);
        if (db->Write(Event(user, "order", user)).ok()) ++answered;
      }
    });
  }
  uint64_t last_lsn = 0;  // answers come in order, from one thread at a time
  for (int turn = 0; turn < kTurns; ++turn) {
    const int count = turn % 7 == 0 ? 200 : 1 + turn % 5;
    for (int i = 0; i < count; ++i, ++total) {
      Batch batch;
      const std::string user = "e" + std::to_string(turn) + "-" + std::to_string(i);
      batch.items.emplace_back(Event(user, "order", user));
      auto done = [&](const absl::StatusOr<WriteResult>& result) {
        if (!result.ok() || result->lsn.value <= last_lsn) ++wrong;
        if (result.ok()) last_lsn = result->lsn.value;
        ++answered;
      };
      if (turn % 3 == 0) {
        db->WriteAsync(std::move(batch), done);
      } else {
        db->Enqueue(std::move(batch), done);
      }
    }
    db->Flush();
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(db->Close().ok());
  CHECK(wrong == 0);
  CHECK(answered == total);
  db.reset();
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace roster
