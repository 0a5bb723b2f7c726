// SPDX-License-Identifier: Apache-2.0
#include "engine/commit/committer.h"

#include <algorithm>
#include <utility>

#include "engine/commit/effects.h"
#include "engine/commit/perform.h"
#include "engine/limits.h"
#include "engine/reading/profile_ref.h"
#include "roster/error.h"
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

// More than what an item becomes in a commit: names that it declares, a merge for each identity.
constexpr size_t kItemBytes = 512;
constexpr size_t kIdentityBytes = 1024;
constexpr size_t kFieldBytes = 64;
// Traits and types are declared with the records of merges once each, whoever is merged first.
constexpr size_t kDeclarationBytes = 64 << 10;

size_t SizeOf(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return text->size();
  if (const auto* json = std::get_if<Json>(&value)) return json->text.size();
  size_t bytes = 0;
  if (const auto* list = std::get_if<TextList>(&value)) {
    for (const std::string& text : *list) bytes += text.size() + 16;
  }
  return bytes;
}

size_t BytesOf(const std::vector<Field>& fields) {
  size_t bytes = 0;
  for (const Field& field : fields) {
    bytes += kFieldBytes + 3 * field.key.size() + SizeOf(field.value);
  }
  return bytes;
}

size_t BytesOf(const CheckedCall& call) {
  size_t bytes = kItemBytes + call.source.size() + 3 * call.channel.size();
  if (call.session) {
    bytes += 2 * kItemBytes + 3 * (call.session->id.size() + call.session->kind.size() +
                                   call.session->channel.size() + call.session->name.size() +
                                   call.session->platform.size());
    bytes += 2 * BytesOf(call.session->properties);
  }
  for (const UsableIdentity& identity : call.identities) {
    bytes += kIdentityBytes + 3 * identity.value.size();
  }
  for (const IdentityRef& blocked : call.blocked) {
    bytes += kItemBytes + 6 * (blocked.space.size() + blocked.value.size());  // as JSON
  }
  return bytes;
}

struct HandBound {
  size_t operator()(const Create& item) const { return BytesOf(item.traits); }
  size_t operator()(const Edit& item) const { return BytesOf(item.traits); }
  size_t operator()(const Note& item) const { return item.text.size(); }
  size_t operator()(const Label& item) const {
    size_t bytes = 0;
    for (const auto* labels : {&item.add, &item.remove}) {
      for (const std::string& label : *labels) bytes += kItemBytes + 3 * label.size();
    }
    return bytes;
  }
  size_t operator()(const Consent& item) const {
    return 3 * (item.channel.size() + item.address.size() + item.policy.size() +
                item.version.size() + item.source.size());
  }
  // The rest holds identities only.
  template <typename T>
  size_t operator()(const T&) const {
    return kMaxItemIdentities * (kIdentityBytes + kMaxIdentityBytes);
  }
};

size_t BytesOfHand(const WriteItem& item) {
  return kMaxItemIdentities * (kIdentityBytes + kMaxIdentityBytes) + std::visit(HandBound(), item);
}

struct BoundOf {
  size_t operator()(const CheckedIdentify& item) const {
    return BytesOf(item.call) + BytesOf(item.traits.fields);
  }
  size_t operator()(const CheckedTrack& item) const {
    return BytesOf(item.call) + item.event.size() + BytesOf(item.properties) +
           BytesOf(item.traits.fields);
  }
  size_t operator()(const CheckedAlias& item) const {
    return 2 * BytesOf(item.call) + kIdentityBytes + 3 * item.previous.size();
  }
  size_t operator()(const CheckedRetain&) const { return kItemBytes; }
  size_t operator()(const CheckedByHand& item) const { return BytesOfHand(*item.item); }
};

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
  size_t bound = kDeclarationBytes;
  if (carries()) bound += CarryOver::kMaxBytes;
  for (const auto& item : items) bound += item.ok() ? std::visit(BoundOf(), *item) : 0;
  return Reserve(bound, std::ranges::any_of(items, Grows));
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

WriteResult Committer::Apply(const Batch& batch, CheckedItems items,
                             const ViewClock::CommitTime& time, uint64_t digest,
                             Committed* committed) {
  MutexLock lock(&parts_.shared->mutex);
  Store& store = parts_.shared->store;
  Effects effects(&store, &event_ids_, time.clock, options_.declare_on_first_use);
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
