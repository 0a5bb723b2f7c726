// SPDX-License-Identifier: Apache-2.0
//
// What do people cost? Identify and track in batches, merges (by an identify on a device, vouched
// for, by hand) and their undoing, reading somebody with many events or identities, and an identify
// that comes late on a shared device; through the C++ API, on a disk, each answer durable.
// people.py prints this as a table, with the same over TCP. Source: PERFORMANCE.md; IDENTITY.md.
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/on_disk.h"
#include "roster/database.h"

namespace roster {
namespace {

constexpr int64_t kPeople = 100'003;
constexpr int64_t kBatch = 500;
constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kStartMs = 1'767'225'600'000;  // 2026-01-01
constexpr int kEventsOfEach = 20;                // of the two sides of a merge

// A store that goes away with the benchmark; the first write that fails is its error.
class Store {
 public:
  explicit Store(benchmark::State* state) : state_(state) {
    auto db = Database::Open(folder_.path(), {});
    Note(db.status());
    if (db.ok()) db_ = *std::move(db);
  }
  Database* db() { return db_.get(); }

  void Write(Batch batch) {
    const auto result = db_->Write(std::move(batch));
    Note(result.status());
    if (!result.ok()) return;
    for (const ItemResult& item : result->items) Note(item.status);
  }
  ProfileId WriteOne(WriteItem item) {
    const auto result = db_->Write(std::move(item));
    Note(result.status());
    return result.ok() ? result->items[0].profile : ProfileId{};
  }
  // Commands of one item each, all in flight at once.
  void WriteEach(std::vector<WriteItem> items) {
    std::atomic<size_t> done{0};
    std::atomic<bool> failed{false};
    const size_t count = items.size();
    for (WriteItem& item : items) {
      Batch batch;
      batch.items.push_back(std::move(item));
      db_->WriteAsync(std::move(batch), [&](const absl::StatusOr<WriteResult>& result) {
        if (!result.ok()) failed = true;
        ++done;
      });
    }
    while (done < count) std::this_thread::yield();
    if (failed) Note(absl::InternalError("a command of many was refused"));
  }
  void Note(const absl::Status& status) {
    if (!status.ok()) state_->SkipWithError(std::string(status.message()).c_str());
  }

