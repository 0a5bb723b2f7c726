// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/people/own_records.h"

#include <algorithm>
#include <map>
#include <utility>

#include "storage/memory/people/own_names.h"

namespace roster {
namespace {

template <typename T>
T As(const Value& value) {
  const T* held = std::get_if<T>(&value);
  return held != nullptr ? *held : T{};
}

}  // namespace

OwnRecord::OwnRecord(const State& state, EventTypeId type, RowId row, EventRef ref)
    : state_(&state), type_(type), row_(row), ref_(ref) {}

EventId OwnRecord::id() const { return IdOf(state_->partition(type_).block(ChunkOf(row_)), ref_); }

Timestamp OwnRecord::time() const {
  return TimeOf(state_->partition(type_).block(ChunkOf(row_)), ref_);
}

IdentityId OwnRecord::origin() const {
  return OriginOf(state_->partition(type_).block(ChunkOf(row_)), ref_);
}

ProfileId OwnRecord::home() const {
  const std::optional<PropertyId>& property = state_->schema->event(type_).home;
  if (property) {
    const EventBlock& block = state_->partition(type_).block(ChunkOf(row_));
    const std::optional<int64_t> bits = PropertyOf(block, ref_, *property);
    if (bits) return {static_cast<uint64_t>(*bits)};
  }
  return HomeByOrigin(*state_, row_, origin());
}

Value OwnRecord::Get(std::string_view property) const {
  const std::optional<PropertyId> id = state_->schema->event(type_).FindProperty(property);
  if (!id) return {};
  const EventPartition& partition = state_->partition(type_);
  const std::optional<int64_t> bits = PropertyOf(partition.block(ChunkOf(row_)), ref_, *id);
  if (!bits) return {};
  return DecodeCell(partition.properties()[id->value], *bits);
}

std::string OwnRecord::Text(std::string_view property) const {
  return As<std::string>(Get(property));
}
int64_t OwnRecord::Integer(std::string_view property) const { return As<int64_t>(Get(property)); }
bool OwnRecord::Flag(std::string_view property) const { return As<bool>(Get(property)); }

ProfileId HomeByOrigin(const State& state, RowId row, IdentityId origin) {
  const Identities& identities = state.identities;
  if (origin != kNoOrigin && identities.IsAttached(origin) && identities.RowOf(origin) == row) {
    const ProfileId home = identities.HomeOf(origin);
    if (home.value != 0) return home;
  }
  return state.ProfileAt(row);
}

std::vector<OwnRecord> OwnRecordsOf(const State& state, RowId row, std::string_view type) {
  std::vector<OwnRecord> records;
  const std::optional<EventTypeId> event = state.schema->FindEvent(type);
  if (!event) return records;
  for (const EventRef ref : state.partition(*event).EventsOf(row)) {
    records.emplace_back(state, *event, row, ref);
  }
  return records;
}

ChunkBits RowsWithRecords(const State& state, EventTypeId type, uint32_t chunk) {
  ChunkBits rows;
  const EventPartition& partition = state.partition(type);
  if (chunk >= partition.num_blocks()) return rows;
  const EventBlock& block = partition.block(chunk);
  for (const uint16_t offset : block.sealed->rows) rows.Set(offset);
  for (uint32_t t = 0; t < block.tail.size(); ++t) rows.Set(block.tail[t].row_offset);
  return rows;
}

bool IsArchived(const State& state, RowId row) {
  const std::optional<TraitId> trait = state.schema->FindTrait(kArchived);
  return trait && state.column(*trait).Get(row) == Value(true);
}

std::vector<ProfileId> HomesOfConsent(const State& state, RowId row, std::string_view channel) {
  std::vector<ProfileId> homes;
  for (const OwnRecord& record : OwnRecordsOf(state, row, kConsentRecords)) {
    if (record.Text("channel") == channel && record.Text("address").empty()) {
      homes.push_back(record.home());
    }
  }
  std::sort(homes.begin(), homes.end());
  homes.erase(std::unique(homes.begin(), homes.end()), homes.end());
  return homes;
}

std::vector<HomeLabel> LabelsByHome(const State& state, RowId row, std::optional<Timestamp> until) {
  std::map<std::pair<std::string, ProfileId>, bool> latest;
  for (const OwnRecord& record : OwnRecordsOf(state, row, kLabelRecords)) {
    if (until && record.time() > *until) break;
    latest[{record.Text("label"), record.home()}] = record.Flag("added");
  }
  std::vector<HomeLabel> labels;
  for (const auto& [key, added] : latest) {
    if (added) labels.push_back({key.first, key.second});
  }
  return labels;
}

std::vector<std::string> LabelsOf(const State& state, RowId row, std::optional<Timestamp> until) {
  std::vector<std::string> labels;
  for (HomeLabel& one : LabelsByHome(state, row, until)) {
    if (labels.empty() || labels.back() != one.label) labels.push_back(std::move(one.label));
  }
  return labels;
}

}  // namespace roster
