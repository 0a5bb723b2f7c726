// SPDX-License-Identifier: Apache-2.0
//
// Whose a shared device is at a time. Derived: a function of the marks that identifies and logouts
// left on the device, whatever order they came in. Thread rule: pure functions.
// Source: IDENTITY.md R3.
#ifndef ROSTER_STORAGE_MEMORY_PEOPLE_DEVICE_OWNERS_H_
#define ROSTER_STORAGE_MEMORY_PEOPLE_DEVICE_OWNERS_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "roster/value.h"

namespace roster {

// What a record of a device says. The numbers stand in files; do not renumber.
enum class DeviceMarkKind : uint8_t {
  kIdentify = 0,  // its profile identified on the device
  kLogout = 1,    // its profile, or whoever had the device, logged out
  kGap = 2,       // its profile is the anonymous one of the span that begins then
  kClaimed = 3,   // its home was that, until somebody identified; says no more whose the device is
};

// Somebody identified on the device, or logged out of it.
struct DeviceMark {
  Timestamp time;
  uint64_t order = 0;  // among marks of one time
  ProfileId person;    // 0: a logout
};

// From `begin` until the next span the device is `owner`'s; 0: nobody's that is known, but one
// anonymous person's.
struct DeviceSpan {
  Timestamp begin;
  ProfileId owner;
  bool operator==(const DeviceSpan&) const = default;
};

// The spans of a device, ascending; the first begins at the beginning of time. A person's begins
// with an identify on the device; what was before the first of them, or lies between a logout and
// the next identify, is that next one's. Neighbours that are one person's are one span; two that
// are nobody's are not, for a logout parts them.
std::vector<DeviceSpan> DeviceSpans(std::vector<DeviceMark> marks);

// The span in which a time lies: its place in `spans`.
size_t SpanAt(absl::Span<const DeviceSpan> spans, Timestamp time);

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_PEOPLE_DEVICE_OWNERS_H_
