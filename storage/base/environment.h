// SPDX-License-Identifier: Apache-2.0
//
// The seams through which the engine meets the world, but for files (disk/file_system.h) and
// sockets (server/): the clock, randomness and threads. The real ones are thin; tests put in
// their own and drive time and scheduling from a seed.
#ifndef ROSTER_STORAGE_BASE_ENVIRONMENT_H_
#define ROSTER_STORAGE_BASE_ENVIRONMENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "roster/value.h"

namespace roster {

// Thread: every method may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  // The wall clock. May jump either way; the engine never lets its own clock go back.
  virtual Timestamp Now() = 0;
  // Units: microseconds of a clock that never goes back, for measuring durations.
  virtual int64_t MonotonicMicros() = 0;
};

// Thread: every method may be called from any thread.
class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t Next() = 0;
};

// What a loop does next: run again at once, sleep for some milliseconds, or until it is woken.
struct NextStep {
  static NextStep Again() { return {0}; }
  static NextStep After(int64_t ms) { return {ms}; }
  static NextStep WhenWoken() { return {-1}; }
  int64_t delay_ms = 0;
};

// A step that the executor runs over and over. Destroying it runs what was asked for by then,
// stops and joins.
class Loop {
 public:
  virtual ~Loop() = default;
  // Makes a sleeping loop step again. Thread: any.
  virtual void Wake() = 0;
};

// Thread: every method may be called from any thread.
class Executor {
 public:
  virtual ~Executor() = default;
  // Starts a loop; its first step runs when it is woken.
  virtual std::unique_ptr<Loop> StartLoop(std::function<NextStep()> step) = 0;
  // Called by who waits for a loop's work: true when the executor ran a step itself (a
  // simulation), false when other threads do it and the caller should block.
  virtual bool RunOne() = 0;
  // Runs all tasks and returns when they are done: started in order, on the caller's thread and one
  // more (a simulation: one after the other). A task must not wait for another.
  virtual void RunAll(std::vector<std::function<void()>> tasks) = 0;
};

// The real ones; never destroyed.
Clock* SystemClock();
Random* SystemRandom();
Executor* ThreadExecutor();

}  // namespace roster

#endif  // ROSTER_STORAGE_BASE_ENVIRONMENT_H_
