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
  const int64_t now_us = clock_->MonotonicMicros();
  const bool or_stale = now_us - rested_us_ >= kStaleDelayMs * 1000;
  if (SealOne([&](Store* store) { return store->TakeSealJob(or_stale); })) {
    return NextStep::Again();
  }
  if (or_stale) rested_us_ = now_us;
  if (now_us < next_idle_us_) return NextStep::After((next_idle_us_ - now_us) / 1000 + 1);
  const bool sealed = SealOne([](Store* store) { return store->TakeIdleSealJob(); });
  const int64_t done_us = clock_->MonotonicMicros();
  next_idle_us_ = done_us + (done_us - now_us) * kIdleShare;
  return sealed ? NextStep::Again() : NextStep::After(kStaleDelayMs);
}

bool Sealer::SealOne(const std::function<std::optional<SealJob>(Store*)>& take) {
  std::optional<SealJob> job;
  {
    MutexLock writing(&shared_->writing);
    MutexLock lock(&shared_->mutex);
    job = take(&shared_->store);
  }
  if (!job) return false;
  std::shared_ptr<const SealedEvents> sealed = job->Run();
  MutexLock writing(&shared_->writing);
  MutexLock lock(&shared_->mutex);
  shared_->store.InstallSeal(*job, std::move(sealed));
  return true;
}

void Sealer::SealStale() {
  size_t num_blocks = 0;
  {
    MutexLock lock(&shared_->mutex);
    for (const Cow<EventPartition>& events : shared_->store.state().partitions) {
      num_blocks += events->num_blocks();
    }
  }
  // Each of them at most once for its tail and once for what is stale.
  for (size_t i = 0; i < 2 * num_blocks; ++i) {
    if (!SealOne([](Store* store) { return store->TakeSealJob(true); })) return;
  }
}

}  // namespace roster
