// SPDX-License-Identifier: Apache-2.0
//
// Store's taking apart: records of one profile that go to another one, or nowhere. What stays gets
// a row of its own and the old row is retired, so that nothing has to be taken out of blocks.
#include <algorithm>
#include <limits>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "storage/base/check.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/store.h"

namespace roster {
namespace {

// When somebody made the profile by hand.
std::optional<Timestamp> MadeByHand(const State& state, RowId row) {
  const std::optional<EventTypeId> type = state.schema->FindEvent(kEditRecords);
  if (!type || !state.partition(*type).HasAny(row)) return std::nullopt;
  const std::optional<PropertyId> action = state.schema->event(*type).FindProperty("action");
  const EventPartition& edits = state.partition(*type);
  std::optional<Timestamp> made;
  for (const EventRef edit : edits.EventsOf(row)) {
    const EventBlock& block = edits.block(ChunkOf(row));
    const auto bits = action ? PropertyOf(block, edit, *action) : std::nullopt;
    if (!bits || DecodeCell(edits.properties()[action->value], *bits) != Value("create")) continue;
    const Timestamp time = TimeOf(block, edit);
    if (!made || time < *made) made = time;
  }
  return made;
}

}  // namespace

RowId Store::Reroute(const Route& route, ChangeSet* changes) {
  const RowId from = route.from;
  const RowId stay = NewRow(state_.ProfileAt(from));
  state_.live.Set(stay);
  ++state_.num_profiles;
  // Traits first: which side a cell is of is told by the records that its row still has.
  std::vector<TraitId> shown;
  std::vector<Lasting> lasting;
  for (size_t t = 0; t < state_.columns.size(); ++t) {
    const TraitId trait{static_cast<uint16_t>(t)};
    if (!state_.columns[t]->IsStamped(from)) continue;
    if (state_.schema->trait(trait).records) shown.push_back(trait);
    if (auto last = RerouteCell(route, stay, trait)) lasting.push_back(*std::move(last));
  }
  RerouteEvents(route, stay, changes);
  for (const TraitId trait : shown) {
    const auto show = [&](RowId row) {
      const auto last = std::ranges::find_if(
          lasting, [&](const Lasting& each) { return each.row == row && each.trait == trait; });
      if (last == lasting.end()) return ShowTrait(row, trait, {});
      ShowTrait(row, trait, {&last->cell, 1});
    };
    show(stay);
    if (route.to) show(*route.to);
  }
  state_.identities.MoveAll(from, stay, {});
  state_.profiles.MoveRow(from, stay, state_.ProfileAt(from));
  NoteSize(stay);
  RetireRow(from);
  changes->rows.push_back(from);
  changes->rows.push_back(stay);
  if (route.to) changes->rows.push_back(*route.to);
  return stay;
}

void Store::RerouteEvents(const Route& route, RowId stay, ChangeSet* changes) {
  for (size_t e = 0; e < state_.partitions.size(); ++e) {
    const EventTypeId type{static_cast<uint16_t>(e)};
    if (!state_.partitions[e]->HasAny(route.from)) continue;
    EventPartition& events = state_.partitions[e].Mutable();
    const std::optional<PropertyId> home = state_.schema->event(type).home;
    const auto copy = [&](Where where, bool held, RowId to) {
      const auto takes = [&, type](const EventSource& source) {
        const bool holds = route.holds && route.holds(source);
        return route.fate(type, source) == where && holds == held;
      };
      const auto own = [&](const EventSource& source) {
        return NeedsNoHome(source, state_.ProfileAt(to));
      };
      const ProfileId holder = held && home ? route.holder : ProfileId{};
      const bool keeps_home = where == Where::kStays || route.keeps_home;
      events.CopyEvents(route.from, to, {takes, home, holder, own, keeps_home}, sealing_);
    };
    copy(Where::kStays, false, stay);
    if (route.holds) copy(Where::kStays, true, stay);
    if (route.to) copy(Where::kGoes, false, *route.to);
    FreePurged(&events);
    changes->events.push_back(type);
  }
}

// A device's is with whom had it then, and a name that is gone says nothing; what came by somebody
// else's identity would go with that.
bool Store::NeedsNoHome(const EventSource& source, ProfileId profile) const {
  if (source.home != profile) return false;
  const Identities& identities = state_.identities;
  if (source.origin == kNoOrigin || !identities.IsAttached(source.origin)) return true;
  const NamespaceId space = identities.NameOf(source.origin).name_space;
  if (IsOfDevice(state_.schema->name_space(space).kind)) return true;
  const ProfileId home = identities.HomeOf(source.origin);
  return home.value == 0 ? state_.ProfileAt(identities.RowOf(source.origin)) == profile
                         : home == profile;
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
  devices_.Note(state_, device, state_.ProfileAt(row));
  devices_.Note(state_, device, state_.ProfileAt(owner));
}

void Store::ForgetDevices(RowId row, const std::vector<IdentityId>& detached) {
  for (const IdentityId id : detached) devices_.Forget(id);
  const std::optional<EventTypeId> type = state_.schema->FindEvent(kDeviceRecords);
  if (!type || !state_.partition(*type).HasAny(row)) return;
  const EventPartition& partition = state_.partition(*type);
  std::vector<IdentityId> devices;
  for (const EventRef event : partition.EventsOf(row)) {
    devices.push_back(OriginOf(partition.block(ChunkOf(row)), event));
  }
  std::sort(devices.begin(), devices.end());
  devices.erase(std::unique(devices.begin(), devices.end()), devices.end());
  for (const IdentityId device : devices) devices_.DropErased(state_, device);
}

// A cell that is no record of its row is one by itself; it becomes one before the records move.
std::optional<Store::Lasting> Store::RerouteCell(const Route& route, RowId stay, TraitId trait) {
  const RowId from = route.from;
  const TraitRecord cell = *CellOf(from, trait);
  const bool has_records = state_.schema->trait(trait).records.has_value();
  if (has_records) {
    if (route.to) KeepCell(*route.to, trait);
    const bool kept = !IsWrite(from, trait) || KeepRecord(from, trait, cell, {});
    state_.columns[trait.value].Mutable().Forget(from, &state_.stamps);
    if (kept) return std::nullopt;
  }
  // Nothing but the cell is known: of the store's own, of traits that were never written twice, and
  // of those whose history is gone.
  const EventSource source{{}, cell.time, cell.origin, {}};
  const bool goes = route.to && !state_.schema->trait(trait).system &&
                    route.fate(std::nullopt, source) == Where::kGoes;
  const RowId side = goes ? *route.to : stay;
  if (has_records) return Lasting{side, trait, cell};
  MoveCell(from, side, trait);
  return std::nullopt;
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
      if (trait == kLastSeen) NoteLastSeen(row);
    } else if (column.IsStamped(row)) {
      column.Forget(row, &state_.stamps);
    }
  }
  CreateAgain(row, range ? std::optional(Timestamp{range->first}) : std::nullopt);
}

