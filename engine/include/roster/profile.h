// SPDX-License-Identifier: Apache-2.0
//
// Everything known of one person, as `Get` returns it. Thread rule: plain values.
#ifndef ROSTER_PROFILE_H_
#define ROSTER_PROFILE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "roster/value.h"
#include "roster/write.h"

namespace roster {

struct TraitEntry {
  std::string name;
  Value value;
  Timestamp time;                     // when it was so
  std::optional<IdentityRef> origin;  // the identity by which it came
};

struct EventEntry {
  uint64_t id = 0;
  std::string type;
  Timestamp time;
  std::vector<Field> properties;
  std::optional<IdentityRef> origin;
};

struct EventCount {
  std::string type;
  uint64_t count = 0;
};

struct GetOptions {
  uint32_t max_events = 20;  // the newest; 0 leaves the section out
};

struct Profile {
  ProfileId id;
  std::optional<ProfileId> redirected_from;  // the id asked for was merged into this profile
  std::string created_via;
  Timestamp created_at;
  std::optional<Timestamp> first_seen;
  std::optional<Timestamp> last_seen;
  std::vector<IdentityRef> identities;
  std::vector<TraitEntry> traits;        // by name
  std::vector<EventCount> event_counts;  // by type
  std::vector<EventEntry> events;        // newest first
};

struct GetResult {
  Lsn lsn;
  bool durable = true;
  Profile profile;
};

}  // namespace roster

#endif  // ROSTER_PROFILE_H_
