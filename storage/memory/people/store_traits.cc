// SPDX-License-Identifier: Apache-2.0
//
// Store's writes of traits: the column shows what the policy says of all writes. One that is the
// only one is in the column alone; a second one makes the one that is not shown a record, and under
// any policy but the latest the other one too. So cells and records are the same in whatever order
// the writes came. What is shown stays when retention has taken its record.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <utility>

#include "storage/base/check.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/people/trait_writes.h"
#include "storage/memory/store.h"

namespace roster {
namespace {

bool HasName(const State& state, IdentityId origin) {
  return origin != kNoOrigin && state.identities.IsAttached(origin);
}

// Equal for records that say the same, so that none is kept twice. What came by no identity is of
// whom it was said of: two who are joined may have been told the same at one moment.
EventId RecordId(const State& state, const CellType& type, const TraitRecord& record,
                 ProfileId of) {
  uint64_t words[4] = {static_cast<uint64_t>(record.time.ms), TypeOf(record.value) != ValueType{},
                       0, 0};
  if (!IsMissing(record.value)) {
    const int64_t bits = EncodeCell(type, record.value);
    words[2] = static_cast<uint64_t>(bits);
    if (type.dictionary) {
      const std::string_view text = type.dictionary->Text(static_cast<uint32_t>(bits));
      words[2] = XXH3_64bits(text.data(), text.size());
    }
  }
  if (HasName(state, record.origin)) {
    const std::string_view name = state.identities.KeyAt(record.origin);
    words[3] = XXH3_64bits(name.data(), name.size());
  } else if (state.schema->ids_by_home()) {
    words[3] = of.value;
  }
  return {XXH3_64bits(words, sizeof(words))};
}

}  // namespace

TraitRecord Store::Said(Value value, const Stamp& stamp) const {
  return RecordOf(state_, std::move(value), stamp);
}

std::optional<TraitRecord> Store::CellOf(RowId row, TraitId trait) const {
  const Column& column = state_.column(trait);
  const std::optional<Stamp> stamp = column.StampOf(row, state_.stamps);
  if (!stamp) return std::nullopt;
  return Said(column.Get(row), *stamp);
}

std::vector<TraitRecord> Store::TraitRecordsOf(RowId row, TraitId trait) const {
  std::vector<TraitRecord> records;
  const std::optional<EventTypeId> type = state_.schema->trait(trait).records;
  if (!type) return records;
  const EventPartition& partition = state_.partition(*type);
  for (const EventRef event : partition.EventsOf(row)) {
    const EventBlock& block = partition.block(ChunkOf(row));
    Value value;
    if (const auto bits = PropertyOf(block, event, kRecordValue)) {
      value = DecodeCell(partition.properties()[kRecordValue.value], *bits);
    }
    records.push_back(Said(std::move(value), {TimeOf(block, event), OriginOf(block, event)}));
  }
  return records;
}

bool Store::IsWrite(RowId row, TraitId trait) const {
  const TraitInfo& info = state_.schema->trait(trait);
  if (info.policy == TraitPolicy::kLatest) return true;
  if (state_.partition(*info.records).EventsOf(row).empty()) return true;
  return !Joins(info.policy) && state_.column(trait).Has(row);
}

void Store::SetCell(RowId row, TraitId trait, const TraitRecord& shown) {
  Column& column = state_.columns[trait.value].Mutable();
  std::optional<int64_t> bits;
  if (!IsMissing(shown.value)) bits = EncodeCell(column.type(), shown.value);
  column.Set(row, bits, {shown.time, shown.origin}, &state_.stamps);
  if (trait == kLastSeen && bits) NoteLastSeen(row);
}

// By another id: it came by one that is gone, whose name was in its id, or of whom was merged.
bool Store::HasRecord(RowId row, TraitId trait, const TraitRecord& record) const {
  if (HasName(state_, record.origin)) return false;
  const std::vector<TraitRecord> known = TraitRecordsOf(row, trait);
  return std::ranges::any_of(known,
                             [&](const TraitRecord& other) { return IsSame(other, record); });
}

bool Store::KeepRecord(RowId row, TraitId trait, const TraitRecord& record, ProfileId home) {
  const EventTypeId type = *state_.schema->trait(trait).records;
  EventPartition& records = state_.partitions[type.value].Mutable();
  if (record.time.ms < records.floor_ms()) return false;
  const CellType& value_type = records.properties()[kRecordValue.value];
  const ProfileId of = home.value != 0 ? home : state_.ProfileAt(row);
  const EventId id = RecordId(state_, value_type, record, of);
  if (records.Contains(row, id)) return true;
  const bool may_be_known = home.value == 0 || !state_.schema->ids_by_home();
  if (may_be_known && HasRecord(row, trait, record)) return true;
  std::vector<EventProperty> properties;
  if (!IsMissing(record.value)) {
    properties.push_back({kRecordValue, EncodeCell(value_type, record.value)});
  }
  const std::optional<PropertyId> home_property = state_.schema->event(type).home;
  if (home.value != 0 && home_property) {
    properties.push_back({*home_property, static_cast<int64_t>(home.value)});
  }
  records.Add(row,
              {.id = id, .time = record.time, .origin = record.origin, .properties = properties},
              sealing_);
  FreePurged(&records);
  return true;
}

void Store::KeepCell(RowId row, TraitId trait) {
  const std::optional<TraitRecord> cell = CellOf(row, trait);
  if (cell && IsWrite(row, trait)) KeepRecord(row, trait, *cell, {});
}

void Store::WriteTrait(RowId row, TraitId trait, const TraitRecord& written) {
  const TraitInfo& info = state_.schema->trait(trait);
  const std::optional<TraitRecord> cell = CellOf(row, trait);
  if (!cell || !info.records) return SetCell(row, trait, written);
  if (IsSame(*cell, written) && IsWrite(row, trait)) return;
  if (info.policy == TraitPolicy::kLatest) {
    const bool shown = IsBefore(*cell, written);
    KeepRecord(row, trait, shown ? *cell : written, {});
    if (shown) SetCell(row, trait, written);
    return;
  }
  KeepCell(row, trait);
  KeepRecord(row, trait, written, {});
  ShowTrait(row, trait, {&written, 1});
}

void Store::ShowTrait(RowId row, TraitId trait, absl::Span<const TraitRecord> also) {
  const TraitPolicy policy = state_.schema->trait(trait).policy;
  std::vector<TraitRecord> said = TraitRecordsOf(row, trait);
  if (said.empty() || !Joins(policy)) {
    said.insert(said.end(), also.begin(), also.end());
    if (IsWrite(row, trait)) {
      if (auto cell = CellOf(row, trait)) said.push_back(*std::move(cell));
    }
  }
  const std::optional<FoldedTrait> shown = FoldTrait(policy, said);
  if (shown) SetCell(row, trait, {shown->value, shown->time, shown->origin});
}

void Store::KeepCells(RowId from, RowId to) {
  for (size_t t = 0; t < state_.columns.size(); ++t) {
    const TraitId trait{static_cast<uint16_t>(t)};
    if (!state_.schema->trait(trait).records || !state_.columns[t]->IsStamped(from)) continue;
    KeepCell(to, trait);
  }
}

void Store::MergeTraits(RowId from, RowId to, ProfileId loser) {
  for (size_t t = 0; t < state_.columns.size(); ++t) {
    const TraitId trait{static_cast<uint16_t>(t)};
    const std::optional<TraitRecord> theirs = CellOf(from, trait);
    if (!theirs) continue;
    if (!state_.schema->trait(trait).records) {
      MoveCell(from, to, trait);
      continue;
    }
    const bool moved = state_.schema->ids_by_home() && HasRecord(from, trait, *theirs);
    if (!moved && IsWrite(from, trait)) KeepRecord(to, trait, *theirs, loser);
    ShowTrait(to, trait, {&*theirs, 1});
    state_.columns[t].Mutable().Forget(from, &state_.stamps);
  }
}

// Of a trait of which nothing is kept but what is shown.
void Store::MoveCell(RowId from, RowId to, TraitId trait) {
  const TraitRecord theirs = *CellOf(from, trait);
  const std::optional<TraitRecord> ours = CellOf(to, trait);
  // Of the two first-seen and created times the earlier stays, and how that came to be.
  const bool earliest = trait == kCreatedAt || trait == kFirstSeen || trait == kCreatedVia;
  const bool take = !ours || (earliest ? theirs.time < ours->time : IsBefore(*ours, theirs));
  if (take) SetCell(to, trait, theirs);
  state_.columns[trait.value].Mutable().Forget(from, &state_.stamps);
}

void Store::ApplyOne(const AlterTrait& m, ChangeSet* changes) {
  const TraitPolicy before = state_.schema->trait(m.trait).policy;
  if (before == m.info.policy || !state_.schema->trait(m.trait).records) {
    state_.schema.Mutable().AlterTrait(m.trait, m.info);
    return;
  }
  std::vector<RowId> rows;
  for (uint32_t r = 0; r < state_.num_rows(); ++r) {
    const RowId row{r};
    if (!state_.live.Test(row) || TraitRecordsOf(row, m.trait).empty()) continue;
    rows.push_back(row);
    // What is made of records is made anew.
    if (!Joins(before)) KeepCell(row, m.trait);
    if (Joins(before)) state_.columns[m.trait.value].Mutable().Forget(row, &state_.stamps);
  }
  state_.schema.Mutable().AlterTrait(m.trait, m.info);
  for (const RowId row : rows) ShowTrait(row, m.trait, {});
  changes->traits.push_back(m.trait);
}

void Store::ApplyOne(const AlterNamespace& m, ChangeSet* changes) {
  const bool ranks = state_.schema->name_space(m.name_space).rank != m.info.rank;
  state_.schema.Mutable().AlterNamespace(m.name_space, m.info);
  for (size_t t = 0; t < state_.columns.size() && ranks; ++t) {
    const TraitId trait{static_cast<uint16_t>(t)};
    const TraitInfo& info = state_.schema->trait(trait);
    if (!info.records || info.policy != TraitPolicy::kPrimary) continue;
    for (uint32_t r = 0; r < state_.num_rows(); ++r) {
      if (!state_.live.Test({r}) || TraitRecordsOf({r}, trait).empty()) continue;
      KeepCell({r}, trait);
      ShowTrait({r}, trait, {});
    }
    changes->traits.push_back(trait);
  }
}

}  // namespace roster