// When a profile came to be: at its first activity, or when it was made by hand, or when a client
// said so of it. One of which nothing is left that says so: when it was made first.
void Store::CreateAgain(RowId row, std::optional<Timestamp> activity) {
  std::optional<Timestamp> at = activity;
  const auto consider = [&](Timestamp time) { at = at ? std::min(*at, time) : time; };
  const auto made = MadeByHand(state_, row);
  if (made) consider(*made);
  const Stamp said = *state_.StampOf(kCreatedAt, row);
  const bool by_client = said.origin != kNoOrigin && state_.identities.IsAttached(said.origin);
  const bool ours = by_client && state_.identities.RowOf(said.origin) == row;
  if (ours) consider(said.time);
  if (!at && state_.schema->ids_by_home()) at = state_.StampOf(kCreatedVia, row)->time;
  if (at) CreatedEarlier(row, *at, ours && *at == said.time ? said.origin : kNoOrigin);
}

void Store::HoldRecords(const MoveRecords& m, ChangeSet* changes) {
  const RowId row = LiveRow(m.from);
  const ProfileId home = state_.identities.HomeOf(m.origin);
  const auto holds = [&](const EventSource& source) {
    return source.origin == m.origin && source.time >= m.begin && source.time < m.end;
  };
  const Fate fate = [](std::optional<EventTypeId>, const EventSource&) { return Where::kStays; };
  const ProfileId holder = home.value != 0 ? home : state_.ProfileAt(row);
  NoteDevices(Reroute({row, std::nullopt, true, fate, holds, holder}, changes));
}

void Store::CreatedAsSaid(const Stamp& said) {
  if (!state_.schema->ids_by_home() || said.origin == kNoOrigin) return;
  if (!state_.identities.IsAttached(said.origin)) return;
  const RowId row = state_.identities.RowOf(said.origin);
  if (said.time.ms <= state_.column(kCreatedAt).Bits(row)) {
    CreatedEarlier(row, said.time, said.origin);
  }
}

void Store::ApplyOne(const MoveRecords& m, ChangeSet* changes) {
  if (m.from == m.to) return HoldRecords(m, changes);
  const RowId from = LiveRow(m.from);
  const RowId to = LiveRow(m.to);
  const std::optional<EventTypeId> marks = state_.schema->FindEvent(kDeviceRecords);
  const std::optional<EventTypeId> merges = state_.schema->FindEvent(kMergeRecords);
  const bool all = m.begin.ms == std::numeric_limits<int64_t>::min() &&
                   m.end.ms == std::numeric_limits<int64_t>::max();
  const Fate fate = [&](std::optional<EventTypeId> type, const EventSource& source) {
    // What was merged stays where it is; who identified stays who it was, unless all is taken.
    if (type && (type == merges || (type == marks && !all))) return Where::kStays;
    const bool goes = source.origin == m.origin && source.time >= m.begin && source.time < m.end;
    return goes ? Where::kGoes : Where::kStays;
  };
  const RowId stay = Reroute({from, to, false, fate}, changes);
  SeeAgain(stay);
  SeeAgain(to);
  NoteDevices(stay);
  NoteDevices(to);
}

