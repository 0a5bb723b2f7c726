// SPDX-License-Identifier: Apache-2.0
//
// Retention removes what it says and nothing else, also over a restart. ROSTER_SEED repeats a run.
#include <map>
#include <random>

#include "engine/upkeep/sealer.h"
#include "roster/error.h"
#include "storage/base/text.h"
#include "tests/engine/simulation.h"
#include "tests/memory/store_builder.h"
#include "tests/seed.h"

namespace roster {
namespace {

constexpr int64_t kHourMs = 3'600'000;

int64_t HourBefore(int64_t ms) { return ms / kHourMs * kHourMs; }

// The times of the events by user and type that are still to be there.
struct Model {
  std::map<std::string, std::map<std::string, std::multimap<int64_t, std::string>>> events;
  std::map<std::string, int64_t> keep_ms;

  void Expire(int64_t now_ms) {
    for (auto& [user, types] : events) {
      for (auto& [type, times] : types) {
        const int64_t keep = keep_ms[type];
        if (keep != 0) times.erase(times.begin(), times.lower_bound(HourBefore(now_ms - keep)));
      }
    }
  }
  uint64_t Count(const std::string& user, const std::string& type) {
    return events[user][type].size();
  }
};

void CheckEqual(Database* db, int64_t now_ms, Model* model) {
  model->Expire(now_ms);
  uint64_t total = 0;
  for (auto& [user, types] : model->events) {
    const Profile profile = MustGet(db, User(user));
    std::map<std::string, uint64_t> counts;
    for (const EventCount& count : profile.event_counts) counts[count.type] = count.count;
    for (const auto& [type, times] : types) {
      REQUIRE(counts[type] == times.size());
      total += times.size();
      const auto told = db->Execute(StrCat("count where external_id = \"", user, "\" and did \"",
                                           type, "\" exactly ", times.size(), " times"),
                                    {});
      REQUIRE(told.ok());
      REQUIRE(std::get<Count>(told->data).count == 1);
    }
  }
  REQUIRE(db->GetStats().num_events == total);
}

TEST_CASE("the store's own records are not kept shorter", "[retention]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open();
  REQUIRE(db->Write(Event("u1", "order", "m1")).ok());
  REQUIRE(db->Write(Retain{"order", kHourMs}).ok());
  for (const char* own : {"\001call", "\001merge"}) {
    CHECK(ErrorCodeOf(db->Write(Retain{own, kHourMs}).status()) == ErrorCode::kNoTrait);
  }
}

TEST_CASE("retention removes what it says and nothing else", "[retention]") {
  std::mt19937_64 random(TestSeed());
  const std::vector<std::string> types = {"view", "order"};
  for (int round = 0; round < 5; ++round) {
    FaultyFileSystem files;
    auto world = std::make_unique<World>(&files);
    auto db = world->Open();
    Model model;
    int next = 0;
    for (int step = 0; step < 300; ++step) {
      const int64_t now_ms = world->clock.now_ms;
      const std::string& type = types[random() % 2];
      switch (random() % 12) {
        case 0:
          world->clock.now_ms += static_cast<int64_t>(random() % (30 * kHourMs));
          break;
        case 1:
          // Asking moves the store's clock, so that what is due by now goes before the change.
          CheckEqual(db.get(), now_ms, &model);
          if (model.events.empty()) break;
          {
            const int64_t keep_ms =
                random() % 4 == 0 ? 0 : (1 + static_cast<int64_t>(random() % 300)) * kHourMs;
            if (db->SetRetention(type, keep_ms).ok()) model.keep_ms[type] = keep_ms;
          }
          break;
        case 2:
          CheckEqual(db.get(), now_ms, &model);
          break;
        case 3:
          db.reset();
          world = std::make_unique<World>(&files, now_ms);
          db = world->Open();
          break;
        default: {
          const std::string user = "u" + std::to_string(random() % 5);
          const std::string id = "m" + std::to_string(++next);
          const int64_t time_ms = now_ms - static_cast<int64_t>(random() % (400 * kHourMs));
          REQUIRE(db->Write(Event(user, type, id, {}, Timestamp{time_ms})).ok());
          model.events[user][type].emplace(time_ms, id);
        }
      }
    }
  }
}

TEST_CASE("an event that comes later than its type is kept is dropped, with a warning",
          "[retention]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open();
  REQUIRE(db->Write(Event("u1", "view", "m1")).ok());
  REQUIRE(db->SetRetention("view", 5 * kHourMs).ok());
  const auto old = db->Write(Event("u1", "view", "m2", {}, Timestamp{kTestStartMs - 7 * kHourMs}));
  REQUIRE(old.ok());
  CHECK(old->items[0].warnings ==
        std::vector<std::string>{"older than its type is kept, left out: view"});
  const auto kept = db->Write(Event("u1", "view", "m3", {}, Timestamp{kTestStartMs - 3 * kHourMs}));
  REQUIRE(kept.ok());
  CHECK(kept->items[0].warnings.empty());
  CHECK(db->Get(User("u1")).ok());  // what is due by now goes
  CHECK(db->GetStats().num_events == 2);
}

TEST_CASE("retention of what is not there is refused", "[retention]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open();
  CHECK(ErrorCodeOf(db->SetRetention("view", 5 * kHourMs).status()) == ErrorCode::kNoTrait);
  REQUIRE(db->Write(Event("u1", "view", "m1")).ok());
  CHECK(ErrorCodeOf(db->SetRetention("view", -1).status()) == ErrorCode::kLimit);
  CHECK(db->SetRetention("view", 5 * kHourMs).ok());
  CHECK(db->SetRetention("view", 0).ok());
}

TEST_CASE("what has expired is sealed away before a longer retention is applied", "[retention]") {
  StoreBuilder b;
  const EventTypeId view = b.Event("view");
  const EventTypeId order = b.Event("order");
  b.Apply(SetRetention{view, kHourMs});
  b.Apply(SetRetention{order, kHourMs});
  constexpr int kProfiles = 40'000;  // over several blocks
  for (int i = 0; i < kProfiles; ++i) {
    const ProfileId profile = b.Profile();
    b.Add(profile, view, 1, kHourMs + 1);
    b.Add(profile, view, 2, 9 * kHourMs);
    if (i % 100 == 0) b.Add(profile, order, 3, kHourMs + 1);
  }
  SharedStore shared;
  TestClock clock;
  TestExecutor executor(&clock);
  {
    MutexLock lock(&shared.mutex);
    shared.store = std::move(b.store);
  }
  Sealer sealer(&executor, &clock, &shared);
  const auto apply = [&](const Mutation& mutation) {
    MutexLock lock(&shared.mutex);
    ChangeSet changes;
    REQUIRE(shared.store.Check(mutation).ok());
    const uint64_t before = shared.store.copied_bytes();
    shared.store.Apply(mutation, &changes);
    return shared.store.copied_bytes() - before;
  };
  apply(ExpireEvents{view, {8 * kHourMs}});
  apply(ExpireEvents{order, {8 * kHourMs}});
  sealer.SealExpired(view);
  {
    MutexLock lock(&shared.mutex);
    CHECK_FALSE(shared.store.state().partition(view).has_stale());
    CHECK(shared.store.state().partition(order).has_stale());  // nobody asked for that
    CHECK(shared.store.state().num_events() == kProfiles);
  }
  CHECK(apply(SetRetention{view, 0}) == 0);  // no block is made again while the writer waits
  MutexLock lock(&shared.mutex);
  CHECK(shared.store.state().num_events() == kProfiles);
}

TEST_CASE("a longer retention first brings away what has expired by then", "[retention]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open();
  const Timestamp old{kTestStartMs - 50 * kHourMs};
  REQUIRE(db->Write(Event("u1", "view", "m1", {}, old)).ok());
  REQUIRE(db->Write(Event("u1", "view", "m2")).ok());
  REQUIRE(db->SetRetention("view", 60 * kHourMs).ok());
  world.clock.now_ms += 20 * kHourMs;  // nothing looks at the store meanwhile
  const auto events_in_blocks = [&] {
    for (const MemoryEntry& entry : db->GetMemory()) {
      if (entry.name == "view") return entry.bytes;
    }
    return uint64_t{0};
  };
  // One that is shorter, or equal, or of nothing, is no more than its own commit.
  for (const int64_t keep_hours : {60, 55}) {
    const uint64_t before = db->GetStats().num_commits;
    REQUIRE(db->SetRetention("view", keep_hours * kHourMs).ok());
    CHECK(db->GetStats().num_commits == before + 1);
  }
  CHECK(db->GetStats().num_events == 1);
  const uint64_t with_expired = events_in_blocks();
  world.clock.now_ms += 36 * kHourMs;  // the other one expires too
  const uint64_t before = db->GetStats().num_commits;
  REQUIRE(db->SetRetention("view", 0).ok());
  CHECK(db->GetStats().num_commits == before + 2);  // expired by a commit of its own, then kept
  CHECK(db->GetStats().num_events == 0);
  CHECK(events_in_blocks() < with_expired);
  const auto after = db->Write(Event("u1", "view", "m3", {}, old));
  REQUIRE(after.ok());
  CHECK(db->GetStats().num_events == 1);
}

}  // namespace
}  // namespace roster
