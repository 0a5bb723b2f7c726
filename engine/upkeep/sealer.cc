// SPDX-License-Identifier: Apache-2.0
#include "engine/upkeep/sealer.h"

#include <optional>
#include <utility>

namespace roster {
namespace {

// What nobody can read any more is brought away this often, for many erasures and merges together.
constexpr int64_t kStaleDelayMs = 10'000;
// Of the time at most one part in so many goes to sealing what is not due.
constexpr int64_t kIdleShare = 20;

}  // namespace

Sealer::Sealer(Executor* executor, Clock* clock, SharedStore* store)
    : shared_(store),
      clock_(clock),
      rested_us_(clock->MonotonicMicros()),
      loop_(executor->StartLoop([this] { return Step(); })) {
  shared_->upkeep = loop_.get();
  {
    MutexLock lock(&shared_->mutex);
    shared_->store.SealInBackground();
  }
  loop_->Wake();
}

NextStep Sealer::Step() {
  std::optional<SealJob> job;
  bool is_idle = false;
  int64_t began_us = 0;
  {
    MutexLock writing(&shared_->writing);
    MutexLock lock(&shared_->mutex);
    const int64_t now_us = clock_->MonotonicMicros();
    const bool or_stale = now_us - rested_us_ >= kStaleDelayMs * 1000;
    job = shared_->store.TakeSealJob(or_stale);
    if (!job) {
      if (or_stale) rested_us_ = now_us;
      if (now_us < next_idle_us_) return NextStep::After((next_idle_us_ - now_us) / 1000 + 1);
      job = shared_->store.TakeIdleSealJob();
      is_idle = true;
    }
    if (!job) return NextStep::After(kStaleDelayMs);
    began_us = now_us;
  }
  std::shared_ptr<const SealedEvents> sealed = job->Run();
  MutexLock writing(&shared_->writing);
  MutexLock lock(&shared_->mutex);
  shared_->store.InstallSeal(*job, std::move(sealed));
  if (is_idle) {
    const int64_t now_us = clock_->MonotonicMicros();
    next_idle_us_ = now_us + (now_us - began_us) * kIdleShare;
  }
  return NextStep::Again();
}

}  // namespace roster
