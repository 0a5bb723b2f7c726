// SPDX-License-Identifier: Apache-2.0
#include "engine/commit/device_owner.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "storage/base/check.h"
#include "storage/memory/people/device_owners.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/people/own_records.h"

namespace roster {
namespace {

constexpr Timestamp kBeginOfTime{std::numeric_limits<int64_t>::min()};
constexpr Timestamp kEndOfTime{std::numeric_limits<int64_t>::max()};

// Whose a device is over time, as its marks say.
class Ownership {
 public:
  // `marks`: all of the device, by time. Cost: O(n log n).
  explicit Ownership(std::vector<PlacedMark> marks) : marks_(std::move(marks)) {
    std::vector<DeviceMark> plain;
    for (const PlacedMark& mark : marks_) {
      if (mark.kind == DeviceMarkKind::kGap) {
        gaps_.push_back(mark);
        continue;
      }
      const bool identify = mark.kind == DeviceMarkKind::kIdentify;
      plain.push_back({mark.time, mark.order, identify ? mark.profile : ProfileId{}});
    }
    spans_ = DeviceSpans(std::move(plain));
  }

  const std::vector<PlacedMark>& marks() const { return marks_; }
  const std::vector<DeviceSpan>& spans() const { return spans_; }
  size_t At(Timestamp time) const { return SpanAt(spans_, time); }
  Timestamp EndOf(size_t span) const {
    return span + 1 < spans_.size() ? spans_[span + 1].begin : kEndOfTime;
  }
  // The mark of the visitor of a gap that begins then. Cost: O(log n).
  const PlacedMark* GapAt(Timestamp begin) const {
    const auto gap = std::ranges::lower_bound(gaps_, begin, {}, &PlacedMark::time);
    return gap != gaps_.end() && gap->time == begin ? &*gap : nullptr;
  }
  // Whose a span is, the visitor of a gap among them. Cost: O(log n).
  std::optional<ProfileId> OwnerOf(size_t span) const {
    if (spans_[span].owner.value != 0) return spans_[span].owner;
    const PlacedMark* const gap = GapAt(spans_[span].begin);
    return gap != nullptr ? std::optional(gap->profile) : std::nullopt;
  }
  std::optional<ProfileId> OwnerAt(Timestamp time) const { return OwnerOf(At(time)); }

 private:
  std::vector<PlacedMark> marks_;
  std::vector<PlacedMark> gaps_;
  std::vector<DeviceSpan> spans_;
};

// The same whoever came first: no number that depends on it enters.
EventId MarkId(const State& state, IdentityId device, IdentityId by, DeviceMarkKind kind,
               Timestamp time) {
  const auto hash = [&](IdentityId id) -> uint64_t {
    if (id == kNoOrigin) return 0;
    const std::string_view key = state.identities.KeyAt(id);
    return XXH3_64bits(key.data(), key.size());
  };
  const uint64_t words[] = {hash(device), hash(by), static_cast<uint64_t>(kind),
                            static_cast<uint64_t>(time.ms)};
  return {XXH3_64bits(words, sizeof(words))};
}

void Mark(IdentityId device, ProfileId profile, IdentityId by, DeviceMarkKind kind, Timestamp time,
          Effects* effects, ProfileId home = {}) {
  const EventTypeId type = effects->Event(kDeviceRecords);
  ROSTER_CHECK(effects->Property(type, "mark", ValueType::kInteger, 0) == kDeviceMark);
  const EventId id = MarkId(effects->state(), device, by, kind, time);
  const RowId row = *effects->state().FindProfile(profile);
  if (effects->state().partition(type).Contains(row, id)) return;
  if (by != kNoOrigin) home = effects->state().identities.HomeOf(by);
  effects->Add({.type = kDeviceRecords,
                .profile = profile,
                .home = home,
                .time = time,
                .origin = device,
                .id = id,
                .values = {{"mark", static_cast<int64_t>(kind)}}});
}

// A time range that has become somebody else's.
struct Handover {
  Timestamp begin;
  Timestamp end;
  std::optional<ProfileId> from;
  std::optional<ProfileId> to;  // none: an anonymous visitor who is not there yet
};

// Where the owners differ, cut at every begin of a span. Cost: O(n log n).
std::vector<Handover> Compare(const Ownership& before, const Ownership& after) {
  std::vector<Timestamp> begins;
  for (const Ownership* side : {&before, &after}) {
    for (const DeviceSpan& span : side->spans()) begins.push_back(span.begin);
  }
  std::sort(begins.begin(), begins.end());
  begins.erase(std::unique(begins.begin(), begins.end()), begins.end());
  std::vector<Handover> changed;
  for (size_t i = 0; i < begins.size(); ++i) {
    const Timestamp end = i + 1 < begins.size() ? begins[i + 1] : kEndOfTime;
    const auto from = before.OwnerAt(begins[i]);
    const auto to = after.OwnerAt(begins[i]);
    if (from != to || !to) changed.push_back({begins[i], end, from, to});
  }
  return changed;
}

// When what came by a device to profiles was; looked up once for each, since what moves from one
// time range is in no other one.
class DeviceTimes {
 public:
  DeviceTimes(const State& state, IdentityId device) : state_(state), device_(device) {}

