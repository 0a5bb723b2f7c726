// SPDX-License-Identifier: Apache-2.0
//
// Implements random_changes.h.
#include "tests/storage/random_changes.h"

#include <catch2/catch.hpp>

#include "storage/base/text.h"
#include "storage/memory/cells.h"

namespace roster {
namespace {

constexpr ValueType kTypes[] = {ValueType::kText,    ValueType::kInteger,  ValueType::kNumber,
                                ValueType::kBoolean, ValueType::kDate,     ValueType::kTimestamp,
                                ValueType::kDecimal, ValueType::kTextList, ValueType::kJson};

std::string NameOf(const State& state, IdentityId id) {
  if (id == kNoOrigin) return "nobody";
  const IdentityName name = state.identities.NameOf(id);
  return StrCat(state.schema->name_space(name.name_space).name, ":", name.value);
}

std::string CellText(const CellType& type, int64_t bits) {
  if (!IsCoded(type.type)) return StrCat(bits);
  return std::string(type.dictionary->Text(static_cast<uint32_t>(bits)));
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
  for (const ValueType type : kTypes) {
    const uint8_t scale = type == ValueType::kDecimal ? 2 : 0;
    all.push_back(DeclareTrait{Name(), type, scale});
  }
  all.push_back(DeclareNamespace{{"email", NamespaceKind::kPerson, 1, 5}});
  all.push_back(DeclareNamespace{{"device", NamespaceKind::kDevice, 3, 9}});
  for (uint16_t e = 0; e < 3; ++e) {
    all.push_back(DeclareEvent{Name()});
    for (const ValueType type : kTypes) {
      const uint8_t scale = type == ValueType::kDecimal ? 4 : 0;
      all.push_back(DeclareProperty{{e}, Name(), type, scale});
    }
  }
  return all;
}

Mutation RandomChanges::Create(const Store& store) {
  return CreateProfile{{store.state().profiles.size() + 1}, AnyTime(store), OneIn(2) ? "a" : "b"};
}

Mutation RandomChanges::Next(const Store& store) {
  const State& state = store.state();
  if (state.num_profiles < 2) return Create(store);
  const uint64_t kind = Below(100);
  if (kind < 45) return Add(store);
  if (kind < 75) return Set(store);
  if (kind < 87) return Attach(store);
  if (kind < 93) return Create(store);
  if (kind < 95) return Advance{{store.clock().ms + static_cast<int64_t>(Below(400))}};
  if (kind == 95) return Declare(state);
  const ProfileId loser = AnyProfile(state);
  const ProfileId survivor = AnyProfile(state);
  if (*state.FindProfile(loser) == *state.FindProfile(survivor)) return Add(store);
  return MergeProfiles{loser, survivor, AnyTime(store), AnyOrigin(state)};
}

// Mostly of the last few, so that some have many events.
ProfileId RandomChanges::AnyProfile(const State& state) {
  const uint64_t size = state.profiles.size();
  return {size - Below(OneIn(10) ? size : std::min<uint64_t>(size, 15))};
}

IdentityId RandomChanges::AnyOrigin(const State& state) {
  if (state.identities.size() == 0 || OneIn(3)) return kNoOrigin;
  return {static_cast<uint32_t>(Below(state.identities.size()))};
}

Timestamp RandomChanges::AnyTime(const Store& store) {
  return {store.clock().ms + static_cast<int64_t>(Below(5000)) - 4000};
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
  if (OneIn(2)) return DeclareTrait{Name(), ValueType::kText, 0};
  const auto event = static_cast<uint16_t>(Below(state.partitions.size()));
  return DeclareProperty{{event}, Name(), ValueType::kText, 0};
}

Mutation RandomChanges::Attach(const Store& store) {
  const State& state = store.state();
  const auto space = static_cast<uint16_t>(Below(state.schema->namespaces().size()));
  return AttachIdentity{AnyProfile(state),
                        {static_cast<uint32_t>(state.identities.size())},
                        {space},
                        Name(),
                        AnyTime(store)};
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
  const auto type = static_cast<uint16_t>(Below(state.partitions.size()));
  AddEvent event{AnyProfile(state), {type}, {random_()}, AnyTime(store), AnyOrigin(state), {}};
  const auto& properties = state.schema->event({type}).properties;
  for (size_t p = 0; p < properties.size(); ++p) {
    if (!OneIn(2)) continue;
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
      const IdentityName name = state.identities.NameOf(id);
      text += StrCat("identity ", NameOf(state, id), "\n");
      REQUIRE(state.FindIdentity(name.name_space, name.value) == row);
    }
    for (size_t t = 0; t < state.columns.size(); ++t) {
      const Column& column = state.column({static_cast<uint16_t>(t)});
      const auto stamp = state.StampOf({static_cast<uint16_t>(t)}, row);
      if (!stamp) continue;
      text += StrCat("trait ", t, " ",
                     column.Has(row) ? CellText(column.type(), column.Bits(row)) : "cleared",
                     " at ", stamp->time.ms, " by ", NameOf(state, stamp->origin), "\n");
    }
    for (size_t e = 0; e < state.partitions.size(); ++e) {
      text += EventsText(state, {static_cast<uint16_t>(e)}, row);
    }
  }
  for (uint64_t id = 1; id <= state.profiles.size(); ++id) {
    const auto row = state.FindProfile({id});
    if (row) picture.at(state.ProfileAt(*row).value) += StrCat("id ", id, "\n");
  }
  picture[0] = StrCat(state.num_profiles, " profiles, ", state.num_events, " events, ",
                      state.identities.size(), " identities, ", state.profiles.size(), " ids");
  return picture;
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
