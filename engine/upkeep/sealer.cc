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
  const int64_t now_us = clock_->MonotonicMicros();
  const bool or_stale = now_us - rested_us_ >= kStaleDelayMs * 1000;
  if (SealOne(or_stale)) return NextStep::Again();
  if (or_stale) rested_us_ = now_us;
  return NextStep::After(kStaleDelayMs);
}

bool Sealer::SealOne(bool or_stale) {
  std::optional<SealJob> job;
  {
    MutexLock writing(&shared_->writing);
    MutexLock lock(&shared_->mutex);
    job = shared_->store.TakeSealJob(or_stale);
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
    if (!SealOne(true)) return;
  }
}

}  // namespace roster