  // Whether the profile has anything in [begin, end).
  // Cost: O(log n), the first time for a profile O(n log n) of all that it has.
  bool HasAny(ProfileId profile, Timestamp begin, Timestamp end) {
    const auto [known, is_new] = times_.try_emplace(profile.value);
    if (is_new) known->second = TimesOf(profile);
    const auto first = std::ranges::lower_bound(known->second, begin);
    return first != known->second.end() && *first < end;
  }

 private:
  std::vector<Timestamp> TimesOf(ProfileId profile) const {
    const RowId row = *state_.FindProfile(profile);
    std::vector<Timestamp> times;
    for (size_t e = 0; e < state_.partitions.size(); ++e) {
      if (state_.schema->events()[e].name == kDeviceRecords) continue;
      const EventPartition& partition = *state_.partitions[e];
      if (!partition.HasAny(row)) continue;
      const EventBlock& block = partition.block(ChunkOf(row));
      for (const EventRef event : partition.EventsOf(row)) {
        if (OriginOf(block, event) == device_) times.push_back(TimeOf(block, event));
      }
    }
    for (size_t t = 0; t < state_.columns.size(); ++t) {
      const auto stamp = state_.StampOf({static_cast<uint16_t>(t)}, row);
      if (stamp && stamp->origin == device_) times.push_back(stamp->time);
    }
    std::sort(times.begin(), times.end());
    return times;
  }

