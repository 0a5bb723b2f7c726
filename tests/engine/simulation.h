// SPDX-License-Identifier: Apache-2.0
//
// A world for one engine that the test drives: a clock that moves when told, loops that run when
// somebody waits, files that fail. Thread rule: one thread, but for the clock.
#ifndef ROSTER_TESTS_ENGINE_SIMULATION_H_
#define ROSTER_TESTS_ENGINE_SIMULATION_H_

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/environment.h"
#include "tests/disk/faulty_file_system.h"
#include "tests/disk/seeded_random.h"

namespace roster {

// 2026-01-01T00:00:00Z.
inline constexpr int64_t kTestStartMs = 1'767'225'600'000;

inline constexpr uint64_t kTestLogFileBytes = 256 << 10;

class TestClock final : public Clock {
 public:
  Timestamp Now() override { return {now_ms}; }
  int64_t MonotonicMicros() override { return micros += tick_us; }
  std::atomic<int64_t> now_ms{kTestStartMs};
  std::atomic<int64_t> micros{0};   // of the monotonic clock
  std::atomic<int64_t> tick_us{1};  // what passes between two looks at it
};

// Runs the steps of woken loops on the thread that waits for them: the first that is woken or,
// with a seed, any.
class TestExecutor final : public Executor {
 public:
  explicit TestExecutor(TestClock* clock) : clock_(clock) {}

  std::unique_ptr<Loop> StartLoop(std::function<NextStep()> step) override {
    return std::make_unique<TestLoop>(this, std::move(step));
  }
  bool RunOne() override {
    std::vector<TestLoop*> woken;
    for (TestLoop* loop : loops_) {
      if (loop->woken) woken.push_back(loop);
    }
    if (woken.empty()) return false;
    woken[seed_ == 0 ? 0 : random_.Next() % woken.size()]->Step();
    return true;
  }
  // Steps run in an order that the seed decides.
  void Shuffle(uint64_t seed) {
    seed_ = seed;
    random_ = SeededRandom(seed);
  }
  // Wakes loops whose time has come.
  void Fire() {
    for (TestLoop* loop : loops_) {
      loop->woken = loop->woken || (loop->due_ms && *loop->due_ms <= clock_->now_ms);
    }
  }
  void RunAll(std::vector<std::function<void()>> tasks) override {
    for (const std::function<void()>& task : tasks) task();
  }

 private:
  struct TestLoop final : public Loop {
    TestLoop(TestExecutor* executor, std::function<NextStep()> the_step)
        : owner(executor), step(std::move(the_step)) {
      owner->loops_.push_back(this);
    }
    ~TestLoop() override {
      while (woken) Step();
      owner->loops_.remove(this);
    }
    void Wake() override { woken = true; }
    void Step() {
      woken = false;
      due_ms.reset();
      const NextStep next = step();
      woken = woken || next.delay_ms == 0;
      if (next.delay_ms > 0) due_ms = owner->clock_->now_ms + next.delay_ms;
    }

    TestExecutor* owner;
    std::function<NextStep()> step;
    bool woken = false;
    std::optional<int64_t> due_ms;
  };
  TestClock* const clock_;
  std::list<TestLoop*> loops_;
  uint64_t seed_ = 0;
  SeededRandom random_{0};
};

// The seams of one run. The files outlive it, so that another run opens what it left.
class World {
 public:
  explicit World(FaultyFileSystem* files, int64_t now_ms = kTestStartMs) : files_(files) {
    clock.now_ms = now_ms;
  }
  absl::StatusOr<std::unique_ptr<Database>> TryOpen(const Options& options = {}) {
    // A disk in memory is copied often: files stay as small as a test lets them.
    Options small = options;
    small.log_file_bytes = std::min(options.log_file_bytes, kTestLogFileBytes);
    return OpenDatabase("data", small, environment());
  }
  Environment environment() { return {files_, &clock, &random_, &executor}; }
  std::unique_ptr<Database> Open(const Options& options = {}) {
    auto db = TryOpen(options);
    INFO(db.status().ToString());
    REQUIRE(db.ok());
    return *std::move(db);
  }

  // Runs what was asked of loops to its end.
  void RunAll() {
    while (executor.RunOne()) {
    }
  }
  // Lets time pass, and loops that sleep do what is due.
  void Pass(int64_t ms) {
    clock.now_ms += ms;
    executor.Fire();
    while (executor.RunOne()) {
    }
  }

  TestClock clock;
  TestExecutor executor{&clock};

 private:
  FaultyFileSystem* files_;
  SeededRandom random_{7};
};

inline IdentityRef User(const std::string& id) { return {"external_id", id}; }

inline Track Event(const std::string& user, const std::string& type, const std::string& message,
                   std::vector<Field> properties = {},
                   std::optional<Timestamp> time = std::nullopt) {
  return {.identities = {User(user)},
          .event = type,
          .properties = std::move(properties),
          .time = time,
          .message_id = message,
          .event_id = {},
          .source = {}};
}

inline Identify Traits(std::vector<IdentityRef> who, std::vector<Field> traits = {},
                       std::optional<Timestamp> time = std::nullopt) {
  return {.identities = std::move(who),
          .traits = std::move(traits),
          .time = time,
          .message_id = {},
          .source = {}};
}

inline Profile MustGet(Database* db, const ProfileRef& ref) {
  const auto got = db->Get(ref, {.max_events = 1000});
  INFO(got.status().ToString());
  REQUIRE(got.ok());
  return got->profile;
}

inline Value TraitValue(const Profile& profile, const std::string& name) {
  for (const TraitEntry& trait : profile.traits) {
    if (trait.name == name) return trait.value;
  }
  return {};
}

}  // namespace roster

#endif  // ROSTER_TESTS_ENGINE_SIMULATION_H_
