// SPDX-License-Identifier: Apache-2.0
//
// Names of the store's own record types and properties. They begin with a control character, which
// no name of a client has (the engine refuses it), so that they never meet one. Durable: they stand
// in files; do not rename. Thread rule: constants. Source: storage/FORMAT.md "Records".
#ifndef ROSTER_STORAGE_MEMORY_PEOPLE_OWN_NAMES_H_
#define ROSTER_STORAGE_MEMORY_PEOPLE_OWN_NAMES_H_

#include <string>
#include <string_view>

#include "storage/base/ids.h"
#include "storage/base/text.h"

namespace roster {

inline bool IsOwnName(std::string_view name) { return !name.empty() && name[0] == '\001'; }

// Of every type: the profile id under which a record came, where that is not its profile's.
inline constexpr std::string_view kHomeProperty = "\001home";

// What was said of a trait and is not shown, or is shown and must be told apart after a merge: a
// type of its own for each trait, with one property besides.
inline constexpr std::string_view kTraitRecords = "\001trait/";
inline std::string TraitRecordsName(std::string_view trait) { return StrCat(kTraitRecords, trait); }
inline constexpr PropertyId kRecordValue{1};  // of the trait's type; absent: it was cleared

// Joined profiles: a record for each loser, whose profile id is the record's. How the two came to
// be is as it was before.
inline constexpr std::string_view kMergeRecords = "\001merge";
inline constexpr PropertyId kMergeSurvivor{1};         // integer: the profile id
inline constexpr PropertyId kMergeLoserCreated{2};     // timestamp
inline constexpr PropertyId kMergeLoserVia{3};         // text
inline constexpr PropertyId kMergeSurvivorCreated{4};  // timestamp
inline constexpr PropertyId kMergeSurvivorVia{5};      // text
// A timestamp: when the store was told.
inline constexpr std::string_view kMergeReceived = "received";
// Where values were chosen by hand: the traits, a list, and the time of these writes.
inline constexpr std::string_view kMergeChosen = "chosen";
inline constexpr std::string_view kMergeChosenAt = "chosen_at";

// Whose a device is: marks, of which the device is the origin. Source: IDENTITY.md R3.
inline constexpr std::string_view kDeviceRecords = "\001device";
inline constexpr PropertyId kDeviceMark{1};  // integer: a DeviceMarkKind

// Identities that were kept apart. Source: IDENTITY.md R2.
// Properties by name: `other`, the other profile's id, 0 for none; `identity`, the namespace of
// what was left out; `reason`.
inline constexpr std::string_view kConflictRecords = "\001conflict";

// A call that is no event, an identify or alias: by its message id it is known for ever, and
// somebody was seen. Its only property of its own, where it was given, is `channel`.
inline constexpr std::string_view kCallRecords = "\001call";
// Of no record: that it is declared says how ids are made (Schema::ids_by_home).
inline constexpr std::string_view kIdsByHome = "\001ids";

// Of events: a boolean.
inline constexpr std::string_view kImportantProperty = "\001important";

// Types whose properties are found by name: `label added`, of which the latest counts for each
// label; `channel decision address policy version source`; `text actor`; what a client said of a
// session; `actor action detail` (JSON): what was done by hand.
inline constexpr std::string_view kLabelRecords = "\001label";
inline constexpr std::string_view kConsentRecords = "\001consent";
inline constexpr std::string_view kNoteRecords = "\001note";
inline constexpr std::string_view kSessionRecords = "\001session";
inline constexpr std::string_view kEditRecords = "\001edit";

// A write of a trait that a rule carried over from a session, with its time and origin. Properties
// by name: `rule`, `session`, `trait`; `digest`, of the value.
inline constexpr std::string_view kCarryRecords = "\001carry";

// Trait of the store's own: a boolean.
inline constexpr std::string_view kArchived = "\001archived";

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_PEOPLE_OWN_NAMES_H_
