// SPDX-License-Identifier: Apache-2.0
//
// Devices that had a mark elsewhere than on whose identity they were, or a logout: which profiles
// to look at; what was noted stays until it is erased. All others are whose identity they are.
// Derived from the device records; kept by Store::Apply. Thread rule: the writer's.
#ifndef ROSTER_STORAGE_MEMORY_PEOPLE_DEVICES_H_
#define ROSTER_STORAGE_MEMORY_PEOPLE_DEVICES_H_

#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "roster/value.h"
#include "storage/base/ids.h"
#include "storage/memory/people/device_owners.h"

namespace roster {

struct State;

// A mark with the profile that has it now.
struct PlacedMark {
  DeviceMarkKind kind = DeviceMarkKind::kIdentify;
  Timestamp time;
  uint64_t order = 0;
  ProfileId profile;
};

class SharedDevices {
 public:
  // Takes note of a record of the device on a profile. When that is new of the device, those of
  // its profiles that were erased since go, so that they do not become more and more.
  void Note(const State& state, IdentityId device, ProfileId profile);
  // The device was erased; its number is never attached again.
  void Forget(IdentityId device);
  // A profile with a mark on the device was erased.
  void DropErased(const State& state, IdentityId device);
  // Whether a mark of the device is another profile's than whose identity it is, or no identify.
  // Cost: of MarksOf, for those that ever were.
  bool IsShared(const State& state, IdentityId device) const;
  // All marks of a device, by time. Requires: it is attached. Cost: O(device records of its
  // profiles).
  std::vector<PlacedMark> MarksOf(const State& state, IdentityId device) const;
  size_t MemoryBytes() const;

 private:
  using Profiles = absl::InlinedVector<ProfileId, 2>;

  // Who has or had a mark. The ids may have been merged since.
  absl::flat_hash_map<IdentityId, Profiles> profiles_;
  size_t heap_bytes_ = 0;  // of the lists that are longer than what they have place for
};

// The marks of one profile on a device, those apart that say no more whose it is.
void AppendMarks(const State& state, RowId row, IdentityId device, std::vector<PlacedMark>* marks);

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_PEOPLE_DEVICES_H_
