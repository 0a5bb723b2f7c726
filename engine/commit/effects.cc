// SPDX-License-Identifier: Apache-2.0
#include "engine/commit/effects.h"

#include <algorithm>

#include "engine/limits.h"
#include "query/declarations/names.h"
#include "query/declarations/retention.h"
#include "storage/base/check.h"
#include "storage/base/unicode.h"
#include "storage/memory/people/merges.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/people/own_records.h"
#include "storage/memory/people/trait_writes.h"
#include "storage/mutation.h"

namespace roster {

EventId EventIdSource::Next(Timestamp clock) {
  // 44 bits of milliseconds, 20 bits of a count; a burst beyond it runs ahead of the clock.
  last_ = std::max(last_ + 1, static_cast<uint64_t>(clock.ms) << 20);
  return {last_};
}

namespace {

// Older versions took longer sources, for which nothing is reserved: their beginning.
std::string SourceOf(const Creation& came) {
  return std::string(Beginning(came.via, kMaxNameBytes));
}

// Of merges that the store was told in one millisecond the order is known, too.
Timestamp AfterMergesOf(const State& state, RowId row) {
  Timestamp after{};
  for (const MergeRecord& merge : MergesOf(state, row)) {
    after = std::max(after, Timestamp{merge.received.ms + 1});
  }
  return after;
}

}  // namespace

void Effects::Do(const Mutation& mutation) {
  if (payload_.empty() && !std::holds_alternative<Advance>(mutation)) Do(Advance{clock_});
  // What a file may not say is never written to one: no restart could read it.
  ROSTER_DCHECK(store_->Check(mutation).ok());
  EncodeMutation(mutation, &payload_);
  store_->Apply(mutation, &changes_);
}

TraitId Effects::Trait(std::string_view name, ValueType type, uint8_t scale) {
  if (const auto known = schema().FindTrait(name)) return *known;
  Do(DeclareTrait{std::string(name), type, scale});
  return *schema().FindTrait(name);
}

EventTypeId Effects::Event(std::string_view name) {
  if (const auto known = schema().FindEvent(name)) return *known;
  Do(DeclareEvent{std::string(name)});
  return *schema().FindEvent(name);
}

PropertyId Effects::Property(EventTypeId event, std::string_view name, ValueType type,
                             uint8_t scale) {
  if (const auto known = schema().event(event).FindProperty(name)) return *known;
  Do(DeclareProperty{event, std::string(name), type, scale});
  return *schema().event(event).FindProperty(name);
}

EventTypeId Effects::RecordsOf(TraitId trait) {
  const TraitInfo& info = schema().trait(trait);
  if (info.records) return *info.records;
  const EventTypeId records = Event(TraitRecordsName(info.name));
  const PropertyId value = Property(records, "value", info.type, info.scale);
  ROSTER_CHECK(value == kRecordValue);
  const int64_t keep_ms = query::DefinedRetentionMs(state(), query::kHistoryRetention);
  if (keep_ms != 0) Do(SetRetention{records, keep_ms});
  return records;
}

void Effects::KeepRecordsOf(ProfileId profile) {
  for (size_t t = 0; t < state().columns.size(); ++t) {
    const TraitId trait{static_cast<uint16_t>(t)};
    const bool has = state().StampOf(trait, *state().FindProfile(profile)).has_value();
    if (has && !schema().trait(trait).system) RecordsOf(trait);
  }
}

void Effects::KeepHomesOf(ProfileId profile) {
  const RowId row = *state().FindProfile(profile);
  KeepRecordsOf(profile);
  for (size_t t = 0; t < state().columns.size(); ++t) {
    const TraitId trait{static_cast<uint16_t>(t)};
    const std::optional<EventTypeId> records = schema().trait(trait).records;
    if (records && state().StampOf(trait, row)) HomeOf(*records);
  }
  for (size_t e = 0; e < state().partitions.size(); ++e) {
    if (state().partitions[e]->HasAny(row)) HomeOf({static_cast<uint16_t>(e)});
  }
}

PropertyId Effects::HomeOf(EventTypeId event) {
  return Property(event, kHomeProperty, ValueType::kInteger, 0);
}

ProfileId Effects::AddProfile(Timestamp created_at, std::string_view via) {
  if (!schema().ids_by_home()) {
    // From which on only calls and events are being seen.
    const EventTypeId calls = Event(kCallRecords);
    Property(calls, kIdsByHome, ValueType::kBoolean, 0);
  }
  const ProfileId id{state().profiles.size() + 1};
  Do(CreateProfile{id, created_at, std::string(via)});
  return id;
}

IdentityId Effects::Attach(ProfileId profile, NamespaceId name_space, std::string_view value,
                           Timestamp time) {
  const IdentityId id{static_cast<uint32_t>(state().identities.size())};
  Do(AttachIdentity{profile, id, name_space, std::string(value), time});
  return id;
}

// Under some policies what is said is less than what was given: of a list each text once, in order;
// of an empty text or list nothing.
bool Effects::SaysNothing(SetTrait* set) const {
  auto* list = std::get_if<TextList>(&set->value);
  const auto* text = std::get_if<std::string>(&set->value);
  const TraitPolicy policy = schema().trait(set->trait).policy;
  if (list != nullptr && policy == TraitPolicy::kUnion) {
    std::sort(list->begin(), list->end());
    list->erase(std::unique(list->begin(), list->end()), list->end());
  }
  const bool empty = (list != nullptr && list->empty()) || (text != nullptr && text->empty());
  return empty && policy == TraitPolicy::kNonEmpty;
}

void Effects::Set(SetTrait set) {
  if (SaysNothing(&set)) return;
  const RowId row = *state().FindProfile(set.profile);
  const bool again = state().StampOf(set.trait, row).has_value();
  if (again && !schema().trait(set.trait).system) RecordsOf(set.trait);
  Do(std::move(set));
}

Timestamp Effects::TimeOfWrite(ProfileId profile, TraitId trait, Timestamp time) const {
  const RowId row = *state().FindProfile(profile);
  const auto follow = [&](Timestamp said) { time = std::max(time, Timestamp{said.ms + 1}); };
  if (const std::optional<Stamp> shown = state().StampOf(trait, row)) follow(shown->time);
  if (schema().trait(trait).policy == TraitPolicy::kLatest) return time;
  for (const TraitWrite& write : WritesOf(state(), row, trait)) follow(write.said.time);
  return time;
}

EventId Effects::Add(Record record) {
  const EventTypeId type = Event(record.type);
  std::vector<std::pair<PropertyId, Value>> properties;
  for (auto& [name, value] : record.values) {
    const PropertyId property = Property(type, name, TypeOf(value), 0);
    properties.emplace_back(property, std::move(value));
  }
  if (record.home.value != 0 && record.home != record.profile) {
    properties.emplace_back(HomeOf(type), static_cast<int64_t>(record.home.value));
  }
  const EventId id = record.id ? *record.id : ids_->Next(clock_);
  Do(AddEvent{record.profile, type, id, record.time, record.origin, std::move(properties)});
  return id;
}

// Before the two are one: everything that tells them apart again has a place.
void Effects::Merge(const MergeProfiles& merge, const TextList& chosen, Timestamp chosen_at) {
  const RowId loser = *state().FindProfile(merge.loser);
  const RowId survivor = *state().FindProfile(merge.survivor);
  const EventTypeId merges = Event(kMergeRecords);
  ROSTER_CHECK(Property(merges, "survivor", ValueType::kInteger, 0) == kMergeSurvivor);
  Property(merges, "loser_created_at", ValueType::kTimestamp, 0);
  Property(merges, "loser_created_via", ValueType::kText, 0);
  Property(merges, "survivor_created_at", ValueType::kTimestamp, 0);
  Property(merges, "survivor_created_via", ValueType::kText, 0);
  HomeOf(merges);
  KeepHomesOf(merge.loser);
  const ProfileId lost = state().ProfileAt(loser);
  const ProfileId stays = state().ProfileAt(survivor);
  const Creation loser_came = OwnCreation(state(), loser, lost);
  const Creation survivor_came = OwnCreation(state(), survivor, stays);
  std::vector<std::pair<PropertyId, Value>> said = {
      {kMergeSurvivor, static_cast<int64_t>(stays.value)},
      {kMergeLoserCreated, loser_came.at},
      {kMergeLoserVia, SourceOf(loser_came)},
      {kMergeSurvivorCreated, survivor_came.at},
      {kMergeSurvivorVia, SourceOf(survivor_came)},
      {Property(merges, kMergeReceived, ValueType::kTimestamp, 0),
       std::max(clock_, AfterMergesOf(state(), survivor))}};
  if (!chosen.empty()) {
    said.emplace_back(Property(merges, kMergeChosen, ValueType::kTextList, 0), chosen);
    said.emplace_back(Property(merges, kMergeChosenAt, ValueType::kTimestamp, 0), chosen_at);
  }
  Do(AddEvent{stays, merges, {lost.value}, merge.time, merge.link, std::move(said)});
  const bool was_archived = IsArchived(state(), survivor);
  Do(merge);
  KeepStatus(stays, was_archived);
}

// Whether somebody is archived is the survivor's to say, whatever came later of the loser.
void Effects::KeepStatus(ProfileId profile, bool archived) {
  const RowId row = *state().FindProfile(profile);
  if (IsArchived(state(), row) == archived) return;
  const TraitId trait = *schema().FindTrait(kArchived);
  const Stamp known = *state().StampOf(trait, row);
  Set({profile, trait, archived, {known.time.ms + 1}, kNoOrigin});
}

}  // namespace roster
