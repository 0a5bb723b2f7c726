// SPDX-License-Identifier: Apache-2.0
//
// A world for one engine that the test drives: a clock that moves when told, loops that run when
// somebody waits, files that fail. Thread rule: one thread, but for the clock.
#ifndef ROSTER_TESTS_ENGINE_SIMULATION_H_
#define ROSTER_TESTS_ENGINE_SIMULATION_H_

#include <atomic>
#include <catch2/catch.hpp>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "engine/environment.h"
#include "tests/disk/faulty_file_system.h"
#include "tests/disk/seeded_random.h"

namespace roster {

// 2026-01-01T00:00:00Z.
inline constexpr int64_t kTestStartMs = 1'767'225'600'000;

class TestClock final : public Clock {
 public:
  Timestamp Now() override { return {now_ms}; }
  int64_t MonotonicMicros() override { return ++micros_; }
  std::atomic<int64_t> now_ms{kTestStartMs};

 private:
  std::atomic<int64_t> micros_{0};
};

// Runs the steps of woken loops on the thread that waits for them.
class TestExecutor final : public Executor {
 public:
  std::unique_ptr<Loop> StartLoop(std::function<NextStep()> step) override {
    return std::make_unique<TestLoop>(this, std::move(step));
  }
  bool RunOne() override {
    for (TestLoop* loop : loops_) {
      if (!std::exchange(loop->woken, false)) continue;
      loop->woken = loop->step().delay_ms == 0;
      return true;
    }
    return false;
  }

 private:
  struct TestLoop final : public Loop {
    TestLoop(TestExecutor* executor, std::function<NextStep()> the_step)
        : owner(executor), step(std::move(the_step)) {
      owner->loops_.push_back(this);
    }
    ~TestLoop() override {
      while (std::exchange(woken, false)) woken = step().delay_ms == 0;
      owner->loops_.remove(this);
    }
    void Wake() override { woken = true; }

    TestExecutor* owner;
    std::function<NextStep()> step;
    bool woken = false;
  };
  std::list<TestLoop*> loops_;
};

// The seams of one run. The files outlive it, so that another run opens what it left.
class World {
 public:
  explicit World(FaultyFileSystem* files, int64_t now_ms = kTestStartMs) : files_(files) {
    clock.now_ms = now_ms;
  }
  absl::StatusOr<std::unique_ptr<Database>> TryOpen(const Options& options = {}) {
    return OpenDatabase("data", options, Environment{files_, &clock, &random_, &executor_});
  }
  std::unique_ptr<Database> Open(const Options& options = {}) {
    auto db = TryOpen(options);
    INFO(db.status().ToString());
    REQUIRE(db.ok());
    return *std::move(db);
  }

  // Runs what was asked of loops to its end.
  void RunAll() {
    while (executor_.RunOne()) {
    }
  }

  TestClock clock;

 private:
  FaultyFileSystem* files_;
  SeededRandom random_{7};
  TestExecutor executor_;
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