 private:
  benchmark::State* const state_;
  const BenchFolder folder_;  // outlives the database in it
  std::unique_ptr<Database> db_;
};

Timestamp At(int64_t minutes) { return {kStartMs + minutes * kMinuteMs}; }
IdentityRef User(int64_t number) { return {"external_id", "u" + std::to_string(number)}; }
IdentityRef Device(int64_t number) { return {"anonymous_id", "a" + std::to_string(number)}; }

Track Event(IdentityRef who, int64_t minutes, const std::string& message) {
  return {.identities = {std::move(who)},
          .event = "order",
          .properties = {{"amount", 12.5}, {"channel", "web"}},
          .time = At(minutes),
          .message_id = message};
}

// Batches of what is made of the numbers from 0 on; making them is not measured.
template <typename MakeItem>
void WriteBatches(benchmark::State& state, Store* store, MakeItem make) {
  int64_t next = 0;
  for (auto _ : state) {
    state.PauseTiming();
    Batch batch;
    for (int64_t end = next + kBatch; next < end; ++next) batch.items.emplace_back(make(next));
    state.ResumeTiming();
    store->Write(std::move(batch));
  }
  state.SetItemsProcessed(next);
}

template <typename Read>
void ReadAgainAndAgain(benchmark::State& state, Store* store, Read read) {
  for (auto _ : state) {
    const auto got = read(store->db());
    store->Note(got.status());
    benchmark::DoNotOptimize(got);
  }
}

// Identify and track

void BM_Identify(benchmark::State& state) {
  Store store(&state);
  WriteBatches(state, &store, [](int64_t number) {
    return Identify{.identities = {User(number % kPeople)},
                    .traits = {{"country", "NL"}, {"plan", "pro"}, {"age", int64_t{31}}},
                    .time = At(number / kPeople)};
  });
}
BENCHMARK(BM_Identify)->UseRealTime()->MinTime(2);

void BM_Track(benchmark::State& state) {
  Store store(&state);
  WriteBatches(state, &store, [](int64_t number) {
    return Event(User(number % kPeople), number / kPeople, "m" + std::to_string(number));
  });
}
BENCHMARK(BM_Track)->UseRealTime()->MinTime(2);

// Merges

enum class Sides { kVisitor, kTwoPeople };

// Numbers `first` and on: a person, and his visitor or another person, kEventsOfEach events each.
void MakePairs(Store* store, int64_t first, Sides sides) {
  for (int64_t i = first; i < first + kBatch; ++i) {
    Batch batch;
    const IdentityRef other =
        sides == Sides::kVisitor ? Device(i) : IdentityRef{"email", std::to_string(i) + "@x.nl"};
    for (const IdentityRef& who : {User(i), other}) {
      if (who.space != "anonymous_id") {
        batch.items.emplace_back(Identify{
            .identities = {who}, .traits = {{"plan", "pro"}, {"age", i % 80}}, .time = At(0)});
      }
      for (int n = 0; n < kEventsOfEach; ++n) {
        batch.items.emplace_back(
            Event(who, n, who.space + std::to_string(i) + "-" + std::to_string(n)));
      }
    }
    store->Write(std::move(batch));
  }
}

// A batch of identifies, each of which merges two profiles.
void MergeByIdentify(benchmark::State& state, Sides sides) {
  Store store(&state);
  int64_t next = 0;
  for (auto _ : state) {
    state.PauseTiming();
    MakePairs(&store, next, sides);
    Batch batch;
    for (int64_t i = next; i < next + kBatch; ++i) {
      const IdentityRef other =
          sides == Sides::kVisitor ? Device(i) : IdentityRef{"email", std::to_string(i) + "@x.nl"};
      batch.items.emplace_back(
          Identify{.identities = {User(i), other}, .time = At(60), .authenticated = true});
    }
    next += kBatch;
    state.ResumeTiming();
    store.Write(std::move(batch));
  }
  state.SetItemsProcessed(next);
}
void BM_MergeVisitor(benchmark::State& state) { MergeByIdentify(state, Sides::kVisitor); }
BENCHMARK(BM_MergeVisitor)->UseRealTime()->Iterations(20);
void BM_MergeVouched(benchmark::State& state) { MergeByIdentify(state, Sides::kTwoPeople); }
BENCHMARK(BM_MergeVouched)->UseRealTime()->Iterations(20);

enum class Timed { kPreview, kApply, kUnmerge };

// By hand, kBatch commands in flight at once.
void MergeByHand(benchmark::State& state, Timed timed) {
  Store store(&state);
  int64_t next = 0;
  const auto time = [&](Timed what, const std::function<void()>& work) {
    if (what == timed) state.ResumeTiming();
    work();
    if (what == timed) state.PauseTiming();
  };
  for (auto _ : state) {
    state.PauseTiming();
    MakePairs(&store, next, Sides::kTwoPeople);
    std::vector<WriteItem> applies;
    std::vector<WriteItem> unmerges;
    time(Timed::kPreview, [&] {
      for (int64_t i = next; i < next + kBatch; ++i) {
        auto preview = store.db()->PreviewMerge(
            User(i), IdentityRef{"email", std::to_string(i) + "@x.nl"}, {});
        store.Note(preview.status());
        if (!preview.ok()) return;
        unmerges.emplace_back(Unmerge{preview->value.plan.loser});
        applies.emplace_back(std::move(preview->value.plan));
      }
    });
    time(Timed::kApply, [&] { store.WriteEach(std::move(applies)); });
    time(Timed::kUnmerge, [&] { store.WriteEach(std::move(unmerges)); });
    next += kBatch;
    state.ResumeTiming();
  }
  state.SetItemsProcessed(next);
}
void BM_MergePreview(benchmark::State& state) { MergeByHand(state, Timed::kPreview); }
BENCHMARK(BM_MergePreview)->UseRealTime()->Iterations(10);
void BM_MergeApply(benchmark::State& state) { MergeByHand(state, Timed::kApply); }
BENCHMARK(BM_MergeApply)->UseRealTime()->Iterations(10);
void BM_Unmerge(benchmark::State& state) { MergeByHand(state, Timed::kUnmerge); }
BENCHMARK(BM_Unmerge)->UseRealTime()->Iterations(10);

// Reading somebody with many events, among kPeople others

class ManyEvents {
 public:
  ManyEvents(benchmark::State* state, int64_t count) : store_(state) {
    for (int64_t i = 0; i < 20'000; i += kBatch) {
      Batch batch;
      for (int64_t n = i; n < i + kBatch; ++n) batch.items.emplace_back(Event(User(n + 1), n, ""));
      store_.Write(std::move(batch));
    }
    Batch batch;
    for (int64_t n = 0; n < count; ++n) {
      Track event = Event(User(0), n * 7, "e" + std::to_string(n));
      event.event = n % 4 == 0 ? "order" : n % 4 == 1 ? "view" : "page_view";
      event.traits = {{"plan", n % 2 == 0 ? "pro" : "free"}};
      batch.items.emplace_back(std::move(event));
      if (batch.items.size() == kBatch || n + 1 == count) {
        store_.Write(std::exchange(batch, Batch()));
      }
    }
  }
  Store* get() { return &store_; }

