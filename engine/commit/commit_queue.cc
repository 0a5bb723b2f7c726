// SPDX-License-Identifier: Apache-2.0
#include "engine/commit/commit_queue.h"

#include <algorithm>

#include "engine/commit/draft.h"
#include "engine/limits.h"
#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/mutation.h"

namespace roster {
namespace {

// A group ends here even if more commands wait, so that the first is not kept waiting by the rest.
constexpr size_t kMaxGroupCommands = 1024;

absl::Status OutcomeUnknown() {
  return MakeError(ErrorCode::kUnknown,
                   "outcome unknown: the log failed before this write was durable");
}

absl::Status CheckOptions(const WriteOptions& options) {
  if (options.request_id.size() > kMaxRequestIdBytes) {
    return MakeError(ErrorCode::kLimit,
                     StrCat("request id longer than ", kMaxRequestIdBytes, " bytes"));
  }
  if (options.actor.size() > kMaxActorBytes) {
    return MakeError(ErrorCode::kLimit, StrCat("actor longer than ", kMaxActorBytes, " bytes"));
  }
  return absl::OkStatus();
}

// The error of one item of a command that is all or nothing.
absl::Status OfItem(const absl::Status& status, size_t index) {
  return MakeError(ErrorCodeOf(status),
                   StrCat(StdView(status.message()), " (item ", index + 1, ")"));
}

std::string EncodeCommit(const CommitHeader& header, const std::vector<Mutation>& mutations) {
  std::string payload;
  EncodeCommitHeader(header, &payload);
  for (const Mutation& mutation : mutations) EncodeMutation(mutation, &payload);
  return payload;
}

}  // namespace

CommitQueue::CommitQueue(const Options& options, const Environment& environment, SharedStore* store,
                         LogDirectory* log, ViewClock* clock, RequestWindow requests)
    : options_(options),
      environment_(environment),
      shared_(store),
      log_(log),
      clock_(clock),
      requests_(std::move(requests)) {
  written_lsn_ = WriterStore().lsn();
  answerable_lsn_ = durable_lsn_ = written_lsn_;
  loop_ = environment_.executor->StartLoop([this] { return Step(); });
}

CommitQueue::~CommitQueue() { Close().IgnoreError(); }

void CommitQueue::Submit(Batch batch, Database::WriteDone done) {
  absl::Status refused;
  {
    MutexLock lock(&mutex_);
    refused = closing_ ? MakeError(ErrorCode::kShutdown, "the store is closing") : latched_;
    if (refused.ok()) {
      queue_.push_back({std::move(batch), std::move(done)});
      idle_ = false;
      loop_->Wake();  // under the lock: Close cannot end the loop before
      return;
    }
  }
  done(refused);
}

// The write path. The names of the steps are those of ARCHITECTURE.md.
NextStep CommitQueue::Step() {
  std::vector<Command> commands = TakeGroup();
  std::vector<Outcome> group;
  group.reserve(commands.size());
  for (Command& command : commands) group.push_back(Process(std::move(command)));
  const absl::Status finished = Finish(&group);
  for (Outcome& outcome : group) {
    // Also a repeat is unknown when what it repeats is not durable.
    if (!finished.ok() && outcome.result.ok() && outcome.result->lsn > durable_lsn()) {
      outcome.result = OutcomeUnknown();
    }
    outcome.done(std::move(outcome.result));
  }
  MutexLock lock(&mutex_);
  if (!queue_.empty()) return NextStep::Again();
  idle_ = true;
  changed_.NotifyAll();
  return NextSync();
}

std::vector<CommitQueue::Command> CommitQueue::TakeGroup() {
  MutexLock lock(&mutex_);
  const size_t count = std::min(queue_.size(), kMaxGroupCommands);
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<Command> group(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
  return group;
}

CommitQueue::Outcome CommitQueue::Process(Command command) {
  Outcome outcome{std::move(command.done), WriteResult{}, false};
  const absl::Status latched = Latched();
  if (latched.ok()) {
    outcome.result = Commit(command.batch, &outcome.committed);
  } else {
    outcome.result = latched;
  }
  return outcome;
}

absl::StatusOr<WriteResult> CommitQueue::Commit(const Batch& batch, bool* committed) {
  ROSTER_RETURN_IF_ERROR(CheckOptions(batch.options));
  const uint64_t digest = batch.options.request_id.empty() ? 0 : DigestOf(batch);
  if (auto repeat = Repeat(batch, digest)) return *std::move(repeat);

  const ViewClock::CommitTime time = clock_->ForCommit();
  Draft draft(WriterStore().state());
  ROSTER_ASSIGN_OR_RETURN(WriteResult result, StageAll(batch, time.clock, &draft));
  result.lsn = WriterStore().lsn();
  const bool time_due = WriterStore().next_due().value_or(Timestamp{INT64_MAX}) <= time.clock;
  if (draft.mutations().empty() && !time_due) return result;  // repeats only: nothing to log

  std::vector<Mutation> mutations = {Advance{time.clock}};
  for (Mutation& mutation : draft.TakeMutations()) mutations.push_back(std::move(mutation));
  const ProfileId first = result.items.empty() ? ProfileId{} : result.items.front().profile;
  const std::string payload = EncodeCommit({.received_at = time.clock,
                                            .request_id = batch.options.request_id,
                                            .digest = digest,
                                            .actor = batch.options.actor,
                                            .outcome = first,
                                            .num_items = batch.items.size()},
                                           mutations);
  // What time alone brings is small and must go on when nothing else may.
  const bool grows = mutations.size() > 1;
  ROSTER_RETURN_IF_ERROR(Reserve(payload.size(), grows));
  *committed = true;  // from here the command cannot be refused
  ROSTER_ASSIGN_OR_RETURN(result.lsn, ApplyAndAppend(mutations, payload, time.ceiling));
  if (!batch.options.request_id.empty()) {
    requests_.Add(batch.options.request_id, {digest, result.lsn, first});
  }
  return result;
}

absl::Status CommitQueue::Reserve(size_t payload_bytes, bool grows) {
  if (payload_bytes > kMaxCommandBytes) {
    return MakeError(ErrorCode::kLimit, StrCat("command larger than ", kMaxCommandBytes, " bytes"));
  }
  const uint64_t limit = options_.memory_limit_bytes;
  if (grows && limit != 0 && WriterStore().MemoryBytes() + payload_bytes > limit) {
    return MakeError(ErrorCode::kOutOfMemory, "memory limit reached; reads go on");
  }
  absl::Status reserved = log_->Reserve(payload_bytes);
  // The log may have failed outside of this queue, while a mark was written.
  if (!reserved.ok() && ErrorCodeOf(reserved) == ErrorCode::kReadOnly) Latch(reserved);
  return reserved;
}

absl::StatusOr<Lsn> CommitQueue::ApplyAndAppend(const std::vector<Mutation>& mutations,
                                                const std::string& payload, Timestamp ceiling) {
  MutexLock lock(&shared_->mutex);
  ChangeSet changes;
  for (const Mutation& mutation : mutations) shared_->store.Apply(mutation, &changes);
  const absl::StatusOr<Lsn> lsn = log_->AppendCommit(payload, ceiling);
  if (!lsn.ok()) {
    Latch(lsn.status());
    return OutcomeUnknown();
  }
  shared_->store.FinishCommit(*lsn);
  group_ceiling_ = std::max(group_ceiling_, ceiling);
  ++num_commits_;
  return *lsn;
}

const Store& CommitQueue::WriterStore() const { return shared_->store; }

std::optional<absl::StatusOr<WriteResult>> CommitQueue::Repeat(const Batch& batch,
                                                               uint64_t digest) const {
  if (batch.options.request_id.empty()) return std::nullopt;
  const FirstOutcome* first = requests_.Find(batch.options.request_id);
  if (first == nullptr) return std::nullopt;
  if (first->digest != digest) {
    return MakeError(ErrorCode::kConflict, "request id was used for another command");
  }
  WriteResult result{.lsn = first->lsn, .duplicate = true};
  result.items.push_back({.status = {}, .profile = first->profile, .duplicate = true});
  return result;
}

absl::StatusOr<WriteResult> CommitQueue::StageAll(const Batch& batch, Timestamp clock,
                                                  Draft* draft) {
  WriteResult result;
  for (size_t i = 0; i < batch.items.size(); ++i) {
    absl::StatusOr<ItemResult> item = StageItem(batch.items[i], {clock, &event_ids_}, draft);
    if (!item.ok() && batch.atomic) return OfItem(item.status(), i);
    result.items.push_back(item.ok() ? *std::move(item)
                                     : ItemResult{.status = item.status(), .profile = {}});
  }
  return result;
}

// Append has filled the group; here it goes to the kernel, is synced and becomes answerable.
absl::Status CommitQueue::Finish(std::vector<Outcome>* group) {
  ROSTER_RETURN_IF_ERROR(Latched());
  const bool any = std::any_of(group->begin(), group->end(),
                               [](const Outcome& outcome) { return outcome.committed; });
  if (any) {
    if (absl::Status written = log_->Write(); !written.ok()) {
      Latch(written);
      return written;
    }
    written_lsn_ = WriterStore().lsn();
    unsynced_ = true;
  }
  const int64_t now_us = environment_.clock->MonotonicMicros();
  const bool due = options_.durability == Durability::kSync ||
                   now_us - last_sync_us_ >= options_.sync_interval_ms * 1000;
  if (unsynced_ && due) return SyncLog();
  if (any) {
    MutexLock lock(&mutex_);
    answerable_lsn_ = written_lsn_;
    changed_.NotifyAll();
  }
  return absl::OkStatus();
}

absl::Status CommitQueue::SyncLog() {
  const absl::StatusOr<Lsn> durable = log_->Sync();
  if (!durable.ok()) {
    Latch(durable.status());
    return durable.status();
  }
  unsynced_ = false;
  last_sync_us_ = environment_.clock->MonotonicMicros();
  ++num_syncs_;
  clock_->CeilingIsDurable(group_ceiling_);
  MutexLock lock(&mutex_);
  durable_lsn_ = *durable;
  answerable_lsn_ = std::max(written_lsn_, *durable);
  changed_.NotifyAll();
  return absl::OkStatus();
}

NextStep CommitQueue::NextSync() {
  if (!unsynced_) return NextStep::WhenWoken();
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

absl::Status CommitQueue::Close() {
  {
    MutexLock lock(&mutex_);
    if (closing_) {  // another call closes, or has
      while (!closed_) changed_.Wait(&mutex_);
      return latched_;
    }
    closing_ = true;
  }
  while (environment_.executor->RunOne()) {
  }
  {
    MutexLock lock(&mutex_);
    while (!idle_) changed_.Wait(&mutex_);
  }
  loop_.reset();  // from here this thread is the writer
  if (unsynced_ && Latched().ok()) SyncLog().IgnoreError();
  MutexLock lock(&mutex_);
  closed_ = true;
  changed_.NotifyAll();
  return latched_;
}

Lsn CommitQueue::durable_lsn() const {
  MutexLock lock(&mutex_);
  return durable_lsn_;
}

bool CommitQueue::read_only() const { return !Latched().ok(); }

void CommitQueue::Latch(const absl::Status& why) {
  MutexLock lock(&mutex_);
  if (!latched_.ok()) return;
  latched_ = MakeError(ErrorCode::kReadOnly, StrCat("the log failed, the store accepts no writes: ",
                                                    StdView(why.message())));
  changed_.NotifyAll();
}

absl::Status CommitQueue::Latched() const {
  MutexLock lock(&mutex_);
  return latched_;
}

}  // namespace roster
