// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/store.h"

#include <algorithm>
#include <tuple>

#include "storage/base/check.h"

namespace roster {

std::optional<RowId> State::FindIdentity(NamespaceId name_space, std::string_view value) const {
  const std::optional<IdentityId> id = identities.Find(name_space, value);
  if (!id) return std::nullopt;
  return identities.RowOf(*id);
}

Store::Store() {
  for (const TraitInfo& trait : state_.schema->traits()) {
    state_.columns.emplace_back(Column(CellType::Make(trait.type, trait.scale)));
  }
}

void Store::Apply(const Mutation& mutation, ChangeSet* changes) {
  std::visit([&](const auto& m) { ApplyOne(m, changes); }, mutation);
}

std::optional<Timestamp> Store::next_due() const {
  if (seen_later_.empty()) return std::nullopt;
  return seen_later_.begin()->first;
}

ReadView Store::TakeView(Timestamp clock) const {
  return ReadView(std::make_shared<const State>(state_), lsn_, clock);
}

StorePending Store::Pending() const { return {clock_, {seen_later_.begin(), seen_later_.end()}}; }

void Store::Restore(State state, const StorePending& pending, Lsn lsn) {
  state_ = std::move(state);
  clock_ = pending.clock;
  seen_later_ = {pending.seen_later.begin(), pending.seen_later.end()};
  lsn_ = lsn;
}

size_t Store::MemoryBytes() const {
  size_t bytes = state_.identities.MemoryBytes() + state_.profiles.MemoryBytes() +
                 state_.profile_of_row.MemoryBytes() + state_.live.num_chunks() * sizeof(ChunkBits);
  for (const Cow<Column>& column : state_.columns) bytes += column->MemoryBytes();
  for (const Cow<EventPartition>& events : state_.partitions) bytes += events->MemoryBytes();
  return bytes;
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
  const RowId row{state_.num_rows()};
  state_.profiles.Add(row);
  state_.profile_of_row.PushBack(m.id.value);
  state_.live.Set(row);
  ++state_.num_profiles;
  Column& created_at = state_.columns[kCreatedAt.value].Mutable();
  created_at.Set(row, m.created_at.ms, m.created_at, kNoOrigin);
  Column& created_via = state_.columns[kCreatedVia.value].Mutable();
  created_via.Set(row, EncodeCell(created_via.type(), m.via), m.created_at, kNoOrigin);
  Seen(row, m.created_at);
  changes->rows.push_back(row);
}

void Store::ApplyOne(const AttachIdentity& m, ChangeSet* changes) {
  const RowId row = LiveRow(m.profile);
  state_.identities.Attach(row, m.name_space, m.value);
  changes->rows.push_back(row);
}

void Store::ApplyOne(const SetTrait& m, ChangeSet* changes) {
  const RowId row = LiveRow(m.profile);
  Column& column = state_.columns[m.trait.value].Mutable();
  std::optional<int64_t> bits;
  if (!IsMissing(m.value)) bits = EncodeCell(column.type(), m.value);
  if (m.trait == kCreatedAt) {
    CreatedEarlier(row, m.time, m.origin);
  } else {
    column.Set(row, bits, m.time, m.origin);
    Seen(row, m.time);
  }
  changes->rows.push_back(row);
  changes->traits.push_back(m.trait);
}

void Store::ApplyOne(const AddEvent& m, ChangeSet* changes) {
  const RowId row = LiveRow(m.profile);
  EventPartition& events = state_.partitions[m.event.value].Mutable();
  std::vector<EventProperty> properties;
  properties.reserve(m.properties.size());
  for (const auto& [id, value] : m.properties) {
    properties.push_back({id, EncodeCell(events.properties()[id.value], value)});
  }
  events.Add(row, {.id = m.id, .time = m.time, .origin = m.origin, .properties = properties});
  ++state_.num_events;
  Seen(row, m.time);
  changes->rows.push_back(row);
  changes->events.push_back(m.event);
}

void Store::ApplyOne(const MergeProfiles& m, ChangeSet* changes) {
  const RowId from = LiveRow(m.loser);
  const RowId to = LiveRow(m.survivor);
  for (size_t e = 0; e < state_.partitions.size(); ++e) {
    if (state_.partitions[e]->CountOf(from) == 0) continue;
    EventPartition& events = state_.partitions[e].Mutable();
    state_.num_events -= events.num_events();
    events.MoveEvents(from, to);
    state_.num_events += events.num_events();
    changes->events.push_back(EventTypeId{static_cast<uint16_t>(e)});
  }
  MoveTraits(from, to);
  state_.identities.MoveAll(from, to);
  state_.profiles.Merge(from, state_.ProfileAt(from), to, state_.ProfileAt(to));
  state_.live.Clear(from);
  --state_.num_profiles;
  changes->rows.push_back(from);
  changes->rows.push_back(to);
}

void Store::ApplyOne(const Advance& m, ChangeSet* changes) {
  clock_ = std::max(clock_, m.clock);
  while (!seen_later_.empty() && seen_later_.begin()->first <= clock_) {
    const auto [time, profile] = *seen_later_.begin();
    seen_later_.erase(seen_later_.begin());
    const RowId row = LiveRow(profile);
    Seen(row, time);
    changes->rows.push_back(row);
    changes->traits.push_back(kLastSeen);
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
    seen_later_.emplace(time, state_.ProfileAt(row));
    return;
  }
  if (time.ms < state_.column(kCreatedAt).Bits(row)) CreatedEarlier(row, time, kNoOrigin);
  const Column& first = state_.column(kFirstSeen);
  if (!first.Has(row) || time.ms < first.Bits(row)) {
    state_.columns[kFirstSeen.value].Mutable().Set(row, time.ms, time, kNoOrigin);
  }
  const Column& last = state_.column(kLastSeen);
  if (!last.Has(row) || time.ms > last.Bits(row)) {
    state_.columns[kLastSeen.value].Mutable().Set(row, time.ms, time, kNoOrigin);
  }
}

// How a profile came to be keeps the time at which it did, so that merges take both from one side.
void Store::CreatedEarlier(RowId row, Timestamp time, IdentityId origin) {
  state_.columns[kCreatedAt.value].Mutable().Set(row, time.ms, time, origin);
  Column& via = state_.columns[kCreatedVia.value].Mutable();
  via.Set(row, via.Bits(row), time, origin);
}

void Store::MoveTraits(RowId from, RowId to) {
  for (size_t t = 0; t < state_.columns.size(); ++t) {
    const Column& column = *state_.columns[t];
    const std::optional<Timestamp> theirs = column.TimeOf(from);
    if (!theirs) continue;
    const std::optional<Timestamp> ours = column.TimeOf(to);
    // Of the two first-seen and created times the earlier stays, and how that came to be.
    const TraitId id{static_cast<uint16_t>(t)};
    const bool earliest = id == kCreatedAt || id == kFirstSeen || id == kCreatedVia;
    const Value our_value = column.Get(to);
    const Value their_value = column.Get(from);
    const bool later = !ours || std::tie(*theirs, their_value) > std::tie(*ours, our_value);
    const bool take = earliest ? !ours || *theirs < *ours : later;
    const std::optional<int64_t> bits =
        column.Has(from) ? std::optional(column.Bits(from)) : std::nullopt;
    const IdentityId origin = column.OriginOf(from);
    Column& writable = state_.columns[t].Mutable();
    if (take) writable.Set(to, bits, *theirs, origin);
    writable.Forget(from);
  }
}

}  // namespace roster
