// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/people/devices.h"

#include <catch2/catch.hpp>
#include <string>

#include "storage/memory/people/own_names.h"
#include "tests/memory/store_builder.h"

namespace roster {
namespace {

// People who identify on devices: marks as the engine makes them.
class Devices {
 public:
  Devices() {
    b.Apply(DeclareNamespace{{"device", NamespaceKind::kDevice, 3, 9}});
    marks_ = b.Event(std::string(kDeviceRecords));
    b.Property(marks_, "mark", ValueType::kInteger);
  }
  IdentityId Attach(ProfileId profile) {
    const IdentityId id{static_cast<uint32_t>(b.store.state().identities.size())};
    b.Apply(AttachIdentity{profile, id, {0}, "d" + std::to_string(id.value), {}});
    return id;
  }
  void Identify(ProfileId profile, IdentityId device) {
    b.Apply(AddEvent{profile, marks_, {++next_mark_}, {1}, device, {{kDeviceMark, int64_t{0}}}});
  }
  void Erase(ProfileId profile) { b.Apply(EraseProfile{profile}); }
  size_t NumMarks(IdentityId device) const { return b.store.MarksOf(device).size(); }
  uint64_t Bytes() const {
    for (const MemoryUse& use : b.store.MemoryUses()) {
      for (const auto& [part, size] : use.parts) {
        if (part == "devices") return size;
      }
    }
    return 0;
  }

  StoreBuilder b;

 private:
  EventTypeId marks_;
  uint64_t next_mark_ = 0;
};

TEST_CASE("who has marks on a device takes memory that is counted", "[devices]") {
  Devices devices;
  const uint64_t without = devices.b.store.MemoryBytes();
  CHECK(devices.Bytes() == 0);
  const ProfileId jo = devices.b.Profile();
  const IdentityId device = devices.Attach(jo);
  devices.Identify(jo, device);
  CHECK(devices.Bytes() == 0);  // it is his
  CHECK_FALSE(devices.b.store.IsShared(device));
  for (int i = 0; i < 1000; ++i) devices.Identify(devices.b.Profile(), device);
  CHECK(devices.b.store.IsShared(device));
  CHECK(devices.NumMarks(device) == 1001);
  CHECK(devices.Bytes() > 1001 * sizeof(ProfileId));
  CHECK(devices.b.store.MemoryBytes() > without + devices.Bytes());
}

TEST_CASE("of a device that was erased nothing is kept", "[devices]") {
  Devices devices;
  uint64_t after_first = 0;
  for (int i = 0; i < 1000; ++i) {
    const ProfileId jo = devices.b.Profile();
    const ProfileId ann = devices.b.Profile();
    const IdentityId device = devices.Attach(jo);
    devices.Identify(ann, device);
    REQUIRE(devices.b.store.IsShared(device));
    devices.Erase(jo);
    REQUIRE_FALSE(devices.b.store.IsShared(device));
    devices.Erase(ann);
    if (i == 0) after_first = devices.Bytes();
    REQUIRE(devices.Bytes() == after_first);
  }
}

TEST_CASE("who was erased is not looked for on a device that others still have", "[devices]") {
  Devices devices;
  const ProfileId jo = devices.b.Profile();
  const IdentityId device = devices.Attach(jo);
  const ProfileId ann = devices.b.Profile();
  devices.Identify(ann, device);
  const uint64_t of_two = devices.Bytes();
  for (int i = 0; i < 1000; ++i) {
    const ProfileId guest = devices.b.Profile();
    devices.Identify(guest, device);
    REQUIRE(devices.NumMarks(device) == 2);
    devices.Erase(guest);
    REQUIRE(devices.NumMarks(device) == 1);
  }
  CHECK(devices.Bytes() < of_two + 8 * sizeof(ProfileId));
  CHECK(devices.b.store.IsShared(device));
  devices.Erase(ann);
  CHECK_FALSE(devices.b.store.IsShared(device));
}

// Whose mark is not known of: who had the device when another identified on it.
TEST_CASE("who was erased and had a device makes place for others on it", "[devices]") {
  Devices devices;
  const ProfileId ann = devices.b.Profile();
  ProfileId holder = devices.b.Profile();
  const IdentityId device = devices.Attach(holder);
  devices.Identify(ann, device);
  const uint64_t of_two = devices.Bytes();
  for (int i = 0; i < 1000; ++i) {
    const ProfileId next = devices.b.Profile();
    devices.b.Apply(MoveIdentity{device, next, IdentityStanding::kActive, {}});
    devices.Erase(holder);
    holder = next;
    devices.Identify(ann, device);
    REQUIRE(devices.NumMarks(device) == static_cast<size_t>(i) + 2);
  }
  CHECK(devices.Bytes() < of_two + 8 * sizeof(ProfileId));
}

}  // namespace
}  // namespace roster
