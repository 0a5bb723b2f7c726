// SPDX-License-Identifier: Apache-2.0
#include "engine/upkeep/forgetting.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/commit/resolve.h"
#include "query/declarations/names.h"
#include "query/declarations/retention.h"

namespace roster {
namespace {

constexpr int64_t kBetweenPassesMs = 60'000;
constexpr int64_t kBetweenStepsMs = 20;
constexpr uint32_t kRowsOfStep = 4 * kChunkRows;
constexpr size_t kErasuresOfStep = 256;

}  // namespace

Forgetting::Forgetting(Executor* executor, Clock* clock, SharedStore* store, CommitQueue* queue,
                       Pages* pages)
    : clock_(clock),
      shared_(store),
      queue_(queue),
      pages_(pages),
      loop_(executor->StartLoop([this] { return Step(); })) {
  loop_->Wake();
}

NextStep Forgetting::Step() {
  pages_->DropIdle();
  if (*pending_ != 0) return NextStep::After(kBetweenStepsMs);
  const Timestamp now = clock_->Now();
  std::optional<ReadView> view;
  int64_t keep_ms = 0;
  {
    MutexLock lock(&shared_->mutex);
    keep_ms = query::DefinedRetentionMs(shared_->store.state(), query::kAnonymousRetention);
    if (keep_ms != 0) view = shared_->store.TakeView(now);
  }
  if (!view) {
    next_row_ = 0;
    return NextStep::After(kBetweenPassesMs);
  }
  const Timestamp since{now.ms - keep_ms};
  for (const ProfileId profile : FindUnseen(*view, since)) {
    Batch batch;
    batch.items.emplace_back(Erase{.profile = profile, .unseen_since = since});
    batch.options.actor = "retain anonymous";
    ++*pending_;
    queue_->Submit(std::move(batch), CommitQueue::By::kWriter,
                   [pending = pending_, pages = pages_](const auto& result) {
                     if (result.ok()) pages->DropBefore(result->lsn);
                     --*pending;
                   });
  }
  if (next_row_ < (*view)->num_rows()) return NextStep::After(kBetweenStepsMs);
  next_row_ = 0;
  return NextStep::After(kBetweenPassesMs);
}

std::vector<ProfileId> Forgetting::FindUnseen(const ReadView& view, Timestamp since) {
  const State& state = view.state();
  const Column& last_seen = state.column(kLastSeen);
  const uint32_t end = std::min(state.num_rows(), next_row_ + kRowsOfStep);
  std::vector<ProfileId> unseen;
  for (; next_row_ < end && unseen.size() < kErasuresOfStep; ++next_row_) {
    const RowId row{next_row_};
    if (!state.live.Test(row) || !last_seen.Has(row) || last_seen.Bits(row) >= since.ms) continue;
    const ProfileId profile = state.ProfileAt(row);
    if (IsAnonymous(state, profile)) unseen.push_back(profile);
  }
  return unseen;
}

}  // namespace roster
