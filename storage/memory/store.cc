// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/store.h"

#include <algorithm>
#include <tuple>

#include "storage/base/check.h"
#include "storage/memory/people/own_names.h"

namespace roster {
namespace {

// Requires: the row has a cell.
int64_t SpanOfSeen(const Column& last_seen, RowId row) {
  return SeenOrder::SpanOf(last_seen.Bits(row));
}

}  // namespace

std::optional<RowId> State::FindIdentity(NamespaceId name_space, std::string_view value) const {
  const std::optional<IdentityId> id = identities.Find(name_space, value);
  if (!id) return std::nullopt;
  return identities.RowOf(*id);
}

uint64_t State::num_events() const {
  uint64_t count = 0;
  for (size_t e = 0; e < partitions.size(); ++e) {
    if (!schema->events()[e].own) count += partitions[e]->num_events();
  }
  return count;
}

Store::Store() {
  for (const TraitInfo& trait : state_.schema->traits()) {
    state_.columns.emplace_back(Column(CellType::Make(trait.type, trait.scale)));
  }
}

void Store::Apply(const Mutation& mutation, ChangeSet* changes) {
  const uint64_t before = CopiedBytes();
  std::visit([&](const auto& m) { ApplyOne(m, changes); }, mutation);
  copied_bytes_ += CopiedBytes() - before;
}

void Store::FinishCommit(Lsn lsn) {
  lsn_ = lsn;
  WipeDetached();
}

std::optional<Timestamp> Store::next_due() const {
  std::optional<Timestamp> due = seen_later_.earliest();
  for (size_t e = 0; e < state_.partitions.size(); ++e) {
    const std::optional<Timestamp> expiry = ExpiryOf({static_cast<uint16_t>(e)});
    if (expiry && (!due || *expiry < *due)) due = expiry;
  }
  return due;
}

std::optional<Timestamp> Store::ExpiryOf(EventTypeId event) const {
  const int64_t keep_ms = state_.schema->event(event).keep_ms;
  if (keep_ms == 0) return std::nullopt;
  const std::optional<int64_t> oldest_ms = state_.partition(event).oldest_ms();
  if (!oldest_ms || *oldest_ms > INT64_MAX - keep_ms - kRetentionStepMs) return std::nullopt;
  return Timestamp{*oldest_ms + kRetentionStepMs + keep_ms};
}

std::vector<ExpireEvents> Store::ExpiriesDue(Timestamp clock) const {
  std::vector<ExpireEvents> expiries;
  for (size_t e = 0; e < state_.partitions.size(); ++e) {
    const EventTypeId event{static_cast<uint16_t>(e)};
    const std::optional<Timestamp> expiry = ExpiryOf(event);
    if (!expiry || *expiry > clock) continue;
    expiries.push_back({event, {HourOf(clock.ms - state_.schema->event(event).keep_ms)}});
  }
  return expiries;
}

bool Store::has_seal_due() const {
  const auto due = [](const Cow<EventPartition>& events) { return events->has_due(); };
  return std::any_of(state_.partitions.begin(), state_.partitions.end(), due);
}

bool Store::has_stale() const {
  const auto stale = [](const Cow<EventPartition>& events) { return events->has_stale(); };
  return !detached_.empty() ||
         std::any_of(state_.partitions.begin(), state_.partitions.end(), stale);
}

std::optional<SealJob> Store::TakeSealJob(bool or_stale) {
  WipeDetached();
  for (const bool stale : {false, true}) {
    if (stale && !or_stale) break;
    for (size_t e = 0; e < state_.partitions.size(); ++e) {
      const EventPartition& events = *state_.partitions[e];
      if (!events.has_due() && !(stale && events.has_stale())) continue;
      std::optional<SealJob> job = state_.partitions[e].Mutable().TakeJob(stale);
      job->event = EventTypeId{static_cast<uint16_t>(e)};
      return job;
    }
  }
  return std::nullopt;
}

std::optional<SealJob> Store::TakeIdleSealJob(size_t max_blocks) {
  // One more than there are, so that the blocks before the first place have their turn too.
  for (size_t turn = 0; turn <= state_.partitions.size(); ++turn) {
    if (idle_event_ >= state_.partitions.size()) idle_event_ = 0;
    if (state_.partitions.empty()) break;
    const EventPartition& events = *state_.partitions[idle_event_];
    while (idle_chunk_ < events.num_blocks()) {
      if (max_blocks-- == 0) return std::nullopt;
      const uint32_t chunk = idle_chunk_++;
      if (!IsLoose(events.block(chunk))) continue;
      SealJob job = events.JobOf(chunk);
      job.event = EventTypeId{static_cast<uint16_t>(idle_event_)};
      return job;
    }
    ++idle_event_;
    idle_chunk_ = 0;
  }
  return std::nullopt;
}

void Store::InstallSeal(const SealJob& job, std::shared_ptr<const SealedEvents> sealed) {
  const uint64_t before = CopiedBytes();
  EventPartition& events = state_.partitions[job.event.value].Mutable();
  events.Install(job, std::move(sealed));
  FreePurged(&events);
  copied_bytes_ += CopiedBytes() - before;
}

ReadView Store::TakeView(Timestamp clock) const {
  return {std::make_shared<const State>(state_), lsn_, clock, copied_bytes_};
}

StorePending Store::Pending() const { return {clock_, seen_later_}; }

void Store::Restore(State state, const StorePending& pending, Lsn lsn) {
  state_ = std::move(state);
  clock_ = pending.clock;
  seen_later_ = SeenLater();
  devices_ = SharedDevices();
  largest_ = LargestRows();
  state_.seen_order = Cow<SeenOrder>();
  for (const auto& [time, profile] : pending.seen_later.Sorted()) {
    seen_later_.Add(time, state_.ProfileAt(LiveRow(profile)));
  }
  lsn_ = lsn;
  for (uint32_t row = state_.num_rows(); row > 0;) {
    const uint32_t chunk = ChunkOf({row - 1});
    if (row % kChunkRows == 0 && !state_.live.chunk(chunk).Any()) {
      free_chunks_.push_back(chunk);
      row -= kChunkRows;
    } else if (!state_.live.Test({--row})) {
      free_rows_.push_back({row});
    }
  }
  for (uint32_t row = 0; row < state_.num_rows(); ++row) {
    if (!state_.live.Test({row})) continue;
    NoteDevices({row});
    NoteSize({row});
    if (state_.column(kLastSeen).Has({row})) NoteLastSeen({row});
  }
}

void Store::ApplyOne(const DeclareTrait& m, ChangeSet*) {
  state_.schema.Mutable().AddTrait({.name = m.name, .type = m.type, .scale = m.scale});
  state_.columns.emplace_back(Column(CellType::Make(m.type, m.scale)));
}

void Store::ApplyOne(const DeclareEvent& m, ChangeSet*) {
  state_.schema.Mutable().AddEvent(m.name);
  EventPartition& events = state_.partitions.emplace_back().Mutable();
  events.AddProperty(CellType::Make(ValueType::kJson, 0));
}

void Store::ApplyOne(const DeclareProperty& m, ChangeSet*) {
  state_.schema.Mutable().AddProperty(m.event, {.name = m.name, .type = m.type, .scale = m.scale});
  state_.partitions[m.event.value].Mutable().AddProperty(CellType::Make(m.type, m.scale));
}

void Store::ApplyOne(const DeclareNamespace& m, ChangeSet*) {
  state_.schema.Mutable().AddNamespace(m.info);
}

void Store::ApplyOne(const CreateProfile& m, ChangeSet* changes) {
  const RowId row = NewRow(m.id);
  state_.profiles.Add(row);
  state_.live.Set(row);
  ++state_.num_profiles;
  Column& created_at = state_.columns[kCreatedAt.value].Mutable();
  created_at.Set(row, m.created_at.ms, {m.created_at}, &state_.stamps);
  Column& created_via = state_.columns[kCreatedVia.value].Mutable();
  created_via.Set(row, EncodeCell(created_via.type(), m.via), {m.created_at}, &state_.stamps);
  if (!state_.schema->has_calls()) Seen(row, m.created_at);
  changes->rows.push_back(row);
}

void Store::ApplyOne(const AttachIdentity& m, ChangeSet* changes) {
  const RowId row = LiveRow(m.profile);
  const IdentityId id = state_.identities.Attach(row, m.name_space, m.value);
  // It came under an id that has been merged, and can be taken out again.
  if (m.profile != state_.ProfileAt(row) && PlanUnmerge(state_, m.profile)) {
    state_.identities.Move(id, row, IdentityStanding::kActive, m.profile);
  }
  NoteSize(row);
  changes->rows.push_back(row);
}

void Store::ApplyOne(const SetTrait& m, ChangeSet* changes) {
  const RowId row = LiveRow(m.profile);
  if (m.trait == kCreatedAt) {
    if (m.time.ms < state_.column(kCreatedAt).Bits(row)) CreatedEarlier(row, m.time, m.origin);
  } else {
    WriteTrait(row, m.trait, Said(m.value, {m.time, m.origin}));
    if (!state_.schema->has_calls()) Seen(row, m.time);
  }
  changes->rows.push_back(row);
  changes->traits.push_back(m.trait);
}

void Store::ApplyOne(const AddEvent& m, ChangeSet* changes) {
  const RowId row = LiveRow(m.profile);
  EventPartition& events = state_.partitions[m.event.value].Mutable();
  std::vector<EventProperty>& properties = event_properties_;
  properties.clear();
  for (const auto& [id, value] : m.properties) {
    properties.push_back({id, EncodeCell(events.properties()[id.value], value)});
  }
  events.Add(row, {.id = m.id, .time = m.time, .origin = m.origin, .properties = properties},
             sealing_);
  FreePurged(&events);
  if (state_.schema->event(m.event).IsActivity()) Seen(row, m.time);
  if (state_.schema->event(m.event).name == kDeviceRecords) {
    const auto mark = std::ranges::find(properties, kDeviceMark, &EventProperty::property);
    NoteDevice(row, m.origin, mark == properties.end() ? 0 : mark->bits);
  }
  changes->rows.push_back(row);
  changes->events.push_back(m.event);
}

void Store::ApplyOne(const MergeProfiles& m, ChangeSet* changes) {
  const RowId from = LiveRow(m.loser);
  const RowId to = LiveRow(m.survivor);
  const ProfileId loser = state_.ProfileAt(from);
  // Without a record of the merge nothing is ever taken apart.
  const auto merges = state_.schema->FindEvent(kMergeRecords);
  const bool has_record = merges && state_.partition(*merges).Contains(to, {loser.value});
  const ProfileId home = has_record ? loser : ProfileId{};
  KeepCells(from, to);
  for (size_t e = 0; e < state_.partitions.size(); ++e) {
    if (!state_.partitions[e]->HasAny(from)) continue;
    EventPartition& events = state_.partitions[e].Mutable();
    const std::optional<PropertyId> property = state_.schema->events()[e].home;
    const ProfileId came = property ? home : ProfileId{};
    const ProfileId stays = state_.ProfileAt(to);
    const auto own = [&](const EventSource& source) { return NeedsNoHome(source, stays); };
    events.CopyEvents(from, to, {{}, property, came, own}, sealing_);
    FreePurged(&events);
    changes->events.push_back(EventTypeId{static_cast<uint16_t>(e)});
  }
  seen_later_.MoveAll(loser, state_.ProfileAt(to));
  MergeTraits(from, to, home);
  state_.identities.MoveAll(from, to, home);
  const Column& first_seen = state_.column(kFirstSeen);
  if (state_.schema->has_calls()) {
    std::optional<Timestamp> seen;
    if (first_seen.Has(to)) seen = Timestamp{first_seen.Bits(to)};
    CreateAgain(to, seen);
  }
  NoteSize(to);
  state_.profiles.Merge(from, loser, to, state_.ProfileAt(to));
  RetireRow(from);
  changes->rows.push_back(from);
  changes->rows.push_back(to);
}

void Store::ApplyOne(const Advance& m, ChangeSet* changes) {
  clock_ = std::max(clock_, m.clock);
  for (const auto& [time, profile] : seen_later_.TakeDue(clock_)) {
    const RowId row = LiveRow(profile);
    Seen(row, time);
    changes->rows.push_back(row);
    changes->traits.push_back(kLastSeen);
  }
}

void Store::ApplyOne(const EraseProfile& m, ChangeSet* changes) {
  const RowId row = LiveRow(m.profile);
  seen_later_.Forget(state_.ProfileAt(row));
  for (Cow<Column>& column : state_.columns) {
    if (column->IsStamped(row)) column.Mutable().Forget(row, &state_.stamps);
  }
  state_.profiles.Erase(row, state_.ProfileAt(row));
  std::vector<IdentityId> identities = state_.identities.DetachAll(row);
  ForgetDevices(row, identities);
  if (!identities.empty()) {
    detached_.push_back({state_.mark, std::move(identities)});
    state_.mark = Cow<ViewMark>();  // views from now on have them detached
  }
  for (size_t e = 0; e < state_.partitions.size(); ++e) {
    if (!state_.partitions[e]->HasAny(row)) continue;
    changes->events.push_back(EventTypeId{static_cast<uint16_t>(e)});
  }
  RetireRow(row);
  changes->rows.push_back(row);
}

void Store::ApplyOne(const SetRetention& m, ChangeSet* changes) {
  const int64_t before_ms = state_.schema->event(m.event).keep_ms;
  state_.schema.Mutable().SetRetention(m.event, m.keep_ms);
  if (before_ms == 0 || (m.keep_ms != 0 && m.keep_ms <= before_ms)) return;
  // Older events may come again, so what is gone must not look as if it were there.
  EventPartition& events = state_.partitions[m.event.value].Mutable();
  events.LiftFloor();
  FreePurged(&events);
  changes->events.push_back(m.event);
}

void Store::ApplyOne(const ExpireEvents& m, ChangeSet* changes) {
  EventPartition& events = state_.partitions[m.event.value].Mutable();
  events.Expire(m.before.ms);
  changes->events.push_back(m.event);
}

void Store::ApplyOne(const Define& m, ChangeSet*) {
  TextMap<std::string>& definitions = state_.definitions.Mutable();
  if (m.text.empty()) {
    definitions.erase(m.name);
  } else {
    definitions[m.name] = m.text;
  }
}

RowId Store::NewRow(ProfileId id) {
  if (free_rows_.empty() && !free_chunks_.empty()) {
    for (uint32_t i = kChunkRows; i-- > 0;) free_rows_.push_back(RowAt(free_chunks_.back(), i));
    free_chunks_.pop_back();
  }
  if (free_rows_.empty()) {
    state_.profile_of_row.PushBack(id.value);
    return RowId{state_.num_rows() - 1};
  }
  const RowId row = free_rows_.back();
  free_rows_.pop_back();
  state_.profile_of_row.Set(row.value, id.value);
  return row;
}

// Its columns and identities are empty by now.
void Store::RetireRow(RowId row) {
  state_.live.Clear(row);
  --state_.num_profiles;
  largest_.Forget(row);
  uint32_t num_blocks = 0;
  for (Cow<EventPartition>& events : state_.partitions) {
    if (!events->HasAny(row)) continue;
    EventPartition& writable = events.Mutable();
    writable.Kill(row);
    ++num_blocks;
  }
  if (num_blocks == 0) return free_rows_.push_back(row);
  retired_rows_[row.value] = num_blocks;
}

void Store::FreePurged(EventPartition* events) {
  for (const RowId row : events->TakePurged()) {
    const auto it = retired_rows_.find(row.value);
    ROSTER_CHECK(it != retired_rows_.end());
    if (--it->second != 0) continue;
    retired_rows_.erase(it);
    free_rows_.push_back(row);
  }
}

void Store::WipeDetached() {
  for (; !detached_.empty() && detached_.front().views.unique(); detached_.pop_front()) {
    for (const IdentityId id : detached_.front().identities) state_.identities.Wipe(id);
  }
}

RowId Store::LiveRow(ProfileId id) const {
  const std::optional<RowId> row = state_.FindProfile(id);
  ROSTER_CHECK(row.has_value());
  return *row;
}

// These come from every time that a client gave, so that arrival does not matter.
void Store::Seen(RowId row, Timestamp time) {
  if (time > clock_) {
    seen_later_.Add(time, state_.ProfileAt(row));
    return;
  }
  const Column& first = state_.column(kFirstSeen);
  if (!first.Has(row) && state_.schema->has_calls()) {
    CreateAgain(row, time);
  } else if (time.ms < state_.column(kCreatedAt).Bits(row)) {
    CreatedEarlier(row, time, kNoOrigin);
  }
  if (!first.Has(row) || time.ms < first.Bits(row)) {
    state_.columns[kFirstSeen.value].Mutable().Set(row, time.ms, {time}, &state_.stamps);
  }
  const Column& last = state_.column(kLastSeen);
  if (last.Has(row) && time.ms <= last.Bits(row)) return;
  const bool stays = last.Has(row) && SpanOfSeen(last, row) == SeenOrder::SpanOf(time.ms);
  state_.columns[kLastSeen.value].Mutable().Set(row, time.ms, {time}, &state_.stamps);
  if (!stays) NoteLastSeen(row);
}

void Store::NoteLastSeen(RowId row) {
  const Column& last = state_.column(kLastSeen);
  const auto is_in = [&](RowId one, int64_t span) {
    return last.Has(one) && SpanOfSeen(last, one) == span;
  };
  state_.seen_order.Mutable().Add(row, SpanOfSeen(last, row), is_in);
}

// How a profile came to be keeps the time at which that was said: of two that merge, the one that
// came first says it. Older versions moved it along.
void Store::CreatedEarlier(RowId row, Timestamp time, IdentityId origin) {
  state_.columns[kCreatedAt.value].Mutable().Set(row, time.ms, {time, origin}, &state_.stamps);
  if (state_.schema->has_calls()) return;
  Column& via = state_.columns[kCreatedVia.value].Mutable();
  via.Set(row, via.Bits(row), {time, origin}, &state_.stamps);
}

}  // namespace roster
