// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/people/devices.h"

#include <algorithm>
#include <tuple>

#include "storage/memory/people/own_names.h"
#include "storage/memory/read_view.h"

namespace roster {

namespace {

template <typename Profiles>
size_t HeapBytes(const Profiles& profiles) {
  const size_t place = Profiles().capacity();
  return profiles.capacity() <= place ? 0 : profiles.capacity() * sizeof(ProfileId);
}

template <typename Profiles>
void EraseErased(const State& state, Profiles* profiles) {
  const auto is_gone = [&](ProfileId id) { return !state.FindProfile(id); };
  profiles->erase(std::remove_if(profiles->begin(), profiles->end(), is_gone), profiles->end());
}

}  // namespace

void SharedDevices::Note(const State& state, IdentityId device, ProfileId profile) {
  Profiles& profiles = profiles_[device];
  if (std::find(profiles.begin(), profiles.end(), profile) != profiles.end()) return;
  EraseErased(state, &profiles);
  heap_bytes_ -= HeapBytes(profiles);
  profiles.push_back(profile);
  heap_bytes_ += HeapBytes(profiles);
}

void SharedDevices::Forget(IdentityId device) {
  const auto it = profiles_.find(device);
  if (it == profiles_.end()) return;
  heap_bytes_ -= HeapBytes(it->second);
  profiles_.erase(it);
}

void SharedDevices::DropErased(const State& state, IdentityId device) {
  const auto it = profiles_.find(device);
  if (it == profiles_.end()) return;
  EraseErased(state, &it->second);
  if (it->second.empty()) Forget(device);
}

bool SharedDevices::IsShared(const State& state, IdentityId device) const {
  if (!profiles_.contains(device) || !state.identities.IsAttached(device)) return false;
  const ProfileId holder = state.ProfileAt(state.identities.RowOf(device));
  const std::vector<PlacedMark> marks = MarksOf(state, device);
  return std::ranges::any_of(marks, [&](const PlacedMark& mark) {
    return mark.kind != DeviceMarkKind::kIdentify || mark.profile != holder;
  });
}

std::vector<PlacedMark> SharedDevices::MarksOf(const State& state, IdentityId device) const {
  std::vector<RowId> rows = {state.identities.RowOf(device)};
  if (const auto it = profiles_.find(device); it != profiles_.end()) {
    for (const ProfileId profile : it->second) {
      if (const auto row = state.FindProfile(profile)) rows.push_back(*row);
    }
  }
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  std::vector<PlacedMark> marks;
  for (const RowId row : rows) AppendMarks(state, row, device, &marks);
  // Rows are not the same after a restart.
  std::ranges::sort(marks, {}, [](const PlacedMark& mark) {
    return std::tuple(mark.time, mark.kind, mark.order, mark.profile);
  });
  return marks;
}

void AppendMarks(const State& state, RowId row, IdentityId device, std::vector<PlacedMark>* marks) {
  const std::optional<EventTypeId> type = state.schema->FindEvent(kDeviceRecords);
  if (!type) return;
  const EventPartition& partition = state.partition(*type);
  for (const EventRef event : partition.EventsOf(row)) {
    const EventBlock& block = partition.block(ChunkOf(row));
    if (OriginOf(block, event) != device) continue;
    const auto kind =
        static_cast<DeviceMarkKind>(PropertyOf(block, event, kDeviceMark).value_or(0));
    if (kind == DeviceMarkKind::kClaimed) continue;
    marks->push_back({kind, TimeOf(block, event), IdOf(block, event).value, state.ProfileAt(row)});
  }
}

size_t SharedDevices::MemoryBytes() const {
  return profiles_.capacity() * (sizeof(*profiles_.begin()) + 1) + heap_bytes_;
}

}  // namespace roster
