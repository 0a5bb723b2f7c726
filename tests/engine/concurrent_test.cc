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

// What a profile has of everything that a merge moves.
struct Holdings {
  uint64_t num_events = 0;
  size_t num_identities = 0;
  size_t num_labels = 0;
  size_t num_notes = 0;
  bool operator==(const Holdings&) const = default;
};

Holdings HoldingsOf(const Profile& profile) {
  Holdings held{0, profile.identities.size(), profile.labels.size(), profile.notes.size()};
  for (const EventCount& count : profile.event_counts) held.num_events += count.count;
  return held;
}

// Merges two people and undoes it again and again, while readers look at both.
class MergingWriter {
 public:
  explicit MergingWriter(Database* db) : db_(db) {
    for (const auto& [user, num_events] : {std::pair("one", 7), std::pair("two", 5)}) {
      const std::string name = user;
      Must(Traits({User(name), {"email", name + "@x.nl"}}, {{"plan", name}}));
      for (int i = 0; i < num_events; ++i) Must(Event(name, "order", name + std::to_string(i)));
      Must(Label{.profile = User(name), .add = {"of " + name}, .remove = {}});
      Must(Note{.profile = User(name), .text = name});
    }
  }
  void MergeAndUnmerge() {
    auto preview = db_->PreviewMerge(User("one"), User("two"), {});
    if (!preview.ok()) return Fail(preview.status());
    preview->value.plan.force = true;
    const ProfileId loser = preview->value.plan.loser;
    Must(std::move(preview->value.plan));
    Must(Unmerge{loser});
  }
  const std::string& failure() const { return failure_; }

 private:
  void Must(WriteItem item) {
    const auto result = db_->Write(std::move(item));
    if (!result.ok()) Fail(result.status());
  }
  void Fail(const absl::Status& status) { failure_ = status.ToString(); }

  Database* const db_;
  std::string failure_;
};

TEST_CASE("no reader in another thread sees half a merge", "[threads][R9]") {
  const std::filesystem::path dir =
      std::filesystem::temp_directory_path() / ("roster-" + std::to_string(SystemRandom()->Next()));
  auto db = *Database::Open(dir.string(), {});
  MergingWriter writer(db.get());
  const Holdings one{7, 2, 1, 1};
  const Holdings two{5, 2, 1, 1};
  const Holdings both{12, 4, 2, 2};
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::atomic<int> num_merged{0};
  std::atomic<int> num_apart{0};
  std::vector<std::thread> readers;
  for (const auto& [name, alone] : {std::pair("one", one), std::pair("two", two)}) {
    readers.emplace_back([&, user = User(name), alone = alone] {
      while (!stop) {
        const auto got = db->Get(user);
        const bool merged = got.ok() && HoldingsOf(got->profile) == both;
        if (!merged && !(got.ok() && HoldingsOf(got->profile) == alone)) ++wrong;
        ++(merged ? num_merged : num_apart);
      }
    });
  }
  // Of one view: both have their own events, or one has all, and with them all identities.
  readers.emplace_back([&] {
    while (!stop) {
      const auto rows = db->Execute("find external_id, email where did \"order\"", {});
      const auto apart = db->Execute(
          "count where did \"order\" exactly 7 times or did \"order\" exactly 5 times", {});
      const auto either = db->Execute(
          "count where did \"order\" exactly 12 times and external_id = \"one\" and external_id = "
          "\"two\""
          " or did \"order\" exactly 7 times and external_id = \"one\" and external_id != \"two\"",
          {});
      if (!rows.ok() || !apart.ok() || !either.ok()) {
        ++wrong;
        continue;
      }
      const size_t num_rows = std::get<Table>(rows->data).rows.size();
      if (num_rows != 1 && num_rows != 2) ++wrong;
      if (std::get<Count>(apart->data).count % 2 != 0) ++wrong;
      if (std::get<Count>(either->data).count != 1) ++wrong;
    }
  });
  for (int i = 0; i < 100 || num_merged < 20 || num_apart < 20; ++i) {
    writer.MergeAndUnmerge();
    if (!writer.failure().empty()) break;
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(writer.failure().empty());
  CHECK(wrong == 0);
  CHECK(HoldingsOf(db->Get(User("one"))->profile) == one);
  CHECK(HoldingsOf(db->Get(User("two"))->profile) == two);
  CHECK(db->Close().ok());
  db.reset();
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace roster
