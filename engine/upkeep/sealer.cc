// SPDX-License-Identifier: Apache-2.0
#include "engine/upkeep/sealer.h"

#include <optional>
#include <utility>

namespace roster {
namespace {

// What nobody can read any more is brought away this often, for many erasures and merges together.
constexpr int64_t kStaleDelayMs = 10'000;

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
  {
    MutexLock writing(&shared_->writing);
    MutexLock lock(&shared_->mutex);
    const int64_t now_us = clock_->MonotonicMicros();
    const bool or_stale = now_us - rested_us_ >= kStaleDelayMs * 1000;
    job = shared_->store.TakeSealJob(or_stale);
    if (!job) {
      if (or_stale) rested_us_ = now_us;
      return NextStep::After(kStaleDelayMs);
    }
  }
  std::shared_ptr<const SealedEvents> sealed = job->Run();
  MutexLock writing(&shared_->writing);
  MutexLock lock(&shared_->mutex);
  shared_->store.InstallSeal(*job, std::move(sealed));
  return NextStep::Again();
}

}  // namespace roster
