// SPDX-License-Identifier: Apache-2.0
#include "engine/commit/committer.h"

#include <algorithm>
#include <utility>

#include "engine/commit/bound.h"
#include "engine/commit/effects.h"
#include "engine/commit/perform.h"
#include "engine/limits.h"
#include "engine/reading/profile_ref.h"
#include "roster/error.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/mutation.h"

namespace roster {
namespace {

constexpr int64_t kHoldAgainUs = 200'000;  // between attempts at the disk reserve

// The error of one item of a command that is all or nothing.
absl::Status OfItem(const absl::Status& status, size_t index) {
  return MakeError(ErrorCodeOf(status),
                   StrCat(StdView(status.message()), " (item ", index + 1, ")"));
}

bool Grows(const absl::StatusOr<CheckedItem>& item) {
  if (!item.ok() || std::holds_alternative<CheckedRetain>(*item)) return false;
  const auto* by_hand = std::get_if<CheckedByHand>(&*item);
  return by_hand == nullptr || !std::holds_alternative<Erase>(*by_hand->item);
}

// It is found by the bound, which is some times what the items hold.
absl::Status TooLarge(size_t num_items) {
  const std::string what = num_items == 1 ? "command" : StrCat("batch of ", num_items, " items");
  return MakeError(
      ErrorCode::kLimit,
      StrCat("the commit that this ", what, " would become may be larger than ", kMaxCommandBytes,
             " bytes: send it in smaller ", num_items == 1 ? "parts" : "batches"));
}

// What is due may come with a command that was refused, whose id is not kept: trying it again is
// right.
std::string KeptId(const WriteOptions& options, const WriteResult& result) {
  const auto done = [](const ItemResult& item) { return item.status.ok(); };
  return std::ranges::any_of(result.items, done) ? options.request_id : std::string();
}

// What was carried over is of the same commit as what brought it about.
void SetVersions(const State& state, WriteResult* result) {
  for (ItemResult& item : result->items) {
    const auto row = state.FindProfile(item.profile);
    if (!item.version.empty() && row) item.version = VersionOf(state, *row);
  }
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
  const EventIdSource ids = event_ids_;  // what is refused uses none
  absl::StatusOr<CheckedItems> checked = CheckAll(batch, time.clock);
  if (!checked.ok()) {
    event_ids_ = ids;
    return checked.status();
  }
  CheckedItems items = *std::move(checked);
  if (absl::Status reserved = ReserveFor(items); !reserved.ok()) {
    // The log may have failed elsewhere, while a mark was written.
    if (ErrorCodeOf(reserved) == ErrorCode::kReadOnly) committed->log = reserved;
    event_ids_ = ids;
    return reserved;
  }
  return Apply(batch, std::move(items), time, digest, committed);
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
  result.items.push_back(
      {.status = {}, .profile = first->profile, .duplicate = true, .record = first->record});
  return result;
}

absl::StatusOr<Committer::CheckedItems> Committer::CheckAll(const Batch& batch, Timestamp clock) {
  Names names(store(), options_.declare_on_first_use);
  CheckedItems items;
  items.reserve(batch.items.size());
  for (size_t i = 0; i < batch.items.size(); ++i) {
    if (batch.items.size() > 1 && StandsAlone(batch.items[i])) {
      items.push_back(MakeError(ErrorCode::kLimit, "a command on one profile stands alone"));
    } else {
      items.push_back(CheckItem(batch.items[i], clock, &event_ids_, &names));
    }
    if (!items.back().ok() && batch.atomic) {
      num_blocked_ += names.num_blocked();
      return OfItem(items.back().status(), i);
    }
  }
  num_blocked_ += names.num_blocked();
  return items;
}

// What time alone brings is small and must go on when nothing else may.
absl::Status Committer::ReserveFor(const CheckedItems& items) {
  const State& state = store().state();
  size_t bound = DeclarationBytes(*state.schema);
  if (carries()) bound += CarryOver::kMaxBytes;
  for (const auto& item : items) bound += item.ok() ? CommitBytes(*item, state) : 0;
  reserved_bytes_ = bound;
  if (bound > kMaxCommandBytes) return TooLarge(items.size());
  return Reserve(bound, std::ranges::any_of(items, Grows));
}

absl::Status Committer::Reserve(size_t payload_bytes, bool grows) {
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

WriteResult Committer::Apply(const Batch& batch, CheckedItems items,
                             const ViewClock::CommitTime& time, uint64_t digest,
                             Committed* committed) {
  MutexLock lock(&parts_.shared->mutex);
  Store& store = parts_.shared->store;
  Effects effects(&store, &event_ids_, time.clock, options_.declare_on_first_use,
                  environment_.clock);
  if (store.next_due().value_or(Timestamp{INT64_MAX}) <= time.clock) {
    effects.Do(Advance{time.clock});
    for (const ExpireEvents& expiry : store.ExpiriesDue(time.clock)) effects.Do(expiry);
  }
  WriteResult result;
  result.items.reserve(items.size());
  for (auto& item : items) {
    result.items.push_back(item.ok() ? Perform(*std::move(item), batch.options, &effects)
                                     : ItemResult{.status = item.status(), .profile = {}});
  }
  parts_.shared->carry_over.Run(&effects);
  if (carries()) SetVersions(store.state(), &result);
  result.lsn = store.lsn();
  if (effects.payload().empty()) return result;  // repeats only: nothing to log

  committed->ceiling = time.ceiling;
  const ProfileId first = result.items.empty() ? ProfileId{} : result.items.front().profile;
  const uint64_t record = result.items.empty() ? 0 : result.items.front().record;
  const std::string request_id = KeptId(batch.options, result);
  result.lsn = {store.lsn().value + 1};
  if (parts_.log != nullptr) {
    std::string payload;
    EncodeCommitHeader({.received_at = time.clock,
                        .request_id = request_id,
                        .digest = request_id.empty() ? 0 : digest,
                        .actor = batch.options.actor,
                        .outcome = first,
                        .record = record,
                        .num_items = batch.items.size()},
                       &payload);
    payload += effects.payload();
    ROSTER_DCHECK(payload.size() <= reserved_bytes_);
    const absl::StatusOr<Lsn> lsn = parts_.log->AppendCommit(payload, time.ceiling);
    // What was applied stays, also when the log does not take it: it is a commit of this memory.
    if (lsn.ok()) result.lsn = *lsn;
    if (!lsn.ok()) committed->log = lsn.status();
  }
  store.FinishCommit(result.lsn);
  Loop* const upkeep = parts_.shared->upkeep;
  if (upkeep != nullptr && store.has_seal_due()) upkeep->Wake();
  if (!request_id.empty()) {
    parts_.shared->requests.Add(request_id, {digest, result.lsn, first, record});
  }
  return result;
}

}  // namespace roster
