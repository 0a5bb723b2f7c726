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

// `identity` is the next dense number; the name is not known yet, but for former identities.
// `time`: of the event or identify that attached it. A profile id that was merged is its home.
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

// Takes over all of `info` that can change.
struct AlterTrait {
  TraitId trait;
  TraitInfo info;
};
struct AlterNamespace {
  NamespaceId name_space;
  NamespaceInfo info;
};

// What was merged into the profile as `loser`, with all that had been merged into that one, is a
// profile of its own again, with the records that came under their ids, or by their identities
// since.
struct UnmergeProfile {
  ProfileId loser;
};

// The records of a profile that came by an identity at a time in [begin, end) go to another one; of
// all time also the marks of a device. `from` and `to` the same: they are its own for good,
// wherever the identity goes, as far as their types have the home property.
struct MoveRecords {
  ProfileId from;
  ProfileId to;
  IdentityId origin;
  Timestamp begin;
  Timestamp end;
};

// An identity goes to a profile, its own or another one. What came by it stays where it is.
struct MoveIdentity {
  IdentityId identity;
  ProfileId to;
  IdentityStanding standing = IdentityStanding::kActive;
  ProfileId
      home;  // an id merged into `to` under which it came; none: as it is, its own if it moves
};

// A record of a profile is gone: a note.
struct RemoveRecord {
  ProfileId profile;
  EventTypeId event;
  EventId id;
};

// A name for something computed, in the language's own text; an empty text takes it back.
struct Define {
  std::string name;  // with its kind: "goal/signed up"
  std::string text;
};

using Mutation =
    std::variant<DeclareTrait, DeclareEvent, DeclareProperty, DeclareNamespace, CreateProfile,
                 AttachIdentity, SetTrait, AddEvent, MergeProfiles, Advance, EraseProfile,
                 SetRetention, ExpireEvents, AlterTrait, AlterNamespace, UnmergeProfile,
                 MoveRecords, MoveIdentity, RemoveRecord, Define>;

// What a commit touched, for those who keep something up to date with it. May hold repeats.
struct ChangeSet {
  std::vector<RowId> rows;
  std::vector<TraitId> traits;
  std::vector<EventTypeId> events;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_CHANGE_H_
