// SPDX-License-Identifier: Apache-2.0
#include "engine/reading/records.h"

namespace roster {

Records::Records(const State& state, RowId row, std::optional<EventTypeId> type)
    : state_(state), row_(row) {
  if (!type) return;
  partition_ = &state.partition(*type);
  events_ = partition_->EventsOf(row);
  if (events_.empty()) return;
  type_ = &state.schema->event(*type);
  block_ = &partition_->block(ChunkOf(row));
}

Value Records::ValueAt(size_t i, PropertyId property) const {
  const std::optional<int64_t> bits = PropertyOf(*block_, events_[i], property);
  return bits ? DecodeCell(partition_->properties()[property.value], *bits) : Value();
}

Value Records::ValueAt(size_t i, std::string_view property) const {
  const std::optional<PropertyId> id = type_->FindProperty(property);
  return id ? ValueAt(i, *id) : Value();
}

ProfileId Records::HomeAt(size_t i) const {
  if (type_->home) {
    const auto home = PropertyOf(*block_, events_[i], *type_->home);
    if (home.value_or(0) != 0) return {static_cast<uint64_t>(*home)};
  }
  return HomeByOrigin(state_, row_, OriginAt(i));
}

ProfileId HomeByOrigin(const State& state, RowId row, IdentityId origin) {
  const Identities& identities = state.identities;
  if (origin != kNoOrigin && identities.IsAttached(origin) && identities.RowOf(origin) == row) {
    const ProfileId home = identities.HomeOf(origin);
    if (home.value != 0) return home;
  }
  return state.ProfileAt(row);
}

}  // namespace roster
