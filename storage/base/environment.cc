// SPDX-License-Identifier: Apache-2.0
//
// The real clock, randomness and threads.
#include "storage/base/environment.h"

#include <atomic>
#include <chrono>
#include <random>
#include <thread>
#include <utility>

#include "storage/base/mutex.h"

namespace roster {
namespace {

class RealClock final : public Clock {
 public:
  Timestamp Now() override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count()};
  }
  int64_t MonotonicMicros() override {
    const auto since_start = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(since_start).count();
  }
};

class RealRandom final : public Random {
 public:
  uint64_t Next() override {
    MutexLock lock(&mutex_);
    return (static_cast<uint64_t>(device_()) << 32) ^ device_();
  }

 private:
  Mutex mutex_;
  std::random_device device_ ABSL_GUARDED_BY(mutex_);
};

class ThreadLoop final : public Loop {
 public:
  explicit ThreadLoop(std::function<NextStep()> step) : step_(std::move(step)) {
    thread_ = std::thread([this] { Run(); });
  }
  ~ThreadLoop() override {
    {
      MutexLock lock(&mutex_);
      stopping_ = true;
      wake_.NotifyAll();
    }
    thread_.join();
  }
  void Wake() override {
    MutexLock lock(&mutex_);
    if (woken_) return;
    woken_ = true;
    wake_.NotifyOne();
  }

 private:
  void Run() {
    NextStep next = NextStep::WhenWoken();
    while (Sleep(next)) {
      do {
        next = step_();
      } while (next.delay_ms == 0);
    }
  }
  // False when the loop is to stop; what was asked for before the stop is still done.
  bool Sleep(NextStep next) {
    MutexLock lock(&mutex_);
    if (next.delay_ms > 0 && !woken_ && !stopping_) {
      wake_.WaitFor(&mutex_, std::chrono::milliseconds(next.delay_ms));
      woken_ = woken_ || !stopping_;
    }
    while (!woken_ && !stopping_) wake_.Wait(&mutex_);
    return std::exchange(woken_, false);
  }

  const std::function<NextStep()> step_;
  Mutex mutex_;
  CondVar wake_;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

class RealExecutor final : public Executor {
 public:
  std::unique_ptr<Loop> StartLoop(std::function<NextStep()> step) override {
    return std::make_unique<ThreadLoop>(std::move(step));
  }
  bool RunOne() override { return false; }
  void RunAll(std::vector<std::function<void()>> tasks) override {
    std::atomic<size_t> next{0};
    const auto work = [&] {
      for (size_t i = next++; i < tasks.size(); i = next++) std::exchange(tasks[i], nullptr)();
    };
    std::thread other(work);
    work();
    other.join();
  }
};

}  // namespace

Clock* SystemClock() {
  static auto* const clock = new RealClock;
  return clock;
}

Random* SystemRandom() {
  static auto* const random = new RealRandom;
  return random;
}

Executor* ThreadExecutor() {
  static auto* const executor = new RealExecutor;
  return executor;
}

}  // namespace roster
