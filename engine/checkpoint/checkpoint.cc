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
    if (giving_up_ || closing_ || now_us < next_try_us_) return false;
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
  const auto work = std::make_shared<Work>();
  {
    MutexLock lock(&mutex_);
    stats_.running = true;
    if (closing_ || (giving_up_ && !making_last_)) work->Stop();
    work_ = work;
  }
  const int64_t started_us = environment_.clock->MonotonicMicros();
  absl::StatusOr<SnapshotInfo> made = (this->*task)(work.get());
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
  const ErrorCode code = ErrorCodeOf(made.status());
  // It was given up, or not begun: one that is due is tried again when the loop looks next.
  if (code == ErrorCode::kShutdown || code == ErrorCode::kLimit) return made;
  ++stats_.num_failed;
  stats_.last_error = std::string(StdView(made.status().message()));
  back_off_ms_ = std::clamp(back_off_ms_ * 2, kFirstBackOffMs, kMaxBackOffMs);
  next_try_us_ = now_us + back_off_ms_ * 1000;
  return made;
}

absl::StatusOr<SnapshotInfo> Checkpoint::MakeSnapshot(Work* work) {
  ROSTER_RETURN_IF_ERROR(work->Check());
  const Timestamp clock = parts_.clock->Now();
  ROSTER_ASSIGN_OR_RETURN(Picture picture, TakeHeldPicture(parts_.shared, parts_.held));
  const Lsn lsn = picture.view.lsn();
  {
    MutexLock lock(&mutex_);
    if (stats_.last && stats_.last->lsn == lsn) return *stats_.last;
  }
  ROSTER_ASSIGN_OR_RETURN(const SnapshotInfo info, WriteChecked(std::move(picture), clock, work));
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

absl::StatusOr<SnapshotInfo> Checkpoint::EndLatch(Work* work) {
  ROSTER_RETURN_IF_ERROR(work->Check());
  ROSTER_RETURN_IF_ERROR(parts_.queue->WaitUntilStill());
  const ViewClock::CommitTime time = parts_.clock->ForCommit();
  Picture picture = TakePicture(parts_.shared);  // pins nothing: nobody writes before it ends
  const Lsn lsn = picture.view.lsn();
  ROSTER_ASSIGN_OR_RETURN(const SnapshotInfo info,
                          WriteChecked(std::move(picture), time.clock, work));
  ROSTER_RETURN_IF_ERROR(parts_.log->ResumeAt(lsn, time.ceiling, options_.keep_snapshots));
  parts_.clock->CeilingIsDurable(time.ceiling);
  parts_.queue->Resume(lsn);
  return info;
}

absl::StatusOr<SnapshotInfo> Checkpoint::WriteChecked(Picture picture, Timestamp clock,
                                                      Work* work) {
  const Lsn lsn = picture.view.lsn();
  const SnapshotHeader header{parts_.log->manifest().uuid, lsn,
                              std::max(clock, picture.view.clock())};
  const std::string path = parts_.log->SnapshotTempPath(lsn);
  ROSTER_RETURN_IF_ERROR(WriteFile(picture, header, path, work));
  const auto requests = EndPicture(std::move(picture));
  const absl::StatusOr<uint64_t> bytes = ProveSnapshot(environment_.files, path, requests, work);
  if (bytes.ok()) return SnapshotInfo{.lsn = lsn, .clock = header.clock, .bytes = *bytes};
  environment_.files->Remove(path).IgnoreError();
  return bytes.status();
}

absl::Status Checkpoint::WriteFile(const Picture& picture, const SnapshotHeader& header,
                                   const std::string& path, Work* work) {
  absl::Status written = TryWriteFile(picture, header, path, work);
  const bool full = !written.ok() && ErrorCodeOf(written) == ErrorCode::kDiskFull;
  if (!full || !parts_.reserve->held()) return written;
  parts_.reserve->Lend();
  written = TryWriteFile(picture, header, path, work);
  parts_.reserve->Return();
  return written;
}

absl::Status Checkpoint::TryWriteFile(const Picture& picture, const SnapshotHeader& header,
                                      const std::string& path, Work* work) {
  // Left by an attempt that failed, and could not be removed then.
  ROSTER_ASSIGN_OR_RETURN(const bool left_over, environment_.files->Exists(path));
  if (left_over) ROSTER_RETURN_IF_ERROR(environment_.files->Remove(path));
  work->Begin(StepsOf(picture));
  return WriteSnapshot(environment_.files, path, header, picture, work);
}

void Checkpoint::GiveUp() {
  MutexLock lock(&mutex_);
  giving_up_ = true;
  if (!making_last_) work_->Stop();
}

absl::StatusOr<SnapshotInfo> Checkpoint::MakeLast() {
  {
    MutexLock lock(&mutex_);
    making_last_ = true;
  }
  return Ask(&snapshots_);
}

void Checkpoint::Close() {
  {
    MutexLock lock(&mutex_);
    if (closing_) return;
    closing_ = true;
    work_->Stop();
  }
  loop_.reset();
}

SnapshotStats Checkpoint::stats() const {
  MutexLock lock(&mutex_);
  SnapshotStats stats = stats_;
  if (stats.running) {
    stats.steps_total = work_->total();
    stats.steps_done = std::min(work_->done(), stats.steps_total);
  }
  return stats;
}

}  // namespace roster
