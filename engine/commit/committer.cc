// SPDX-License-Identifier: Apache-2.0
#include "engine/commit/committer.h"

#include <utility>

#include "engine/limits.h"
#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/mutation.h"

namespace roster {
namespace {

constexpr int64_t kHoldAgainUs = 200'000;  // between attempts at the disk reserve

constexpr size_t kBytesOfMutation = 48;  // as a rule

// The error of one item of a command that is all or nothing.
absl::Status OfItem(const absl::Status& status, size_t index) {
  return MakeError(ErrorCodeOf(status),
                   StrCat(StdView(status.message()), " (item ", index + 1, ")"));
}

std::string EncodeCommit(const CommitHeader& header, const std::vector<Mutation>& mutations) {
  std::string payload;
  payload.reserve(kBytesOfMutation * (mutations.size() + 1));
  EncodeCommitHeader(header, &payload);
  for (const Mutation& mutation : mutations) EncodeMutation(mutation, &payload);
  return payload;
}

}  // namespace

Committer::Committer(const Options& options, const Environment& environment, const Parts& parts)
    : options_(options), environment_(environment), parts_(parts) {}

Committed Committer::Commit(const Batch& batch) {
  Committed committed;
  committed.result = TryCommit(batch, &committed);
  return committed;
}

absl::StatusOr<WriteResult> Committer::TryCommit(const Batch& batch, Committed* committed) {
  ROSTER_RETURN_IF_ERROR(CheckOptions(batch.options));
  const uint64_t digest = batch.options.request_id.empty() ? 0 : DigestOf(batch);
  if (auto repeat = Repeat(batch, digest)) return *std::move(repeat);

  const MutexLock writing(&parts_.shared->writing);
  const ViewClock::CommitTime time = parts_.clock->ForCommit();
  Draft draft(store().state());
  ROSTER_ASSIGN_OR_RETURN(WriteResult result, StageAll(batch, time.clock, &draft));
  result.lsn = store().lsn();
  const bool time_due = store().next_due().value_or(Timestamp{INT64_MAX}) <= time.clock;
  if (draft.mutations().empty() && !time_due) return result;  // repeats only: nothing to log

  // What time alone brings is small and must go on when nothing else may.
  const bool grows = std::ranges::any_of(draft.mutations(), [](const Mutation& mutation) {
    return !std::holds_alternative<SetRetention>(mutation);
  });
  std::vector<Mutation> mutations;
  mutations.reserve(draft.mutations().size() + 1);
  mutations.emplace_back(Advance{time.clock});
  for (const ExpireEvents& expiry : store().ExpiriesDue(time.clock)) {
    mutations.emplace_back(expiry);
  }
  for (Mutation& mutation : draft.TakeMutations()) mutations.push_back(std::move(mutation));
  const ProfileId first = result.items.empty() ? ProfileId{} : result.items.front().profile;
  const std::string payload = EncodeCommit({.received_at = time.clock,
                                            .request_id = batch.options.request_id,
                                            .digest = digest,
                                            .actor = batch.options.actor,
                                            .outcome = first,
                                            .num_items = batch.items.size()},
                                           mutations);
  if (absl::Status reserved = Reserve(payload.size(), grows); !reserved.ok()) {
    // The log may have failed elsewhere, while a mark was written.
    if (ErrorCodeOf(reserved) == ErrorCode::kReadOnly) committed->log = reserved;
    return reserved;
  }
  committed->ceiling = time.ceiling;  // from here the command cannot be refused
  const absl::StatusOr<Lsn> lsn =
      Apply(batch, mutations, payload, time.ceiling, {digest, {}, first});
  if (!lsn.ok()) committed->log = lsn.status();
  result.lsn = store().lsn();
  return result;
}

absl::Status Committer::CheckOptions(const WriteOptions& options) const {
  if (options.request_id.size() > kMaxRequestIdBytes) {
    return MakeError(ErrorCode::kLimit,
                     StrCat("request id longer than ", kMaxRequestIdBytes, " bytes"));
  }
  if (options.actor.size() > kMaxActorBytes) {
    return MakeError(ErrorCode::kLimit, StrCat("actor longer than ", kMaxActorBytes, " bytes"));
  }
  if (parts_.log == nullptr && options.durability != Durability::kNone) {
    return MakeError(ErrorCode::kErr,
                     "the store keeps no log (durability none): only a snapshot makes it durable");
  }
  return absl::OkStatus();
}

std::optional<absl::StatusOr<WriteResult>> Committer::Repeat(const Batch& batch,
                                                             uint64_t digest) const {
  if (batch.options.request_id.empty()) return std::nullopt;
  const FirstOutcome* first = requests().Find(batch.options.request_id);
  if (first == nullptr) return std::nullopt;
  if (first->digest != digest) {
    return MakeError(ErrorCode::kConflict, "request id was used for another command");
  }
  WriteResult result{.lsn = first->lsn, .duplicate = true};
  result.items.push_back({.status = {}, .profile = first->profile, .duplicate = true});
  return result;
}

absl::StatusOr<WriteResult> Committer::StageAll(const Batch& batch, Timestamp clock, Draft* draft) {
  WriteResult result;
  result.items.reserve(batch.items.size());
  for (size_t i = 0; i < batch.items.size(); ++i) {
    absl::StatusOr<ItemResult> item = StageItem(batch.items[i], {clock, &event_ids_}, draft);
    if (!item.ok() && batch.atomic) return OfItem(item.status(), i);
    result.items.push_back(item.ok() ? *std::move(item)
                                     : ItemResult{.status = item.status(), .profile = {}});
  }
  return result;
}

absl::Status Committer::Reserve(size_t payload_bytes, bool grows) {
  if (payload_bytes > kMaxCommandBytes) {
    return MakeError(ErrorCode::kLimit, StrCat("command larger than ", kMaxCommandBytes, " bytes"));
  }
  const uint64_t limit = options_.memory_limit_bytes;
  if (grows && limit != 0 &&
      store().MemoryBytes() + requests().MemoryBytes() + payload_bytes > limit) {
    return MakeError(ErrorCode::kOutOfMemory, "memory limit reached; reads go on");
  }
  return parts_.log == nullptr ? absl::OkStatus() : ReserveLog(payload_bytes, grows);
}

absl::Status Committer::ReserveLog(size_t payload_bytes, bool grows) {
  absl::Status reserved = TryReserveLog(payload_bytes, grows);
  if (grows) disk_full_ = !reserved.ok() && ErrorCodeOf(reserved) == ErrorCode::kDiskFull;
  return reserved;
}

// What the reserve gave back is for what must not stop: who grows waits until it is held again.
absl::Status Committer::TryReserveLog(size_t payload_bytes, bool grows) {
  if (grows && parts_.reserve->missing()) {
    const int64_t now_us = environment_.clock->MonotonicMicros();
    if (now_us < next_hold_us_ || !parts_.reserve->Hold().ok()) {
      if (now_us >= next_hold_us_) next_hold_us_ = now_us + kHoldAgainUs;
      return MakeError(ErrorCode::kDiskFull, "the disk is full; reads go on");
    }
  }
  absl::Status reserved = parts_.log->Reserve(payload_bytes);
  if (reserved.ok() || grows || ErrorCodeOf(reserved) != ErrorCode::kDiskFull) return reserved;
  parts_.reserve->Release();
  return parts_.log->Reserve(payload_bytes);
}

absl::StatusOr<Lsn> Committer::Apply(const Batch& batch, const std::vector<Mutation>& mutations,
                                     const std::string& payload, Timestamp ceiling,
                                     FirstOutcome outcome) {
  MutexLock lock(&parts_.shared->mutex);
  ChangeSet changes;
  for (const Mutation& mutation : mutations) parts_.shared->store.Apply(mutation, &changes);
  absl::StatusOr<Lsn> lsn = Lsn{parts_.shared->store.lsn().value + 1};
  outcome.lsn = *lsn;
  if (parts_.log != nullptr) {
    lsn = parts_.log->AppendCommit(payload, ceiling);
    // What was applied stays, also when the log does not take it: it is a commit of this memory.
    if (lsn.ok()) outcome.lsn = *lsn;
  }
  parts_.shared->store.FinishCommit(outcome.lsn);
  Loop* const upkeep = parts_.shared->upkeep;
  if (upkeep != nullptr && parts_.shared->store.has_seal_due()) upkeep->Wake();
  if (!batch.options.request_id.empty()) {
    parts_.shared->requests.Add(batch.options.request_id, outcome);
  }
  return lsn;
}

}  // namespace roster
