// SPDX-License-Identifier: Apache-2.0
//
// Store's writes of traits: the column shows what the policy says of the records. A profile's one
// value is in the column only; a second one makes the one that is not shown a record.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <tuple>

#include "storage/base/check.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/store.h"

namespace roster {
namespace {

// Equal for records that say the same, so that none is kept twice.
EventId RecordId(const State& state, const CellType& type, const TraitRecord& record) {
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
  if (record.origin != kNoOrigin && state.identities.IsAttached(record.origin)) {
    const std::string_view name = state.identities.KeyAt(record.origin);
    words[3] = XXH3_64bits(name.data(), name.size());
  }
  return {XXH3_64bits(words, sizeof(words))};
}

bool SaysTheSame(const TraitRecord& a, const TraitRecord& b) {
  return a.value == b.value && a.origin == b.origin;
}

bool Later(const TraitRecord& a, const TraitRecord& b) {
  return std::tie(a.time, a.value) < std::tie(b.time, b.value);
}

}  // namespace

std::optional<TraitRecord> Store::CellOf(RowId row, TraitId trait) const {
  const Column& column = state_.column(trait);
  const std::optional<Stamp> stamp = column.StampOf(row, state_.stamps);
  if (!stamp) return std::nullopt;
  return TraitRecord{column.Get(row), stamp->time, stamp->origin, RankOf(stamp->origin)};
}

uint8_t Store::RankOf(IdentityId origin) const {
  if (origin == kNoOrigin || !state_.identities.IsAttached(origin)) return 255;
  return state_.schema->name_space(state_.identities.NameOf(origin).name_space).rank;
}

std::vector<TraitRecord> Store::TraitRecordsOf(RowId row, TraitId trait) const {
  std::vector<TraitRecord> records;
  const std::optional<EventTypeId> type = state_.schema->trait(trait).records;
  if (!type) return records;
  const EventPartition& partition = state_.partition(*type);
  for (const EventRef event : partition.EventsOf(row)) {
    const EventBlock& block = partition.block(ChunkOf(row));
    TraitRecord record{{}, TimeOf(block, event), OriginOf(block, event)};
    record.rank = RankOf(record.origin);
    if (const auto bits = PropertyOf(block, event, kRecordValue)) {
      record.value = DecodeCell(partition.properties()[kRecordValue.value], *bits);
    }
    records.push_back(std::move(record));
  }
  return records;
}

void Store::SetCell(RowId row, TraitId trait, const TraitRecord& shown) {
  Column& column = state_.columns[trait.value].Mutable();
  std::optional<int64_t> bits;
  if (!IsMissing(shown.value)) bits = EncodeCell(column.type(), shown.value);
  column.Set(row, bits, {shown.time, shown.origin}, &state_.stamps);
}

void Store::KeepRecord(RowId row, TraitId trait, const TraitRecord& record, ProfileId home) {
  const EventTypeId type = *state_.schema->trait(trait).records;
  EventPartition& records = state_.partitions[type.value].Mutable();
  const CellType& value_type = records.properties()[kRecordValue.value];
  const EventId id = RecordId(state_, value_type, record);
  if (records.Contains(row, id)) return;
  std::vector<EventProperty> properties;
  if (!IsMissing(record.value)) {
    properties.push_back({kRecordValue, EncodeCell(value_type, record.value)});
  }
  if (home.value != 0) {
    properties.push_back({*state_.schema->event(type).home, static_cast<int64_t>(home.value)});
  }
  records.Add(row,
              {.id = id, .time = record.time, .origin = record.origin, .properties = properties},
              sealing_);
  FreePurged(&records);
}

void Store::WriteTrait(RowId row, TraitId trait, const TraitRecord& written) {
  const TraitInfo& info = state_.schema->trait(trait);
  const std::optional<TraitRecord> cell = CellOf(row, trait);
  if (!cell || !info.records) return SetCell(row, trait, written);
  if (SaysTheSame(*cell, written) && cell->time == written.time) return;
  if (info.policy != TraitPolicy::kLatest) {
    KeepRecord(row, trait, *cell, {});
    KeepRecord(row, trait, written, {});
    return ShowTrait(row, trait);
  }
  if (!Later(*cell, written)) return KeepRecord(row, trait, written, {});
  if (!IsWithinRun(row, trait, *cell, written)) KeepRecord(row, trait, *cell, {});
  SetCell(row, trait, written);
}

// What is said again and again is kept as its first and its last time.
bool Store::IsWithinRun(RowId row, TraitId trait, const TraitRecord& cell,
                        const TraitRecord& next) const {
  if (!SaysTheSame(cell, next)) return false;
  const std::vector<TraitRecord> records = TraitRecordsOf(row, trait);
  const auto before = std::max_element(records.begin(), records.end(), Later);
  return before != records.end() && SaysTheSame(*before, cell) && before->time < cell.time;
}

void Store::ShowTrait(RowId row, TraitId trait) {
  const std::optional<FoldedTrait> shown =
      FoldTrait(state_.schema->trait(trait).policy, TraitRecordsOf(row, trait));
  if (!shown) return state_.columns[trait.value].Mutable().Forget(row, &state_.stamps);
  SetCell(row, trait, {shown->value, shown->time, shown->origin});
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
    KeepRecord(to, trait, *theirs, loser);
    if (const auto ours = CellOf(to, trait)) KeepRecord(to, trait, *ours, {});
    ShowTrait(to, trait);
    state_.columns[t].Mutable().Forget(from, &state_.stamps);
  }
}

// Of a trait of which nothing is kept but what is shown.
void Store::MoveCell(RowId from, RowId to, TraitId trait) {
  const TraitRecord theirs = *CellOf(from, trait);
  const std::optional<TraitRecord> ours = CellOf(to, trait);
  // Of the two first-seen and created times the earlier stays, and how that came to be.
  const bool earliest = trait == kCreatedAt || trait == kFirstSeen || trait == kCreatedVia;
  const bool take = !ours || (earliest ? theirs.time < ours->time : Later(*ours, theirs));
  if (take) SetCell(to, trait, theirs);
  state_.columns[trait.value].Mutable().Forget(from, &state_.stamps);
}

}  // namespace roster
