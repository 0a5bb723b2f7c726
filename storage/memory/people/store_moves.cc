// SPDX-License-Identifier: Apache-2.0
//
// Store's taking apart: records of one profile that go to another one, or nowhere. What stays gets
// a row of its own and the old row is retired, so that nothing has to be taken out of blocks.
#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "storage/base/check.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/store.h"

namespace roster {
namespace {

// What a file says is believed only as far as it has the type.
template <typename T>
T Or(const Value& value) {
  const T* known = std::get_if<T>(&value);
  return known != nullptr ? *known : T();
}

}  // namespace

RowId Store::Reroute(RowId from, std::optional<RowId> to, const Fate& fate, ChangeSet* changes) {
  const RowId stay = NewRow(state_.ProfileAt(from));
  state_.live.Set(stay);
  ++state_.num_profiles;
  // Traits first: which side a cell is of is told by the records that its row still has.
  for (size_t t = 0; t < state_.columns.size(); ++t) {
    RerouteCell(from, stay, to, TraitId{static_cast<uint16_t>(t)}, fate);
  }
  for (size_t e = 0; e < state_.partitions.size(); ++e) {
    const EventTypeId type{static_cast<uint16_t>(e)};
    if (!state_.partitions[e]->HasAny(from)) continue;
    EventPartition& events = state_.partitions[e].Mutable();
    const std::optional<PropertyId> home = state_.schema->event(type).home;
    const auto takes = [&](Where where) {
      return
          [&fate, type, where](const EventSource& source) { return fate(type, source) == where; };
    };
    events.CopyEvents(from, stay, {takes(Where::kStays), home, {}}, sealing_);
    if (to) events.CopyEvents(from, *to, {takes(Where::kGoes), home, {}}, sealing_);
    FreePurged(&events);
    changes->events.push_back(type);
  }
  for (size_t t = 0; t < state_.columns.size(); ++t) {
    const TraitId trait{static_cast<uint16_t>(t)};
    if (!state_.schema->trait(trait).records) continue;
    if (!TraitRecordsOf(stay, trait).empty()) ShowTrait(stay, trait);
    if (to && !TraitRecordsOf(*to, trait).empty()) ShowTrait(*to, trait);
  }
  state_.identities.MoveAll(from, stay, {});
  state_.profiles.MoveRow(from, stay, state_.ProfileAt(from));
  RetireRow(from);
  changes->rows.push_back(from);
  changes->rows.push_back(stay);
  if (to) changes->rows.push_back(*to);
  NoteDevices(stay);
  if (to) NoteDevices(*to);
  return stay;
}

void Store::NoteDevices(RowId row) {
  const std::optional<EventTypeId> type = state_.schema->FindEvent(kDeviceRecords);
  if (!type || !state_.partition(*type).HasAny(row)) return;
  const EventPartition& partition = state_.partition(*type);
  for (const EventRef event : partition.EventsOf(row)) {
    const EventBlock& block = partition.block(ChunkOf(row));
    NoteDevice(row, OriginOf(block, event), PropertyOf(block, event, kDeviceMark).value_or(0));
  }
}

void Store::NoteDevice(RowId row, IdentityId device, int64_t kind) {
  if (device == kNoOrigin || !state_.identities.IsAttached(device)) return;
  const RowId owner = state_.identities.RowOf(device);
  if (owner == row && kind == static_cast<int64_t>(DeviceMarkKind::kIdentify)) return;
  devices_.Note(device, state_.ProfileAt(row));
  devices_.Note(device, state_.ProfileAt(owner));
}

// A cell that is no record of its row is one by itself; it becomes one before the records move.
void Store::RerouteCell(RowId from, RowId stay, std::optional<RowId> to, TraitId trait,
                        const Fate& fate) {
  const std::optional<TraitRecord> cell = CellOf(from, trait);
  if (!cell) return;
  if (const auto type = state_.schema->trait(trait).records) {
    KeepRecord(from, trait, *cell, {});
    state_.columns[trait.value].Mutable().Forget(from, &state_.stamps);
    return;
  }
  // Nothing but the cell is known: of the store's own, and of traits that were never written twice.
  const bool own = state_.schema->trait(trait).system;
  const EventSource source{{}, cell->time, cell->origin, {}};
  const bool goes = !own && to && fate(std::nullopt, source) == Where::kGoes;
  MoveCell(from, goes ? *to : stay, trait);
}

// From everything that is left, as if nothing else had ever been.
void Store::SeeAgain(RowId row) {
  const ProfileId profile = state_.ProfileAt(row);
  seen_later_.Forget(profile);
  std::optional<std::pair<int64_t, int64_t>> range;
  for (size_t e = 0; e < state_.partitions.size(); ++e) {
    const EventPartition& partition = *state_.partitions[e];
    if (!state_.schema->events()[e].IsActivity() || !partition.HasAny(row)) continue;
    for (const EventRef event : partition.EventsOf(row)) {
      const Timestamp time = TimeOf(partition.block(ChunkOf(row)), event);
      if (time > clock_) {
        seen_later_.Add(time, profile);
        continue;
      }
      if (!range) range.emplace(time.ms, time.ms);
      range->first = std::min(range->first, time.ms);
      range->second = std::max(range->second, time.ms);
    }
  }
  for (const TraitId trait : {kFirstSeen, kLastSeen}) {
    Column& column = state_.columns[trait.value].Mutable();
    if (range) {
      const int64_t ms = trait == kFirstSeen ? range->first : range->second;
      column.Set(row, ms, {{ms}, kNoOrigin}, &state_.stamps);
    } else if (column.IsStamped(row)) {
      column.Forget(row, &state_.stamps);
    }
  }
  if (range && range->first < state_.column(kCreatedAt).Bits(row)) {
    CreatedEarlier(row, {range->first}, kNoOrigin);
  }
}

void Store::ApplyOne(const MoveRecords& m, ChangeSet* changes) {
  const RowId from = LiveRow(m.from);
  const RowId to = LiveRow(m.to);
  const std::optional<EventTypeId> marks = state_.schema->FindEvent(kDeviceRecords);
  const Fate fate = [&](std::optional<EventTypeId> type, const EventSource& source) {
    if (type && type == marks) return Where::kStays;  // who identified stays who it was
    const bool goes = source.origin == m.origin && source.time >= m.begin && source.time < m.end;
    return goes ? Where::kGoes : Where::kStays;
  };
  SeeAgain(Reroute(from, to, fate, changes));
  SeeAgain(to);
}

void Store::ApplyOne(const RemoveRecord& m, ChangeSet* changes) {
  const Fate fate = [&](std::optional<EventTypeId> type, const EventSource& source) {
    return type == m.event && source.id == m.id ? Where::kNowhere : Where::kStays;
  };
  Reroute(LiveRow(m.profile), std::nullopt, fate, changes);
}

std::vector<Store::Merged> Store::MergesOf(RowId row) const {
  std::vector<Merged> merges;
  const std::optional<EventTypeId> type = state_.schema->FindEvent(kMergeRecords);
  if (!type) return merges;
  const EventPartition& partition = state_.partition(*type);
  for (const EventRef event : partition.EventsOf(row)) {
    const auto value = [&](PropertyId property) {
      const auto bits = PropertyOf(partition.block(ChunkOf(row)), event, property);
      return bits ? DecodeCell(partition.properties()[property.value], *bits) : Value();
    };
    const auto came = [&](PropertyId at, PropertyId via) {
      return Creation{Or<Timestamp>(value(at)), Or<std::string>(value(via))};
    };
    merges.push_back({.loser = {IdOf(partition.block(ChunkOf(row)), event).value},
                      .survivor = {static_cast<uint64_t>(Or<int64_t>(value(kMergeSurvivor)))},
                      .loser_came = came(kMergeLoserCreated, kMergeLoserVia),
                      .survivor_came = came(kMergeSurvivorCreated, kMergeSurvivorVia)});
  }
  return merges;
}

void Store::ApplyOne(const UnmergeProfile& m, ChangeSet* changes) {
  const RowId from = LiveRow(m.loser);
  const ProfileId survivor = state_.ProfileAt(from);
  const std::vector<Merged> merges = MergesOf(from);
  const EventTypeId merge_type = *state_.schema->FindEvent(kMergeRecords);
  // The loser, and who had been merged into it or into those.
  std::vector<ProfileId> gone = {m.loser};
  std::vector<ProfileId> known = {survivor};
  absl::flat_hash_set<uint64_t> gone_ids = {m.loser.value};
  for (size_t i = 0; i < gone.size(); ++i) {
    for (const Merged& merge : merges) {
      const bool below = merge.survivor == gone[i] && merge.loser != survivor;
      if (below && gone_ids.insert(merge.loser.value).second) gone.push_back(merge.loser);
    }
  }
  for (const Merged& merge : merges) {
    if (!gone_ids.contains(merge.loser.value)) known.push_back(merge.loser);
  }
  const auto is_gone = [&](ProfileId home, IdentityId origin) {
    if (home.value == 0 && origin != kNoOrigin) home = state_.identities.HomeOf(origin);
    return gone_ids.contains(home.value);
  };
  const Fate fate = [&](std::optional<EventTypeId> type, const EventSource& source) {
    if (type == merge_type) {
      if (source.id.value == m.loser.value) return Where::kNowhere;
      return gone_ids.contains(source.id.value) ? Where::kGoes : Where::kStays;
    }
    return is_gone(source.home, source.origin) ? Where::kGoes : Where::kStays;
  };
  const RowId to = NewRow(m.loser);
  state_.live.Set(to);
  ++state_.num_profiles;
  const std::vector<IdentityId> identities = state_.identities.OfRow(from);
  const RowId stay = Reroute(from, to, fate, changes);
  for (const IdentityId id : identities) {
    const ProfileId home = state_.identities.HomeOf(id);
    if (!gone_ids.contains(home.value)) continue;
    // What was its own is so again; what had been merged into it keeps its home.
    state_.identities.Move(id, to, IdentityStanding::kActive, home == m.loser ? ProfileId{} : home);
  }
  state_.profiles.Split(gone, to, known, stay);
  SetCreation(to, merges, gone);
  SetCreation(stay, merges, known);
  SeeAgain(to);
  SeeAgain(stay);
}

// How a profile came to be before anything was merged into it: merges only make it earlier.
std::optional<Store::Creation> Store::CameToBe(const std::vector<Merged>& merges, ProfileId id) {
  std::optional<Creation> own;
  for (const Merged& merge : merges) {
    const bool earlier = merge.survivor == id && (!own || merge.survivor_came.at > own->at);
    if (earlier) own = merge.survivor_came;
  }
  for (const Merged& merge : merges) {
    if (merge.loser == id && !own) own = merge.loser_came;
  }
  return own;
}

// The earliest of all of them.
void Store::SetCreation(RowId row, const std::vector<Merged>& merges,
                        absl::Span<const ProfileId> ids) {
  std::optional<Creation> first;
  for (const ProfileId id : ids) {
    const std::optional<Creation> own = CameToBe(merges, id);
    if (own && (!first || own->at < first->at)) first = own;
  }
  if (!first) first = Creation{};
  state_.columns[kCreatedAt.value].Mutable().Set(row, first->at.ms, {first->at, kNoOrigin},
                                                 &state_.stamps);
  Column& via = state_.columns[kCreatedVia.value].Mutable();
  via.Set(row, EncodeCell(via.type(), first->via), {first->at, kNoOrigin}, &state_.stamps);
}

void Store::ApplyOne(const MoveIdentity& m, ChangeSet* changes) {
  const RowId from = state_.identities.RowOf(m.identity);
  const RowId to = LiveRow(m.to);
  const ProfileId home = from == to ? state_.identities.HomeOf(m.identity) : ProfileId{};
  state_.identities.Move(m.identity, to, m.standing, home);
  NoteDevices(from);
  NoteDevices(to);
  changes->rows.push_back(from);
  changes->rows.push_back(to);
}

}  // namespace roster