  const State& state_;
  const IdentityId device_;
  absl::flat_hash_map<uint64_t, std::vector<Timestamp>> times_;
};

// The identity is shown with who has the device now.
void ShowWithLast(IdentityId device, const Ownership& ownership, Effects* effects) {
  const std::optional<ProfileId> last = ownership.OwnerOf(ownership.spans().size() - 1);
  const Identities& identities = effects->state().identities;
  const ProfileId has = effects->state().ProfileAt(identities.RowOf(device));
  const IdentityStanding standing = last ? IdentityStanding::kActive : IdentityStanding::kLoggedOut;
  if (last.value_or(has) != has || standing != identities.StandingOf(device)) {
    effects->Do(MoveIdentity{device, last.value_or(has), standing});
  }
}

void HandOver(IdentityId device, const Ownership& before, std::string_view via, Effects* effects) {
  DeviceTimes times(effects->state(), device);
  for (const Handover& change : Compare(before, Ownership(effects->MarksOf(device)))) {
    if (!change.from || change.from == change.to) continue;
    if (!times.HasAny(*change.from, change.begin, change.end)) continue;
    ProfileId to = change.to.value_or(ProfileId{});
    if (!change.to) {
      to = effects->AddProfile(effects->clock(), via);
      FillGap(device, change.begin, to, effects);
    }
    effects->KeepRecordsOf(*change.from);
    effects->Do(MoveRecords{*change.from, to, device, change.begin, change.end});
  }
  ShowWithLast(device, Ownership(effects->MarksOf(device)), effects);
}

// Of a mark: not that of the device, which somebody else may have had first. 0: its profile's own.
ProfileId OwnHomeOf(const OwnRecord& mark) {
  return {static_cast<uint64_t>(mark.Integer(kHomeProperty))};
}

ProfileId HomeOf(const State& state, const PlacedMark& mark) {
  const RowId row = *state.FindProfile(mark.profile);
  for (const OwnRecord& record : OwnRecordsOf(state, row, kDeviceRecords)) {
    if (record.id().value == mark.order) return OwnHomeOf(record);
  }
  return {};
}

// A visitor whose gap was claimed is the person for good, and no gap's any more.
void ForgetClaimed(IdentityId device, Effects* effects) {
  const Ownership ownership(effects->MarksOf(device));
  for (const PlacedMark& mark : ownership.marks()) {
    if (mark.kind != DeviceMarkKind::kGap) continue;
    if (ownership.spans()[ownership.At(mark.time)].owner.value == 0) continue;
    if (const ProfileId home = HomeOf(effects->state(), mark); home.value != 0) {
      Mark(device, mark.profile, kNoOrigin, DeviceMarkKind::kClaimed, mark.time, effects, home);
    }
    effects->KeepRecordsOf(mark.profile);
    effects->Do(
        RemoveRecord{mark.profile, *effects->schema().FindEvent(kDeviceRecords), {mark.order}});
  }
}

bool IsAttached(const State& state, IdentityId id) {
  return id != kNoOrigin && state.identities.IsAttached(id);
}

bool IsDevice(const State& state, IdentityId id) {
  const NamespaceId space = state.identities.NameOf(id).name_space;
  return IsOfDevice(state.schema->name_space(space).kind);
}

// The devices that a profile has marks on.
std::vector<IdentityId> DevicesOf(const State& state, ProfileId profile) {
  std::vector<IdentityId> devices;
  for (const OwnRecord& record : OwnRecordsOf(state, *state.FindProfile(profile), kDeviceRecords)) {
    const IdentityId device = record.origin();
    if (IsAttached(state, device)) devices.push_back(device);
  }
  std::sort(devices.begin(), devices.end());
  devices.erase(std::unique(devices.begin(), devices.end()), devices.end());
  return devices;
}

// Whether it was nobody but a visitor, merged by an identify: else its devices are its own.
bool IsClaimed(const State& state, RowId row, ProfileId visitor) {
  for (const IdentityId id : state.identities.OfRow(row)) {
    if (state.identities.HomeOf(id) == visitor && !IsDevice(state, id)) return false;
  }
  const std::vector<OwnRecord> merges = OwnRecordsOf(state, row, kMergeRecords);
  return std::ranges::any_of(merges, [&](const OwnRecord& merge) {
    return merge.id().value == visitor.value && merge.origin() != kNoOrigin;
  });
}

// The gap in which the time lies gets a mark of its visitor, if it has none yet. The visitor stays
// with what came before the time, unless nothing did: then his gap begins with it.
void KeepVisitor(IdentityId device, Timestamp time, Effects* effects) {
  const Ownership ownership(effects->MarksOf(device));
  const DeviceSpan& span = ownership.spans()[ownership.At(time)];
  const State& state = effects->state();
  if (span.owner.value != 0 || span.begin == time) return;
  const PlacedMark* const gap = ownership.GapAt(span.begin);
  if (gap == nullptr && !ownership.marks().empty()) return;  // nobody came by it in this gap
  ProfileId visitor = state.ProfileAt(state.identities.RowOf(device));
  if (gap != nullptr) visitor = gap->profile;
  const bool before = DeviceTimes(state, device).HasAny(visitor, span.begin, time);
  if (before && gap != nullptr) return;
  const Timestamp begin = before ? span.begin : time;
  Mark(device, visitor, kNoOrigin, DeviceMarkKind::kGap, begin, effects);
  if (gap == nullptr) return;
  effects->KeepRecordsOf(visitor);
  effects->Do(RemoveRecord{visitor, *effects->schema().FindEvent(kDeviceRecords), {gap->order}});
}

}  // namespace

std::optional<ProfileId> OwnerAt(const Store& store, IdentityId device, Timestamp time) {
  const State& state = store.state();
  if (!store.IsShared(device)) return state.ProfileAt(state.identities.RowOf(device));
  return Ownership(store.MarksOf(device)).OwnerAt(time);
}

std::optional<ProfileId> VisitorAt(const Effects& effects, IdentityId device, Timestamp time) {
  const Ownership ownership(effects.MarksOf(device));
  const State& state = effects.state();
  if (ownership.marks().empty()) return state.ProfileAt(state.identities.RowOf(device));
  const size_t span = ownership.At(time);
  if (ownership.spans()[span].owner.value != 0) return std::nullopt;
  return ownership.OwnerOf(span);
}

ProfileId HolderHomeOf(const Effects& effects, IdentityId device) {
  const State& state = effects.state();
  const Ownership ownership(effects.MarksOf(device));
  if (ownership.marks().empty()) return state.identities.HomeOf(device);
  const DeviceSpan& last = ownership.spans().back();
  if (last.owner.value == 0) {
    const PlacedMark* const gap = ownership.GapAt(last.begin);
    return gap != nullptr ? HomeOf(state, *gap) : ProfileId{};
  }
  const PlacedMark* latest = nullptr;
  for (const PlacedMark& mark : ownership.marks()) {
    if (mark.kind != DeviceMarkKind::kIdentify || mark.profile != last.owner) continue;
    const auto key = [](const PlacedMark& of) { return std::pair(of.time, of.order); };
    if (latest == nullptr || key(*latest) < key(mark)) latest = &mark;
  }
  return HomeOf(state, *latest);
}

void FillGap(IdentityId device, Timestamp time, ProfileId profile, Effects* effects) {
  const Ownership ownership(effects->MarksOf(device));
  const size_t at = ownership.At(time);
  Mark(device, profile, kNoOrigin, DeviceMarkKind::kGap, ownership.spans()[at].begin, effects);
  if (at + 1 == ownership.spans().size()) {
    effects->Do(MoveIdentity{device, profile, IdentityStanding::kActive});
  }
}

bool HasAlone(const Effects& effects, IdentityId device, ProfileId profile) {
  const State& state = effects.state();
  return state.identities.StandingOf(device) == IdentityStanding::kActive &&
         state.ProfileAt(state.identities.RowOf(device)) == profile && !effects.IsShared(device);
}

void Claim(IdentityId device, ProfileId person, IdentityId by, Timestamp time, Effects* effects) {
  if (HasAlone(*effects, device, person)) {
    return Mark(device, person, by, DeviceMarkKind::kIdentify, time, effects);
  }
  // Who had it without a mark had it ever since.
  const State& state = effects->state();
  const ProfileId holder = state.ProfileAt(state.identities.RowOf(device));
  if (holder != person && effects->MarksOf(device).empty()) {
    Mark(device, holder, kNoOrigin, DeviceMarkKind::kIdentify, kBeginOfTime, effects);
  }
  const Ownership before(effects->MarksOf(device));
  Mark(device, person, by, DeviceMarkKind::kIdentify, time, effects);
  HandOver(device, before, "split", effects);
  ForgetClaimed(device, effects);
}

void HoldVisits(ProfileId profile, Effects* effects) {
  const RowId row = *effects->state().FindProfile(profile);
  for (const IdentityId id : effects->state().identities.OfRow(row)) {
    // A device by which nobody but a visitor ever came.
    if (!IsDevice(effects->state(), id) || !effects->MarksOf(id).empty()) continue;
    Mark(id, profile, kNoOrigin, DeviceMarkKind::kIdentify, kBeginOfTime, effects);
  }
  for (const IdentityId device : DevicesOf(effects->state(), profile)) {
    for (const PlacedMark& mark : effects->MarksOf(device)) {
      if (mark.kind != DeviceMarkKind::kGap || mark.profile != profile) continue;
      Mark(device, profile, kNoOrigin, DeviceMarkKind::kIdentify, mark.time, effects);
    }
  }
}

std::vector<Visit> ClaimedVisits(const State& state, ProfileId visitor) {
  const RowId row = *state.FindProfile(visitor);
  std::vector<Visit> visits;
  if (!IsClaimed(state, row, visitor)) return visits;
  absl::flat_hash_set<IdentityId> own;  // on which he identified himself
  for (const OwnRecord& mark : OwnRecordsOf(state, row, kDeviceRecords)) {
    if (OwnHomeOf(mark) != visitor || !IsAttached(state, mark.origin())) continue;
    const auto kind = static_cast<DeviceMarkKind>(mark.Integer("mark"));
    if (kind == DeviceMarkKind::kIdentify) own.insert(mark.origin());
    if (kind == DeviceMarkKind::kClaimed) visits.push_back({mark.origin(), mark.time()});
  }
  std::erase_if(visits, [&](const Visit& visit) { return own.contains(visit.device); });
  for (const IdentityId device : state.identities.OfRow(row)) {
    const auto same = [&](const Visit& visit) { return visit.device == device; };
    const bool first = state.identities.HomeOf(device) == visitor && IsDevice(state, device);
    if (!first || own.contains(device) || std::ranges::any_of(visits, same)) continue;
    visits.push_back({device, kBeginOfTime});
  }
  return visits;
}

void Part(ProfileId one, ProfileId other, const std::vector<Visit>& visits, Effects* effects) {
  for (const Visit& visit : visits) {
    Mark(visit.device, one, kNoOrigin, DeviceMarkKind::kIdentify, visit.begin, effects);
  }
  std::vector<IdentityId> devices = DevicesOf(effects->state(), one);
  for (const IdentityId device : DevicesOf(effects->state(), other)) devices.push_back(device);
  std::sort(devices.begin(), devices.end());
  devices.erase(std::unique(devices.begin(), devices.end()), devices.end());
  for (const IdentityId device : devices) {
    const Ownership ownership(effects->MarksOf(device));
    DeviceTimes times(effects->state(), device);
    for (size_t i = 0; i < ownership.spans().size(); ++i) {
      const Timestamp begin = ownership.spans()[i].begin;
      const Timestamp end = ownership.EndOf(i);
      const std::optional<ProfileId> owner = ownership.OwnerOf(i);
      for (const ProfileId side : {one, other}) {
        if (!owner || *owner == side || !times.HasAny(side, begin, end)) continue;
        effects->KeepRecordsOf(side);
        effects->Do(MoveRecords{side, *owner, device, begin, end});
      }
    }
    ShowWithLast(device, ownership, effects);
  }
}

void LeaveDevices(ProfileId profile, Effects* effects) {
  for (const IdentityId device : DevicesOf(effects->state(), profile)) {
    const std::vector<PlacedMark> marks = effects->MarksOf(device);
    const auto other = std::find_if(marks.begin(), marks.end(), [&](const PlacedMark& mark) {
      return mark.profile != profile;
    });
    if (other == marks.end()) continue;
    for (const PlacedMark& mark : marks) {
      if (mark.profile != profile || mark.kind == DeviceMarkKind::kGap) continue;
      Mark(device, other->profile, kNoOrigin, DeviceMarkKind::kLogout, mark.time, effects);
    }
    // The identity outlives the profile that has it.
    if (effects->state().FindProfile(profile) == effects->state().identities.RowOf(device)) {
      effects->Do(MoveIdentity{device, other->profile, IdentityStanding::kLoggedOut});
    }
  }
}

void LogOut(IdentityId device, Timestamp time, std::string_view via, Effects* effects) {
  KeepVisitor(device, time, effects);
  const Ownership before(effects->MarksOf(device));
  const State& state = effects->state();
  const ProfileId holder =
      OwnerAt(*effects, device, time).value_or(state.ProfileAt(state.identities.RowOf(device)));
  Mark(device, holder, kNoOrigin, DeviceMarkKind::kLogout, time, effects);
  HandOver(device, before, via, effects);
}

}  // namespace roster