 private:
  Store store_;
};

void BM_Get(benchmark::State& state) {
  ManyEvents store(&state, state.range(0));
  ReadAgainAndAgain(state, store.get(), [](Database* db) { return db->Get(User(0)); });
}
BENCHMARK(BM_Get)->Arg(1)->Arg(1000)->Arg(10000)->Unit(benchmark::kMicrosecond);

void BM_GetNoEvents(benchmark::State& state) {
  ManyEvents store(&state, state.range(0));
  const uint32_t traits = static_cast<uint32_t>(Section::kTraits);
  ReadAgainAndAgain(state, store.get(), [&](Database* db) {
    return db->Get(User(0), {.sections = traits, .max_events = 0});
  });
}
BENCHMARK(BM_GetNoEvents)->Arg(1000)->Unit(benchmark::kMicrosecond);

// Args: events, how many are asked for.
void BM_Timeline(benchmark::State& state) {
  ManyEvents store(&state, state.range(0));
  const auto limit = static_cast<uint32_t>(state.range(1));
  ReadAgainAndAgain(state, store.get(),
                    [&](Database* db) { return db->GetTimeline(User(0), {.limit = limit}); });
}
BENCHMARK(BM_Timeline)->Args({1000, 50})->Args({1000, 1000})->Unit(benchmark::kMicrosecond);

// Somebody with many identities. Args: how many; of which kind: 0 emails, 1 devices.

class ManyIdentities {
 public:
  explicit ManyIdentities(benchmark::State* state)
      : store_(state), space_(state->range(1) == 0 ? "email" : "anonymous_id") {
    store_.WriteOne(Declare{.statement = "alter namespace email limit 1000"});
    for (int64_t n = 0; n < state->range(0); ++n) {
      store_.WriteOne(Identify{.identities = {User(0), Name(n)}, .time = At(n)});
      store_.WriteOne(Event(Name(n), n, "e" + std::to_string(n)));
    }
  }
  Store* get() { return &store_; }
  IdentityRef Name(int64_t n) const { return {space_, std::to_string(n) + "@example.com"}; }

 private:
  Store store_;
  const std::string space_;
};

void BM_IdentifyKnown(benchmark::State& state) {
  ManyIdentities store(&state);
  WriteBatches(state, store.get(), [&](int64_t number) {
    return Identify{.identities = {User(0), store.Name(0)},
                    .traits = {{"age", number % 100}},
                    .time = At(200 + number)};
  });
}
// Devices keep each identify on them: these come to 10,000 and 500 on one.
BENCHMARK(BM_IdentifyKnown)
    ->Args({1, 0})
    ->Args({100, 0})
    ->Args({1, 1})
    ->Args({100, 1})
    ->UseRealTime()
    ->Iterations(20);
BENCHMARK(BM_IdentifyKnown)
    ->Name("BM_IdentifyFewMarks")
    ->Args({1, 1})
    ->UseRealTime()
    ->Iterations(1)
    ->Repetitions(5)
    ->ReportAggregatesOnly(false);

void BM_GetIdentities(benchmark::State& state) {
  ManyIdentities store(&state);
  ReadAgainAndAgain(state, store.get(), [](Database* db) { return db->Get(User(0)); });
}
BENCHMARK(BM_GetIdentities)
    ->Args({1, 0})
    ->Args({100, 0})
    ->Args({1, 1})
    ->Args({100, 1})
    ->Unit(benchmark::kMicrosecond);

// A shared device: one identifies, a thousand events come, another identifies; then it is heard
// that a third had identified in the middle: half of the events are his. Arg: events.
void BM_LateIdentify(benchmark::State& state) {
  Store store(&state);
  const int64_t count = state.range(0);
  int64_t next = 0;
  for (auto _ : state) {
    state.PauseTiming();
    Batch batch;
    batch.items.emplace_back(Identify{.identities = {User(next), Device(next)}, .time = At(0)});
    for (int64_t n = 0; n < count; ++n) {
      batch.items.emplace_back(
          Event(Device(next), 1 + n, std::to_string(next) + "-" + std::to_string(n)));
    }
    batch.items.emplace_back(
        Identify{.identities = {User(next + 1), Device(next)}, .time = At(count + 2)});
    store.Write(std::move(batch));
    state.ResumeTiming();
    store.WriteOne(Identify{.identities = {User(next + 2), Device(next)}, .time = At(count / 2)});
    next += 3;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_LateIdentify)
    ->Arg(2)
    ->Arg(1000)
    ->UseRealTime()
    ->Iterations(100)
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace roster

int main(int argc, char** argv) { return roster::RunOnDisk(argc, argv); }