void Store::ApplyOne(const RemoveRecord& m, ChangeSet* changes) {
  const Fate fate = [&](std::optional<EventTypeId> type, const EventSource& source) {
    return type == m.event && source.id == m.id ? Where::kNowhere : Where::kStays;
  };
  const RowId stay = Reroute({LiveRow(m.profile), std::nullopt, true, fate}, changes);
  if (state_.schema->event(m.event).IsActivity()) SeeAgain(stay);
  NoteDevices(stay);
}

void Store::ApplyOne(const UnmergeProfile& m, ChangeSet* changes) {
  const UnmergePlan plan = *PlanUnmerge(state_, m.loser);
  const EventTypeId merge_type = *state_.schema->FindEvent(kMergeRecords);
  const std::optional<EventTypeId> mark_type = state_.schema->FindEvent(kDeviceRecords);
  absl::flat_hash_set<uint64_t> gone;
  for (const ProfileId id : plan.gone) gone.insert(id.value);
  absl::flat_hash_set<uint64_t> above;
  for (const ProfileId id : plan.above) above.insert(id.value);
  const auto is_gone = [&](ProfileId home, IdentityId origin) {
    // What came since by an identity of the loser has the home of whom the two had become.
    const bool since = home.value == 0 || above.contains(home.value);
    const bool known = origin != kNoOrigin && state_.identities.IsAttached(origin);
    if (since && known && gone.contains(state_.identities.HomeOf(origin).value)) return true;
    return gone.contains(home.value);
  };
  const Fate fate = [&](std::optional<EventTypeId> type, const EventSource& source) {
    if (type == merge_type) {
      if (source.id.value == m.loser.value) return Where::kNowhere;
      return gone.contains(source.id.value) ? Where::kGoes : Where::kStays;
    }
    // Whose a device is, is said by who identified, not by who had it first.
    const IdentityId origin = type == mark_type ? kNoOrigin : source.origin;
    return is_gone(source.home, origin) ? Where::kGoes : Where::kStays;
  };
  const RowId to = NewRow(m.loser);
  state_.live.Set(to);
  ++state_.num_profiles;
  const Stamp said = *state_.StampOf(kCreatedAt, plan.row);
  const std::vector<IdentityId> identities = state_.identities.OfRow(plan.row);
  const RowId stay = Reroute({plan.row, to, true, fate}, changes);
  for (const IdentityId id : identities) {
    const ProfileId home = state_.identities.HomeOf(id);
    if (!gone.contains(home.value)) continue;
    // What was its own is so again; what had been merged into it keeps its home.
    const bool own = home == m.loser;
    IdentityStanding standing = state_.identities.StandingOf(id);
    if (own && standing == IdentityStanding::kRetired) standing = IdentityStanding::kActive;
    state_.identities.Move(id, to, standing, own ? ProfileId{} : home);
  }
  state_.profiles.Split(plan.gone, to, plan.stays, stay);
  SetCreation(to, EarliestOf(plan.merges, plan.gone));
  SetCreation(stay, EarliestOf(plan.merges, plan.stays));
  CreatedAsSaid(said);
  SeeAgain(to);
  SeeAgain(stay);
  NoteDevices(stay);
  NoteDevices(to);
  NoteSize(to);
}

void Store::SetCreation(RowId row, const Creation& creation) {
  const Stamp stamp{creation.at, kNoOrigin};
  state_.columns[kCreatedAt.value].Mutable().Set(row, creation.at.ms, stamp, &state_.stamps);
  Column& via = state_.columns[kCreatedVia.value].Mutable();
  via.Set(row, EncodeCell(via.type(), creation.via), stamp, &state_.stamps);
}

void Store::ApplyOne(const MoveIdentity& m, ChangeSet* changes) {
  const RowId from = state_.identities.RowOf(m.identity);
  const RowId to = LiveRow(m.to);
  ProfileId home = m.home;
  if (home.value == 0 && from == to) home = state_.identities.HomeOf(m.identity);
  state_.identities.Move(m.identity, to, m.standing, home);
  NoteSize(to);
  NoteDevices(from);
  NoteDevices(to);
  changes->rows.push_back(from);
  changes->rows.push_back(to);
}

std::vector<std::pair<ProfileId, uint32_t>> Store::Largest(size_t count) const {
  std::vector<std::pair<ProfileId, uint32_t>> largest;
  for (const LargestRows::Entry& entry : largest_.rows()) {
    const std::vector<IdentityId> all = state_.identities.OfRow(entry.row);
    const auto num_former = std::ranges::count_if(all, [&](IdentityId id) {
      return state_.identities.StandingOf(id) == IdentityStanding::kFormer;
    });
    const size_t num_held = all.size() - static_cast<size_t>(num_former);
    if (num_held == 0) continue;
    largest.emplace_back(state_.ProfileAt(entry.row), static_cast<uint32_t>(num_held));
  }
  std::sort(largest.begin(), largest.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (largest.size() > count) largest.resize(count);
  return largest;
}

}  // namespace roster
