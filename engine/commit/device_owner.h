// SPDX-License-Identifier: Apache-2.0
//
// Devices and anonymous visitors: whose they are at a time, and what changes when somebody
// identifies on one or logs out of it, also when that becomes known late. Thread rule: the
// writer's, under the store's lock. Source: IDENTITY.md R3; storage/memory/people/device_owners.h.
#ifndef ROSTER_ENGINE_COMMIT_DEVICE_OWNER_H_
#define ROSTER_ENGINE_COMMIT_DEVICE_OWNER_H_

#include <optional>
#include <string_view>
#include <vector>

#include "engine/commit/effects.h"

namespace roster {

// Whose the device is at the time; nothing when it is the anonymous visitor's of a span in which
// there was none yet.
std::optional<ProfileId> OwnerAt(const Store& store, IdentityId device, Timestamp time);
inline std::optional<ProfileId> OwnerAt(const Effects& effects, IdentityId device, Timestamp time) {
  return OwnerAt(effects.store(), device, time);
}

// Whose it is when nobody identified on it, or was given it by hand, for that time: a visitor's,
// who becomes whoever does.
std::optional<ProfileId> VisitorAt(const Effects& effects, IdentityId device, Timestamp time);

// The profile id under which who has the device now came to have it; 0: the profile's own.
ProfileId HolderHomeOf(const Effects& effects, IdentityId device);

// Makes `profile`, an anonymous one, the visitor of the span in which the time lies.
// Requires: OwnerAt gives nobody.
void FillGap(IdentityId device, Timestamp time, ProfileId profile, Effects* effects);

// Whether nobody else ever had the device: then nothing changes when it identifies again.
// Cost: O(1) for most devices.
bool HasAlone(const Effects& effects, IdentityId device, ProfileId profile);

// `person` has identified on the device. What only the device vouches for goes to whom it is then
// known to be of. Requires: whoever the device was attached to anonymously is `person` by now.
// `by`: the strongest identity that was given, which parts marks of one time.
void Claim(IdentityId device, ProfileId person, IdentityId by, Timestamp time, Effects* effects);

// Makes the visits of an anonymous profile its own, so that no later identify claims them: somebody
// has said by hand whose they are.
void HoldVisits(ProfileId profile, Effects* effects);

// Where a visitor who is merged into somebody by an identify had come by: a device, and since when
// it was his.
struct Visit {
  IdentityId device;
  Timestamp begin;
};
// Requires: the visitor's id answers with whom he is merged into.
std::vector<Visit> ClaimedVisits(const State& state, ProfileId visitor);

// After `one` was taken out of `other`: the visits are its own, and what came by their devices is
// with whom had them then.
void Part(ProfileId one, ProfileId other, const std::vector<Visit>& visits, Effects* effects);

// Before a profile is erased: what it had of devices goes to nobody else.
void LeaveDevices(ProfileId profile, Effects* effects);

// Whoever has the device logs out. What came by it later is the next person's, or a new anonymous
// profile's, made with `via`.
void LogOut(IdentityId device, Timestamp time, std::string_view via, Effects* effects);

}  // namespace roster

#endif  // ROSTER_ENGINE_COMMIT_DEVICE_OWNER_H_
