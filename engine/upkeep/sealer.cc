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

bool HasExpired(const EventBlock& block, int64_t floor_ms) {
  if (block.sealed->size() != 0 && block.sealed->time_bounds.low < floor_ms) return true;
  for (size_t t = 0; t < block.tail.size(); ++t) {
    if (block.tail[t].time_ms < floor_ms) return true;
  }
  return false;
}

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

void Sealer::SealExpired(EventTypeId event) {
  const auto expired = [event](Store* store, uint32_t chunk) -> std::optional<SealJob> {
    const EventPartition& events = store->state().partition(event);
    if (!HasExpired(events.block(chunk), events.floor_ms())) return std::nullopt;
    SealJob job = events.JobOf(chunk);
    job.event = event;
    return job;
  };
  size_t num_blocks = 0;
  {
    MutexLock lock(&shared_->mutex);
    num_blocks = shared_->store.state().partition(event).num_blocks();
  }
  for (uint32_t chunk = 0; chunk < num_blocks; ++chunk) {
    SealOne([&](Store* store) { return expired(store, chunk); });
  }
}

}  // namespace roster
