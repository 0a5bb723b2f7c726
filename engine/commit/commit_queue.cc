// SPDX-License-Identifier: Apache-2.0
#include "engine/commit/commit_queue.h"

#include <algorithm>
#include <utility>

#include "engine/limits.h"
#include "roster/error.h"
#include "storage/base/text.h"

namespace roster {
namespace {

// A group ends here even if more commands wait, so that the first is not kept waiting by the rest.
constexpr size_t kMaxGroupCommands = 1024;

// What a thread that has other things to do writes itself: so many items (some 0.3 ms; who submits
// sees to it that they are short), while syncs take no longer than this.
constexpr size_t kItemsToLead = 64;
constexpr int64_t kQuickSyncUs = 1'000;

// Beside a sync the next group is begun when so many items wait for it: for fewer, handing over
// from thread to thread costs more than it saves (measured with 50 clients on 2 cores).
constexpr size_t kItemsWorthOverlap = 512;

absl::Status OutcomeUnknown() {
  return MakeError(ErrorCode::kUnknown,
                   "outcome unknown: the log failed before this write was durable");
}

}  // namespace

CommitQueue::CommitQueue(const Options& options, const Environment& environment, SharedStore* store,
                         LogDirectory* log, DiskReserve* reserve, ViewClock* clock)
    : options_(options),
      environment_(environment),
      log_(log),
      clock_(clock),
      committer_(options, environment, {store, log, reserve, clock}) {
  written_.lsn = answerable_lsn_ = durable_lsn_ = committer_.store().lsn();
  sync_loop_ = environment_.executor->StartLoop([this] { return SyncStep(); });
  write_loop_ = environment_.executor->StartLoop([this] { return WriteStep(); });
}

CommitQueue::~CommitQueue() { Close().IgnoreError(); }

void CommitQueue::Submit(Batch batch, By by, Database::WriteDone done) {
  absl::Status refused;
  {
    MutexLock lock(&mutex_);
    refused = closing_ ? MakeError(ErrorCode::kShutdown, "the store is closing") : latched_;
    if (refused.ok() && queued_items_ + batch.items.size() > kMaxQueuedItems) {
      refused = MakeError(ErrorCode::kLimit, StrCat("more than ", kMaxQueuedItems,
                                                    " items wait to be written; try again"));
    }
    if (refused.ok()) {
      queued_items_ += batch.items.size();
      num_for_writer_ += by == By::kWriter;
      queue_.push_back({std::move(batch), by, std::move(done)});
      const bool wake = by == By::kWriter || queued_items_ > kItemsToLead;
      // Under the lock: Close cannot end the loop before.
      if (wake && MayWrite()) write_loop_->Wake();
      return;
    }
  }
  done(refused);
}

// The write path. The names of the steps are those of ARCHITECTURE.md.
NextStep CommitQueue::WriteStep() {
  return WriteOneGroup() ? NextStep::Again() : NextStep::WhenWoken();
}

void CommitQueue::Lead(Patience patience) {
  {
    MutexLock lock(&mutex_);
    if (queue_.empty() || !MayWrite()) return;
    if (patience == Patience::kNone && !IsQuick()) return write_loop_->Wake();
  }
  WriteOneGroup();
}

bool CommitQueue::IsQuick() const {
  return options_.write_in_flush && queued_items_ <= kItemsToLead && num_for_writer_ == 0 &&
         sync_took_us_ <= kQuickSyncUs && !committer_.disk_full() && !rotation_due_;
}

bool CommitQueue::WriteOneGroup() {
  std::vector<Command> commands = TakeCommands();
  if (commands.empty()) return false;
  HandOver(WriteGroup(std::move(commands)));
  return true;
}

bool CommitQueue::MayWrite() const {
  if (writing_) return false;
  return !finishing_ || queued_items_ >= kItemsWorthOverlap;
}

std::vector<CommitQueue::Command> CommitQueue::TakeCommands() {
  MutexLock lock(&mutex_);
  if (!MayWrite()) return {};  // who writes or finishes wakes the loop when there is more
  const size_t count = std::min(queue_.size(), kMaxGroupCommands - next_.outcomes.size());
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<Command> commands(std::make_move_iterator(queue_.begin()),
                                std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
  for (const Command& command : commands) {
    queued_items_ -= command.batch.items.size();
    num_for_writer_ -= command.by == By::kWriter;
  }
  writing_ = !commands.empty();
  return commands;
}

CommitQueue::Group CommitQueue::WriteGroup(std::vector<Command> commands) {
  Group group;
  group.outcomes.reserve(commands.size());
  std::optional<Timestamp> ceiling;  // of the group's commits, if any
  for (Command& command : commands) {
    Committed one = is_latched_ ? Committed{.result = latched()} : committer_.Commit(command.batch);
    if (!one.log.ok()) LogFailed(one.log);
    if (one.ceiling) {
      ceiling = std::max(ceiling.value_or(*one.ceiling), *one.ceiling);
      ++num_commits_;
    }
    const Durability level = std::max(options_.durability, command.batch.options.durability);
    group.sync = group.sync || level == Durability::kSync;
    group.outcomes.push_back({std::move(command.done), std::move(one.result)});
  }
  if (!ceiling || !latched().ok()) return group;
  if (log_ != nullptr) {
    if (const absl::Status written = log_->Write(); !written.ok()) {
      LogFailed(written);
      return group;
    }
  }
  const bool rotation_due = log_ != nullptr && log_->rotation_due();
  MutexLock lock(&mutex_);
  rotation_due_ = rotation_due;
  written_ = {committer_.store().lsn(), std::max(written_.ceiling, *ceiling)};
  return group;
}

void CommitQueue::HandOver(Group group) {
  {
    MutexLock lock(&mutex_);
    const bool here = !finishing_ && next_.outcomes.empty() &&
                      (!group.sync || queued_items_ < kItemsWorthOverlap);
    writing_ = false;  // from here on the next group may be written beside this one's sync
    finishing_ = finishing_ || here;
    changed_.NotifyAll();
    if (!here) {
      next_.sync = next_.sync || group.sync;
      std::move(group.outcomes.begin(), group.outcomes.end(), std::back_inserter(next_.outcomes));
      sync_loop_->Wake();
      if (!queue_.empty() && MayWrite()) write_loop_->Wake();
      return;
    }
  }
  Finish(std::move(group));
  MutexLock lock(&mutex_);
  EndFinish();
  // Its timer is to run, or it was kept off in the meantime.
  const bool behind = durable_lsn_ < written_.lsn && log_ != nullptr;
  if (!next_.outcomes.empty() || (!timer_runs_ && behind)) sync_loop_->Wake();
}

void CommitQueue::EndFinish() {
  finishing_ = false;
  changed_.NotifyAll();
  if (!queue_.empty() && MayWrite()) write_loop_->Wake();
}

NextStep CommitQueue::SyncStep() {
  Group group;
  {
    MutexLock lock(&mutex_);
    timer_runs_ = false;
    if (finishing_) return NextStep::WhenWoken();  // a writer does it, and wakes this loop
    finishing_ = true;
    group = std::exchange(next_, {});
    // The writer may have waited for room.
    if (!queue_.empty() && MayWrite()) write_loop_->Wake();
  }
  Finish(std::move(group));
  MutexLock lock(&mutex_);
  EndFinish();
  const NextStep next = next_.outcomes.empty() ? NextSync() : NextStep::Again();
  timer_runs_ = next.delay_ms > 0;
  return next;
}

// Makes the group as durable as it is to be, and answers everybody in it in order.
void CommitQueue::Finish(Group group) {
  bool sync = false;
  {
    MutexLock lock(&mutex_);
    const bool due = group.sync || sync_wanted_ > durable_lsn_ || IntervalIsOver();
    sync = log_ != nullptr && latched_.ok() && due && written_.lsn > durable_lsn_;
    if (!sync && latched_.ok() && options_.durability != Durability::kSync) {
      answerable_lsn_ = written_.lsn;
      changed_.NotifyAll();
    }
  }
  if (sync) SyncLog();
  const bool failed = !latched().ok();
  const Lsn durable = durable_lsn();
  for (Outcome& outcome : group.outcomes) {
    // Also a repeat is unknown when what it repeats is not durable.
    if (failed && outcome.result.ok() && outcome.result->lsn > durable) {
      outcome.result = OutcomeUnknown();
    }
    outcome.done(std::move(outcome.result));
  }
}

void CommitQueue::SyncLog() {
  Written target;
  {
    MutexLock lock(&mutex_);
    target = written_;
  }
  const int64_t begun_us = environment_.clock->MonotonicMicros();
  if (const absl::StatusOr<Lsn> synced = log_->Sync(); !synced.ok()) {
    LogFailed(synced.status());
    return;
  }
  ++num_syncs_;
  clock_->CeilingIsDurable(target.ceiling);
  MutexLock lock(&mutex_);
  last_sync_us_ = environment_.clock->MonotonicMicros();
  sync_took_us_ = last_sync_us_ - begun_us;
  durable_lsn_ = target.lsn;
  answerable_lsn_ = std::max(answerable_lsn_, target.lsn);
  changed_.NotifyAll();
}

bool CommitQueue::IntervalIsOver() const {
  if (options_.durability != Durability::kInterval) return false;
  const int64_t since_us = environment_.clock->MonotonicMicros() - last_sync_us_;
  return since_us >= options_.sync_interval_ms * 1000;
}

NextStep CommitQueue::NextSync() const {
  // With kSync who wrote something is about to hand it over.
  const bool timed = options_.durability == Durability::kInterval && latched_.ok();
  if (!timed || durable_lsn_ >= written_.lsn) return NextStep::WhenWoken();
  if (sync_wanted_ > durable_lsn_) return NextStep::Again();
  const int64_t since_ms = (environment_.clock->MonotonicMicros() - last_sync_us_) / 1000;
  return NextStep::After(std::max<int64_t>(1, options_.sync_interval_ms - since_ms));
}

bool CommitQueue::WaitUntilAnswerable(Lsn lsn) {
  while (true) {
    {
      MutexLock lock(&mutex_);
      if (answerable_lsn_ >= lsn) return latched_.ok();
      if (!latched_.ok()) return false;
    }
    if (environment_.executor->RunOne()) continue;
    MutexLock lock(&mutex_);
    while (answerable_lsn_ < lsn && latched_.ok()) changed_.Wait(&mutex_);
  }
}

absl::Status CommitQueue::MakeDurable(Lsn lsn) {
  if (log_ == nullptr) return absl::OkStatus();
  while (true) {
    {
      MutexLock lock(&mutex_);
      if (!latched_.ok() || durable_lsn_ >= lsn) return latched_;
      sync_wanted_ = std::max(sync_wanted_, lsn);
      if (!closing_) sync_loop_->Wake();
    }
    if (environment_.executor->RunOne()) continue;
    MutexLock lock(&mutex_);
    while (durable_lsn_ < lsn && latched_.ok()) changed_.Wait(&mutex_);
  }
}

absl::Status CommitQueue::WaitUntilStill() {
  {
    MutexLock lock(&mutex_);
    // What was enqueued and never flushed is to be refused. Who writes or finishes comes back.
    if (!latched_.ok() && !queue_.empty() && MayWrite()) write_loop_->Wake();
  }
  while (environment_.executor->RunOne()) {
  }
  MutexLock lock(&mutex_);
  if (latched_.ok()) return MakeError(ErrorCode::kErr, "nothing to resume: writes are accepted");
  if (closing_) return MakeError(ErrorCode::kShutdown, "the store is closing");
  while (!Idle()) changed_.Wait(&mutex_);
  return absl::OkStatus();
}

void CommitQueue::Resume(Lsn lsn) {
  MutexLock lock(&mutex_);
  latched_ = absl::OkStatus();
  is_latched_ = false;
  written_.lsn = durable_lsn_ = answerable_lsn_ = lsn;
  rotation_due_ = false;
  changed_.NotifyAll();
}

void CommitQueue::SnapshotIsDurable(Lsn lsn) {
  MutexLock lock(&mutex_);
  durable_lsn_ = std::max(durable_lsn_, lsn);
  changed_.NotifyAll();
}

absl::Status CommitQueue::Close() {
  {
    MutexLock lock(&mutex_);
    if (closing_) {  // another call closes, or has
      while (!closed_) changed_.Wait(&mutex_);
      return latched_;
    }
    closing_ = true;
    if (!queue_.empty()) write_loop_->Wake();  // what its caller has not led yet
  }
  while (environment_.executor->RunOne()) {
  }
  {
    MutexLock lock(&mutex_);
    while (!Idle()) changed_.Wait(&mutex_);
  }
  write_loop_.reset();
  sync_loop_.reset();
  bool unsynced = false;
  {
    MutexLock lock(&mutex_);
    unsynced = log_ != nullptr && latched_.ok() && durable_lsn_ < written_.lsn;
  }
  if (unsynced) SyncLog();
  MutexLock lock(&mutex_);
  closed_ = true;
  changed_.NotifyAll();
  return latched_;
}

bool CommitQueue::Idle() const {
  return queue_.empty() && !writing_ && next_.outcomes.empty() && !finishing_;
}

Lsn CommitQueue::durable_lsn() const {
  MutexLock lock(&mutex_);
  return durable_lsn_;
}

absl::Status CommitQueue::latched() const {
  MutexLock lock(&mutex_);
  return latched_;
}

void CommitQueue::LogFailed(const absl::Status& why) {
  MutexLock lock(&mutex_);
  if (!latched_.ok()) return;
  latched_ = MakeError(ErrorCode::kReadOnly, StrCat("the log failed, the store accepts no writes: ",
                                                    StdView(why.message())));
  is_latched_ = true;
  changed_.NotifyAll();
}

}  // namespace roster
