// SPDX-License-Identifier: Apache-2.0
//
// Implements random_changes.h.
#include "tests/storage/random_changes.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <utility>

#include "storage/base/text.h"
#include "storage/memory/cells.h"
#include "storage/memory/people/merges.h"
#include "storage/memory/people/own_names.h"

namespace roster {
namespace {

// Hours matter to retention.
constexpr int64_t kTick = 4'000;

constexpr ValueType kTypes[] = {ValueType::kText,    ValueType::kInteger,  ValueType::kNumber,
                                ValueType::kBoolean, ValueType::kDate,     ValueType::kTimestamp,
                                ValueType::kDecimal, ValueType::kTextList, ValueType::kJson};

std::string NameOf(const State& state, IdentityId id) {
  if (id == kNoOrigin || !state.identities.IsAttached(id)) return "nobody";
  const IdentityName name = state.identities.NameOf(id);
  return StrCat(state.schema->name_space(name.name_space).name, ":", name.value);
}

std::string CellText(const CellType& type, int64_t bits) {
  if (!IsCoded(type.type)) return StrCat(bits);
  return std::string(type.dictionary->Text(static_cast<uint32_t>(bits)));
}

std::string IdentityText(const State& state, IdentityId id) {
  return StrCat("identity ", NameOf(state, id), " standing ",
                static_cast<int>(state.identities.StandingOf(id)), " home ",
                state.identities.HomeOf(id).value, "\n");
}

std::string TraitsText(const State& state, RowId row) {
  std::string text;
  for (size_t t = 0; t < state.columns.size(); ++t) {
    const Column& column = state.column({static_cast<uint16_t>(t)});
    const auto stamp = state.StampOf({static_cast<uint16_t>(t)}, row);
    if (!stamp) continue;
    text += StrCat("trait ", t, " ",
                   column.Has(row) ? CellText(column.type(), column.Bits(row)) : "cleared", " at ",
                   stamp->time.ms, " by ", NameOf(state, stamp->origin), "\n");
  }
  return text;
}

std::string DeclaredText(const State& state) {
  std::string text;
  for (const NamespaceInfo& space : state.schema->namespaces()) {
    text += StrCat("namespace ", space.name, " rank ", static_cast<int>(space.rank), " limit ",
                   space.limit, "\n");
  }
  for (const TraitInfo& trait : state.schema->traits()) {
    text += StrCat("trait ", trait.name, " shown as ", trait.display, " policy ",
                   static_cast<int>(trait.policy), trait.searchable ? " searchable" : "",
                   trait.indexed ? " indexed" : "", " records ",
                   trait.records ? trait.records->value + 1 : 0, "\n");
  }
  for (const EventTypeInfo& event : state.schema->events()) {
    text += StrCat("event type ", event.name, event.own ? " own" : "", " home ",
                   event.home ? event.home->value : 0, " kept ", event.keep_ms, "\n");
  }
  std::map<std::string, std::string> definitions(state.definitions->begin(),
                                                 state.definitions->end());
  for (const auto& [name, defined] : definitions) text += StrCat(name, ": ", defined, "\n");
  return text;
}

std::string EventsText(const State& state, EventTypeId type, RowId row) {
  const EventPartition& events = state.partition(type);
  std::string text;
  for (const EventRef event : events.EventsOf(row)) {
    const EventBlock& block = events.block(ChunkOf(row));
    text += StrCat("event ", state.schema->event(type).name, " ", IdOf(block, event).value, " at ",
                   TimeOf(block, event).ms, " by ", NameOf(state, OriginOf(block, event)));
    for (size_t p = 0; p < events.properties().size(); ++p) {
      const auto bits = PropertyOf(block, event, {static_cast<uint16_t>(p)});
      if (bits) text += StrCat(" ", p, "=", CellText(events.properties()[p], *bits));
    }
    text += "\n";
  }
  return text;
}

}  // namespace

std::vector<Mutation> RandomChanges::Declarations() {
  std::vector<Mutation> all;
  uint16_t num_events = 0;
  const auto home = [&] {
    all.push_back(DeclareProperty{
        {static_cast<uint16_t>(num_events - 1)}, std::string(kHomeProperty), ValueType::kInteger});
  };
  const auto event = [&](std::string name, const std::vector<ValueType>& properties) {
    all.push_back(DeclareEvent{std::move(name)});
    for (const ValueType type : properties) {
      const uint8_t scale = type == ValueType::kDecimal ? 4 : 0;
      all.push_back(DeclareProperty{{num_events}, Name(), type, scale});
    }
    ++num_events;
  };
  const auto own = [&](std::string_view name,
                       const std::vector<std::pair<std::string, ValueType>>& properties) {
    all.push_back(DeclareEvent{std::string(name)});
    for (const auto& [property, type] : properties) {
      all.push_back(DeclareProperty{{num_events}, property, type});
    }
    ++num_events;
    home();
  };
  all.push_back(DeclareNamespace{{"email", NamespaceKind::kPerson, 1, 5}});
  all.push_back(DeclareNamespace{{"device", NamespaceKind::kDevice, 3, 9}});
  for (int e = 0; e < 3; ++e) {
    event(Name(), {std::begin(kTypes), std::end(kTypes)});
    if (e != 0) home();
  }
  for (const ValueType type : kTypes) {
    const uint8_t scale = type == ValueType::kDecimal ? 2 : 0;
    const std::string name = Name();
    all.push_back(DeclareTrait{name, type, scale});
    if (type == ValueType::kJson) continue;  // nothing of it is kept
    all.push_back(DeclareEvent{TraitRecordsName(name)});
    all.push_back(DeclareProperty{{num_events++}, "value", type, scale});
    if (type != ValueType::kDate) home();
  }
  own(kMergeRecords, {{"survivor", ValueType::kInteger},
                      {"loser_created_at", ValueType::kTimestamp},
                      {"loser_created_via", ValueType::kText},
                      {"survivor_created_at", ValueType::kTimestamp},
                      {"survivor_created_via", ValueType::kText}});
  own(kDeviceRecords, {{"mark", ValueType::kInteger}});
  return all;
}

Mutation RandomChanges::Create(const Store& store) {
  return CreateProfile{{store.state().profiles.size() + 1}, AnyTime(store), OneIn(2) ? "a" : "b"};
}

Mutation RandomChanges::Next(const Store& store) {
  if (const auto merge = std::exchange(merge_, std::nullopt)) return *merge;
  // What was drawn last may not fit after all.
  for (int tries = 0; tries < 20; ++tries) {
    Mutation mutation = Take(store);
    if (store.Check(mutation).ok()) return mutation;
    merge_.reset();
  }
  return Create(store);
}

Mutation RandomChanges::Take(const Store& store) {
  const State& state = store.state();
  if (state.num_profiles < 2) return Create(store);
  const uint64_t kind = Below(100);
  if (kind < 38) return Add(store);
  if (kind < 68) return Set(store);
  if (kind < 76) return Attach(store);
  if (kind < 82) return Create(store);
  if (kind < 84) return Advance{{store.clock().ms + static_cast<int64_t>(Below(400)) * kTick}};
  if (kind == 84) return Declare(state);
  return Change(store);
}

// What people do to each other.
Mutation RandomChanges::Change(const Store& store) {
  const State& state = store.state();
  switch (Below(16)) {
    case 0:
    case 1:
    case 2:
      return Merge(store);
    case 3:
    case 4:
      return Unmerge(store);
    case 5:
    case 6:
      return Move(store);
    case 7:
    case 8:
    case 9:
      return MoveName(store);
    case 10:
      return Remove(store);
    case 11:
    case 12:
      return Mark(store);
    case 13:
      if (OneIn(8)) return Expire(store);
      return OneIn(3) ? Mutation(EraseProfile{AnyProfile(state)}) : Add(store);
    case 14:
      return Alter(state);
    default:
      return Define{StrCat("goal/", Below(4)), OneIn(3) ? "" : StrCat("plan = ", Below(9))};
  }
}

Mutation RandomChanges::Merge(const Store& store) {
  const State& state = store.state();
  const ProfileId loser = AnyProfile(state);
  const ProfileId survivor = AnyProfile(state);
  if (*state.FindProfile(loser) == *state.FindProfile(survivor)) return Add(store);
  const MergeProfiles merge{loser, survivor, AnyTime(store), AnyOrigin(state)};
  const auto records = state.schema->FindEvent(kMergeRecords);
  if (!records || OneIn(10)) return merge;  // as an older version did
  merge_ = merge;
  const auto at = [&](ProfileId id) {
    return state.column(kCreatedAt).Get(*state.FindProfile(id));
  };
  const auto via = [&](ProfileId id) {
    return state.column(kCreatedVia).Get(*state.FindProfile(id));
  };
  const ProfileId lost = state.ProfileAt(*state.FindProfile(loser));
  const ProfileId stays = state.ProfileAt(*state.FindProfile(survivor));
  return AddEvent{stays,
                  *records,
                  {lost.value},
                  merge.time,
                  merge.link,
                  {{kMergeSurvivor, static_cast<int64_t>(stays.value)},
                   {kMergeLoserCreated, at(lost)},
                   {kMergeLoserVia, via(lost)},
                   {kMergeSurvivorCreated, at(stays)},
                   {kMergeSurvivorVia, via(stays)}}};
}

Mutation RandomChanges::Unmerge(const Store& store) {
  for (int tries = 0; tries < 60; ++tries) {
    const ProfileId loser{1 + Below(store.state().profiles.size())};
    if (PlanUnmerge(store.state(), loser)) return UnmergeProfile{loser};
  }
  return Merge(store);
}

Mutation RandomChanges::Move(const Store& store) {
  const Timestamp begin = AnyTime(store);
  const Timestamp end{begin.ms + static_cast<int64_t>(Below(4000)) * kTick};
  return MoveRecords{AnyProfile(store.state()), AnyProfile(store.state()),
                     OneIn(4) ? AnyOrigin(store.state()) : AnyAttached(store.state()), begin, end};
}

Mutation RandomChanges::MoveName(const Store& store) {
  const State& state = store.state();
  const IdentityId id = AnyAttached(state);
  if (id == kNoOrigin) return Attach(store);
  const ProfileId own = state.ProfileAt(state.identities.RowOf(id));
  return MoveIdentity{id, OneIn(2) ? own : AnyProfile(state),
                      static_cast<IdentityStanding>(Below(3))};
}

Mutation RandomChanges::Remove(const Store& store) {
  const State& state = store.state();
  const ProfileId profile = AnyProfile(state);
  const EventTypeId type{static_cast<uint16_t>(Below(state.partitions.size()))};
  const RowId row = *state.FindProfile(profile);
  const std::vector<EventRef> events = state.partition(type).EventsOf(row);
  if (events.empty()) return Add(store);
  const EventBlock& block = state.partition(type).block(ChunkOf(row));
  return RemoveRecord{profile, type, IdOf(block, events[Below(events.size())])};
}

Mutation RandomChanges::Mark(const Store& store) {
  const State& state = store.state();
  const auto type = state.schema->FindEvent(kDeviceRecords);
  const IdentityId device = AnyAttached(state);
  if (!type || device == kNoOrigin) return Attach(store);
  const auto kind = static_cast<int64_t>(OneIn(4) ? Below(3) : 0);
  return AddEvent{AnyProfile(state), *type,  {random_()},
                  AnyTime(store),    device, {{kDeviceMark, kind}}};
}

Mutation RandomChanges::Alter(const State& state) {
  if (OneIn(4)) {
    const auto space = static_cast<uint16_t>(Below(state.schema->namespaces().size()));
    NamespaceInfo info = state.schema->namespaces()[space];
    info.rank = static_cast<uint8_t>(1 + Below(5));
    info.limit = static_cast<uint32_t>(Below(50));
    return AlterNamespace{{space}, info};
  }
  TraitInfo info;
  if (OneIn(2)) info.display = Name();
  info.policy = static_cast<TraitPolicy>(Below(8));
  info.searchable = OneIn(2);
  info.indexed = OneIn(3);
  return AlterTrait{{static_cast<uint16_t>(Below(state.columns.size()))}, info};
}

Mutation RandomChanges::Expire(const Store& store) {
  const EventTypeId type{static_cast<uint16_t>(Below(store.state().partitions.size()))};
  if (OneIn(3)) return SetRetention{type, static_cast<int64_t>(Below(3)) * 7'200'000};
  return ExpireEvents{
      type, {HourOf(store.clock().ms - static_cast<int64_t>(Below(5)) * kRetentionStepMs)}};
}

// Mostly of the last few, so that some have many events.
ProfileId RandomChanges::AnyProfile(const State& state) {
  const uint64_t size = state.profiles.size();
  for (int tries = 0; tries < 100; ++tries) {
    const ProfileId id{size - Below(OneIn(10) ? size : std::min<uint64_t>(size, 15))};
    if (state.FindProfile(id)) return id;
  }
  uint64_t id = size;
  while (!state.FindProfile({id})) --id;
  return {id};
}

IdentityId RandomChanges::AnyOrigin(const State& state) {
  if (state.identities.size() == 0 || OneIn(3)) return kNoOrigin;
  return {static_cast<uint32_t>(Below(state.identities.size()))};
}

IdentityId RandomChanges::AnyAttached(const State& state) {
  for (int tries = 0; tries < 20 && state.identities.size() != 0; ++tries) {
    const uint64_t size = state.identities.size();
    const uint64_t behind = Below(OneIn(4) ? size : std::min<uint64_t>(size, 12));
    const IdentityId id{static_cast<uint32_t>(size - 1 - behind)};
    if (state.identities.IsAttached(id)) return id;
  }
  return kNoOrigin;
}

Timestamp RandomChanges::AnyTime(const Store& store) {
  return {store.clock().ms + (static_cast<int64_t>(Below(5000)) - 4000) * kTick};
}

Value RandomChanges::AnyValue(ValueType type, uint8_t scale) {
  const std::string text = StrCat("text ", Below(OneIn(3) ? 100'000 : 20));
  const auto number = static_cast<int64_t>(OneIn(4) ? random_() : Below(200));
  switch (type) {
    case ValueType::kText:
      return text;
    case ValueType::kInteger:
      return number;
    case ValueType::kNumber:
      return static_cast<double>(number) / 3;
    case ValueType::kBoolean:
      return OneIn(2);
    case ValueType::kDate:
      return Date{static_cast<int32_t>(number)};
    case ValueType::kTimestamp:
      return Timestamp{number};
    case ValueType::kDecimal:
      return Decimal{number, scale};
    case ValueType::kTextList:
      return TextList(Below(3), text);
    default:
      return Json{StrCat("{\"a\":\"", text, "\"}")};
  }
}

Mutation RandomChanges::Declare(const State& state) {
  const TraitInfo& last = state.schema->traits().back();
  const auto records = state.schema->FindEvent(TraitRecordsName(last.name));
  if (!records && OneIn(2)) return DeclareEvent{TraitRecordsName(last.name)};
  if (records && !last.records) return DeclareProperty{*records, "value", last.type, last.scale};
  if (OneIn(2)) return DeclareTrait{Name(), ValueType::kText, 0};
  const auto event = static_cast<uint16_t>(Below(state.partitions.size()));
  return DeclareProperty{{event}, Name(), ValueType::kText, 0};
}

Mutation RandomChanges::Attach(const Store& store) {
  const State& state = store.state();
  AttachIdentity attach{AnyProfile(state),
                        {static_cast<uint32_t>(state.identities.size())},
                        {static_cast<uint16_t>(Below(state.schema->namespaces().size()))},
                        Name(),
                        AnyTime(store)};
  // A former one's name, now and then.
  const IdentityId other = AnyAttached(state);
  if (other == kNoOrigin) return attach;
  const IdentityName name = state.identities.NameOf(other);
  if (state.identities.Find(name.name_space, name.value)) return attach;
  attach.name_space = name.name_space;
  attach.value = name.value;
  return attach;
}

Mutation RandomChanges::Set(const Store& store) {
  const State& state = store.state();
  const auto trait = static_cast<uint16_t>(4 + Below(state.columns.size() - 4));
  const TraitInfo& info = state.schema->trait({trait});
  Value value = OneIn(5) ? Value() : AnyValue(info.type, info.scale);
  return SetTrait{AnyProfile(state), {trait}, std::move(value), AnyTime(store), AnyOrigin(state)};
}

Mutation RandomChanges::Add(const Store& store) {
  const State& state = store.state();
  auto type = static_cast<uint16_t>(Below(state.partitions.size()));
  // Of the store's own types few are as no engine writes them.
  if (state.schema->event({type}).own && !OneIn(9)) type = static_cast<uint16_t>(Below(3));
  AddEvent event{AnyProfile(state), {type}, {random_()}, AnyTime(store), AnyOrigin(state), {}};
  if (OneIn(20)) event.id.value = AnyProfile(state).value;
  const auto& properties = state.schema->event({type}).properties;
  for (size_t p = 0; p < properties.size(); ++p) {
    if (properties[p].name == kHomeProperty || !OneIn(2)) continue;
    event.properties.push_back(
        {{static_cast<uint16_t>(p)}, AnyValue(properties[p].type, properties[p].scale)});
  }
  return event;
}

std::map<uint64_t, std::string> PictureOf(const ReadView& view) {
  const State& state = view.state();
  std::map<uint64_t, std::string> picture;
  for (uint32_t r = 0; r < state.num_rows(); ++r) {
    const RowId row{r};
    if (!state.live.Test(row)) continue;
    std::string& text = picture[state.ProfileAt(row).value];
    for (const IdentityId id : state.identities.OfRow(row)) {
      text += IdentityText(state, id);
      if (state.identities.StandingOf(id) == IdentityStanding::kFormer) continue;
      const IdentityName name = state.identities.NameOf(id);
      REQUIRE(state.identities.Find(name.name_space, name.value) == id);
    }
    text += TraitsText(state, row);
    for (size_t e = 0; e < state.partitions.size(); ++e) {
      text += EventsText(state, {static_cast<uint16_t>(e)}, row);
    }
  }
  for (uint64_t id = 1; id <= state.profiles.size(); ++id) {
    const auto row = state.FindProfile({id});
    if (row) picture.at(state.ProfileAt(*row).value) += StrCat("id ", id, "\n");
  }
  picture[0] = StrCat(state.num_profiles, " profiles, ", state.num_events(), " events, ",
                      state.identities.size(), " identities, ", state.profiles.size(), " ids\n",
                      DeclaredText(state));
  return picture;
}

std::string DevicesOf(const Store& store) {
  std::multiset<std::string> devices;
  for (uint32_t i = 0; i < store.state().identities.size(); ++i) {
    if (!store.state().identities.IsAttached({i})) continue;
    const std::vector<PlacedMark> marks = store.MarksOf({i});
    if (marks.empty() && !store.IsShared({i})) continue;
    std::string text = StrCat(NameOf(store.state(), {i}), store.IsShared({i}) ? " shared" : "");
    for (const PlacedMark& mark : marks) {
      text += StrCat("; ", static_cast<int>(mark.kind), " at ", mark.time.ms, " ", mark.order,
                     " of ", mark.profile.value);
    }
    devices.insert(text + "\n");
  }
  std::string all;
  for (const std::string& device : devices) all += device;
  return all;
}

void ApplyTo(Store* store, const Mutation& mutation) {
  const absl::Status fits = store->Check(mutation);
  INFO(fits.ToString());
  REQUIRE(fits.ok());
  ChangeSet changes;
  store->Apply(mutation, &changes);
  store->FinishCommit({store->lsn().value + 1});
}

}  // namespace roster
