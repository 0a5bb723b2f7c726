// SPDX-License-Identifier: Apache-2.0
//
// Mutations: the effects of which every change consists. They are decided above (ids, times and
// merge decisions are in them), applied by Store::Apply for live writes and recovery alike, and
// written to the log by storage/mutation.h. Thread rule: plain values.
#ifndef ROSTER_STORAGE_MEMORY_CHANGE_H_
#define ROSTER_STORAGE_MEMORY_CHANGE_H_

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "roster/value.h"
#include "storage/base/ids.h"
#include "storage/memory/schema.h"

namespace roster {

// Each declares the next dense id of its kind.
struct DeclareTrait {
  std::string name;
  ValueType type = ValueType::kNone;
  uint8_t scale = 0;
};
struct DeclareEvent {
  std::string name;
};
struct DeclareProperty {
  EventTypeId event;
  std::string name;
  ValueType type = ValueType::kNone;
  uint8_t scale = 0;
};
struct DeclareNamespace {
  NamespaceInfo info;
};

// `id` is the next profile id.
struct CreateProfile {
  ProfileId id;
  Timestamp created_at;
  std::string via;
};

// `identity` is the next dense number; the name is not known yet. `time`: of the event or identify
// that attached it.
struct AttachIdentity {
  ProfileId profile;
  IdentityId identity;
  NamespaceId name_space;
  std::string value;
  Timestamp time;
};

// A missing value clears. `value` has the trait's type.
struct SetTrait {
  ProfileId profile;
  TraitId trait;
  Value value;
  Timestamp time;
  IdentityId origin = kNoOrigin;
};

// The profile has no event of this type with this id. Values have the properties' types.
struct AddEvent {
  ProfileId profile;
  EventTypeId event;
  EventId id;
  Timestamp time;
  IdentityId origin = kNoOrigin;
  std::vector<std::pair<PropertyId, Value>> properties;
};

// Everything of `loser` goes to `survivor`, which answers for both from then on. A trait that both
// have keeps the later value by time, of equal times the greater. `time` and `link`: of the event
// or identify that joined them, and its strongest identity.
struct MergeProfiles {
  ProfileId loser;
  ProfileId survivor;
  Timestamp time;
  IdentityId link = kNoOrigin;
};

// The clock of views has reached this time.
struct Advance {
  Timestamp clock;
};

// The profile is gone, with all that it has; the ids that it answered for are never answered for
// again. Its identities are free to be attached anew.
struct EraseProfile {
  ProfileId profile;
};

// Events of a type are kept for so long; 0: for ever. ExpireEvents is what it brings about. A
// longer time than before does not bring back what is gone.
struct SetRetention {
  EventTypeId event;
  int64_t keep_ms = 0;
};

// The events of a type from before this time, the begin of an hour, are gone; those that come later
// are not taken in, until SetRetention allows a longer time.
struct ExpireEvents {
  EventTypeId event;
  Timestamp before;
};

using Mutation = std::variant<DeclareTrait, DeclareEvent, DeclareProperty, DeclareNamespace,
                              CreateProfile, AttachIdentity, SetTrait, AddEvent, MergeProfiles,
                              Advance, EraseProfile, SetRetention, ExpireEvents>;

// What a commit touched, for those who keep something up to date with it. May hold repeats.
struct ChangeSet {
  std::vector<RowId> rows;
  std::vector<TraitId> traits;
  std::vector<EventTypeId> events;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_CHANGE_H_
