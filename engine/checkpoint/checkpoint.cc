// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/checkpoint.h"

#include <algorithm>
#include <utility>

#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"

namespace roster {
namespace {

constexpr int64_t kLookMs = 1000;  // how often the loop looks whether a snapshot is due
constexpr int64_t kFirstBackOffMs = 1000;
constexpr int64_t kMaxBackOffMs = 300'000;

}  // namespace

Checkpoint::Checkpoint(const Options& options, const Environment& environment, const Parts& parts,
                       std::optional<SnapshotInfo> newest)
    : options_(options), environment_(environment), parts_(parts) {
  stats_.last = newest;
  last_us_ = environment_.clock->MonotonicMicros();
  loop_ = environment_.executor->StartLoop([this] { return Step(); });
  loop_->Wake();
}

Checkpoint::~Checkpoint() { Close(); }

absl::StatusOr<SnapshotInfo> Checkpoint::Snapshot() { return Ask(&snapshots_); }

absl::StatusOr<SnapshotInfo> Checkpoint::Resume() {
  if (parts_.queue->latched().ok()) {
    return MakeError(ErrorCode::kErr, "nothing to resume: writes are accepted");
  }
  return Ask(&resumes_);
}

void Checkpoint::Start() {
  MutexLock lock(&mutex_);
  if (closing_) return;
  ++snapshots_.asked;
  loop_->Wake();
}

absl::StatusOr<SnapshotInfo> Checkpoint::Ask(Requests* requests) {
  uint64_t ticket = 0;
  {
    MutexLock lock(&mutex_);
    if (closing_) return MakeError(ErrorCode::kShutdown, "the store is closing");
    ticket = ++requests->asked;
    loop_->Wake();
  }
  while (true) {
    {
      MutexLock lock(&mutex_);
      if (requests->done >= ticket) return requests->outcome;
    }
    if (environment_.executor->RunOne()) continue;
    MutexLock lock(&mutex_);
    while (requests->done < ticket) changed_.Wait(&mutex_);
  }
}

NextStep Checkpoint::Step() {
  {
    MutexLock lock(&mutex_);
    if (running_) return NextStep::WhenWoken();  // within a step that waits for other loops
    running_ = true;
  }
  bool any = Answer(&resumes_, &Checkpoint::EndLatch);
  any = Answer(&snapshots_, &Checkpoint::MakeSnapshot) || any;
  if (!any && Due()) Run(&Checkpoint::MakeSnapshot).status().IgnoreError();
  parts_.reserve->Hold().IgnoreError();  // when it was used and there is space again
  MutexLock lock(&mutex_);
  running_ = false;
  const bool more = snapshots_.done < snapshots_.asked || resumes_.done < resumes_.asked;
  return more ? NextStep::Again() : NextStep::After(kLookMs);
}

bool Checkpoint::Answer(Requests* requests, Task task) {
  uint64_t asked = 0;
  {
    MutexLock lock(&mutex_);
    asked = requests->asked;
    if (requests->done == asked) return false;
  }
  absl::StatusOr<SnapshotInfo> outcome = Run(task);
  MutexLock lock(&mutex_);
  requests->done = asked;
  requests->outcome = std::move(outcome);
  changed_.NotifyAll();
  return true;
}

bool Checkpoint::Due() {
  Lsn newest;
  int64_t age_ms = 0;
  {
    MutexLock lock(&mutex_);
    const int64_t now_us = environment_.clock->MonotonicMicros();
    if (closing_ || now_us < next_try_us_) return false;
    if (stats_.last) newest = stats_.last->lsn;
    age_ms = (now_us - last_us_) / 1000;
  }
  if (!parts_.queue->latched().ok()) return false;
  if (options_.snapshot_log_bytes != 0 && parts_.log->log_bytes() >= options_.snapshot_log_bytes) {
    return true;
  }
  if (options_.snapshot_interval_ms == 0 || age_ms < options_.snapshot_interval_ms) return false;
  MutexLock lock(&parts_.shared->mutex);
  return parts_.shared->store.lsn() > newest;
}

absl::StatusOr<SnapshotInfo> Checkpoint::Run(Task task) {
  {
    MutexLock lock(&mutex_);
    stats_.running = true;
    work_.Begin(0);
  }
  const int64_t started_us = environment_.clock->MonotonicMicros();
  absl::StatusOr<SnapshotInfo> made = (this->*task)();
  const int64_t now_us = environment_.clock->MonotonicMicros();
  MutexLock lock(&mutex_);
  stats_.running = false;
  const bool was_there = made.ok() && stats_.last && made->lsn == stats_.last->lsn;
  if (made.ok()) {
    if (!was_there) made->took_us = now_us - started_us;
    stats_.num_made += !was_there;
    stats_.last = *made;
    stats_.last_error.clear();
    last_us_ = now_us;
    back_off_ms_ = 0;
    next_try_us_ = 0;
    return made;
  }
  if (ErrorCodeOf(made.status()) == ErrorCode::kShutdown) return made;  // it was given up
  ++stats_.num_failed;
  stats_.last_error = std::string(StdView(made.status().message()));
  back_off_ms_ = std::clamp(back_off_ms_ * 2, kFirstBackOffMs, kMaxBackOffMs);
  next_try_us_ = now_us + back_off_ms_ * 1000;
  return made;
}

absl::StatusOr<SnapshotInfo> Checkpoint::MakeSnapshot() {
  const Timestamp clock = parts_.clock->Now();
  {
    MutexLock lock(&parts_.shared->mutex);
    ROSTER_RETURN_IF_ERROR(parts_.held->CheckRoom(parts_.shared->store.copied_bytes()));
  }
  const Picture picture = TakePicture(parts_.shared);
  const HeldViews::Hold hold(parts_.held, picture.view.copied_bytes());
  const Lsn lsn = picture.view.lsn();
  {
    MutexLock lock(&mutex_);
    if (stats_.last && stats_.last->lsn == lsn) return *stats_.last;
  }
  ROSTER_ASSIGN_OR_RETURN(const SnapshotInfo info, WriteChecked(picture, clock));
  absl::Status status = parts_.queue->MakeDurable(lsn);
  if (status.ok()) {
    status = parts_.log->PublishSnapshot(lsn, options_.keep_snapshots);
    if (ErrorCodeOf(status) == ErrorCode::kReadOnly) parts_.queue->LogFailed(status);
  } else {
    environment_.files->Remove(parts_.log->SnapshotTempPath(lsn)).IgnoreError();
  }
  ROSTER_RETURN_IF_ERROR(status);
  if (options_.durability == Durability::kNone) parts_.queue->SnapshotIsDurable(lsn);
  return info;
}

absl::StatusOr<SnapshotInfo> Checkpoint::EndLatch() {
  ROSTER_RETURN_IF_ERROR(parts_.queue->WaitUntilStill());
  const ViewClock::CommitTime time = parts_.clock->ForCommit();
  const Picture picture = TakePicture(parts_.shared);
  const HeldViews::Hold hold(parts_.held, picture.view.copied_bytes());
  const Lsn lsn = picture.view.lsn();
  ROSTER_ASSIGN_OR_RETURN(const SnapshotInfo info, WriteChecked(picture, time.clock));
  ROSTER_RETURN_IF_ERROR(parts_.log->ResumeAt(lsn, time.ceiling, options_.keep_snapshots));
  parts_.clock->CeilingIsDurable(time.ceiling);
  parts_.queue->Resume(lsn);
  return info;
}

absl::StatusOr<SnapshotInfo> Checkpoint::WriteChecked(const Picture& picture, Timestamp clock) {
  const Lsn lsn = picture.view.lsn();
  const SnapshotHeader header{parts_.log->manifest().uuid, lsn,
                              std::max(clock, picture.view.clock())};
  const std::string path = parts_.log->SnapshotTempPath(lsn);
  absl::Status written = WriteAndProve(picture, header, path);
  if (!written.ok() && ErrorCodeOf(written) == ErrorCode::kDiskFull && parts_.reserve->held()) {
    parts_.reserve->Lend();
    written = WriteAndProve(picture, header, path);
    parts_.reserve->Return();
  }
  ROSTER_RETURN_IF_ERROR(written);
  ROSTER_ASSIGN_OR_RETURN(const auto reader, SnapshotReader::Open(environment_.files, path));
  return SnapshotInfo{.lsn = lsn, .clock = header.clock, .bytes = reader->file_bytes()};
}

absl::Status Checkpoint::WriteAndProve(const Picture& picture, const SnapshotHeader& header,
                                       const std::string& path) {
  // Left by an attempt that failed, and could not be removed then.
  ROSTER_ASSIGN_OR_RETURN(const bool left_over, environment_.files->Exists(path));
  if (left_over) ROSTER_RETURN_IF_ERROR(environment_.files->Remove(path));
  work_.Begin(StepsOf(picture));
  ROSTER_RETURN_IF_ERROR(WriteSnapshot(environment_.files, path, header, picture, &work_));
  absl::Status proved = ProveSnapshot(environment_.files, path, &work_).status();
  if (!proved.ok()) environment_.files->Remove(path).IgnoreError();
  return proved;
}

void Checkpoint::Close() {
  {
    MutexLock lock(&mutex_);
    if (closing_) return;
    closing_ = true;
  }
  work_.Stop();
  loop_.reset();
}

SnapshotStats Checkpoint::stats() const {
  MutexLock lock(&mutex_);
  SnapshotStats stats = stats_;
  if (stats.running) {
    stats.steps_total = work_.total();
    stats.steps_done = std::min(work_.done(), stats.steps_total);
  }
  return stats;
}

}  // namespace roster
