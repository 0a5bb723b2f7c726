// SPDX-License-Identifier: Apache-2.0
//
// What a client writes: who (identities), what is known of them (traits), what they did (events).
// Thread rule: plain values. Source: CAPABILITIES.md "Profiles", "Events"; storage/README.md.
#ifndef ROSTER_WRITE_H_
#define ROSTER_WRITE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "roster/value.h"

namespace roster {

// (namespace, value): points to a profile. From the start there are the namespaces external_id,
// email, phone, whatsapp, messenger, device_id and anonymous_id.
struct IdentityRef {
  std::string space;
  std::string value;
  bool operator==(const IdentityRef&) const = default;
};

// A trait or a property. Nested objects are flattened with dots before they come here. A missing
// value clears a trait; an absent trait stays as it is.
struct Field {
  std::string key;
  Value value;
};

// Names a profile: by its id or by any of its identities.
using ProfileRef = std::variant<ProfileId, IdentityRef>;

// A visit, a chat, a ticket. What is absent stays as it is known of the id.
struct SessionInfo {
  std::string id;
  std::string kind;     // "visit", "bot", "chat", "ticket"
  std::string channel;  // "web"
  std::string name;     // the bot's
  std::string platform;
  std::optional<Timestamp> start;
  std::optional<Timestamp> end;
  std::optional<bool> agent_takeover;
  std::vector<Field> properties;
};

// Who somebody is and what is known of them. Creates the profile when no identity is known.
struct Identify {
  std::vector<IdentityRef> identities;
  std::vector<Field> traits;
  std::optional<Timestamp> time;  // when it was so; the receive time when absent
  std::optional<int64_t> ago_ms;  // instead: so long before the receive time
  std::string message_id;         // a repeat changes nothing
  std::string source;             // how a new profile came to be: "identify", "import", ...
  std::string channel;
  std::optional<SessionInfo> session;
  bool authenticated = false;  // the caller vouches that the identities are one person's
};

// What somebody did. Creates the profile when no identity is known.
struct Track {
  std::vector<IdentityRef> identities;
  std::string event;
  std::vector<Field> properties;
  std::vector<Field> traits;  // of the profile, said with it
  std::optional<Timestamp> time;
  std::optional<int64_t> ago_ms;
  std::string message_id;            // hashed into the event id; a repeat changes nothing
  std::optional<uint64_t> event_id;  // instead of message_id, by bulk sources that make their own
  std::string source;
  std::string channel;
  std::optional<SessionInfo> session;
  bool important = false;
};

// The profile that `previous` names is the one that `identities` name: merged into it, or made
// known to it. Source: IDENTITY.md R7.
struct Alias {
  std::string previous;  // an anonymous_id, else an external_id
  std::vector<IdentityRef> identities;
  std::optional<Timestamp> time;
  std::optional<int64_t> ago_ms;
  std::string message_id;
  std::string source;
  std::string channel;
  std::optional<SessionInfo> session;
  bool authenticated = false;
};

// What follows is done to one profile, and alone in its command. EXISTS, NOPROFILE, NOIDENTITY,
// CONFLICT, STALE, LIMIT refuse it whole.

// A profile made by hand.
struct Create {
  std::vector<IdentityRef> identities;
  std::vector<Field> traits;
  std::string source;   // "manual" when empty
  bool orphan = false;  // without an identity
};

// Traits and identities at once. A missing value clears a trait; an identity replaces those of its
// namespace, which become former ones.
struct Edit {
  ProfileRef profile;
  std::vector<Field> traits;
  std::vector<IdentityRef> identities;  // an empty value takes the namespace's away
  bool known_only = false;              // NOTRAIT for a trait that is not declared
};

// Gives a profile an identity: a new one, or a contact of another profile with what came by it,
// unless `keep`.
struct Attach {
  ProfileRef profile;
  IdentityRef identity;
  bool keep = false;
};

// Takes an identity to a profile of its own, with what came by it, unless `keep`.
struct Detach {
  IdentityRef identity;
  bool keep = false;
};

// Hands an identity over from now on; what came by it stays.
struct Move {
  IdentityRef identity;
  ProfileRef to;
};

struct Label {
  ProfileRef profile;
  std::vector<std::string> add;
  std::vector<std::string> remove;
};

enum class Decision : uint8_t { kUnknown = 0, kGranted = 1, kWithdrawn = 2 };

// "unknown", "granted", "withdrawn".
inline std::string_view NameOf(Decision decision) {
  if (decision == Decision::kGranted) return "granted";
  return decision == Decision::kWithdrawn ? "withdrawn" : "unknown";
}

struct Consent {
  ProfileRef profile;
  std::string channel;
  Decision decision = Decision::kUnknown;
  std::string address;  // of which it was decided; empty: of the profile
  std::string policy;
  std::string version;
  std::string source;
  std::optional<Timestamp> time;
};

// Adds a note, or removes one.
struct Note {
  ProfileRef profile;
  std::string text;
  uint64_t remove = 0;  // a note's id; 0: adds
};

struct Archive {
  ProfileRef profile;
  bool archived = true;
};

// Whoever has the device logs out. Source: IDENTITY.md R3.
struct Logout {
  std::vector<IdentityRef> identities;
  std::optional<Timestamp> time;
};

// What MERGE PREVIEW said, to be done exactly so.
struct MergePlan {
  ProfileId survivor;
  ProfileId loser;
  std::string survivor_version;
  std::string loser_version;
  std::vector<std::string> of_survivor;  // traits that are to be the survivor's, as it has them
  std::vector<std::string> of_loser;     // the same of the loser
  bool force = false;                    // over the guard
};

// What was merged is a profile of its own again. Source: IDENTITY.md R10.
struct Unmerge {
  ProfileId loser;
};

// These identities and what came by them become a profile of their own.
struct Split {
  ProfileRef profile;
  std::vector<IdentityRef> identities;
};

// Gone at once, with all that it has.
struct Erase {
  ProfileRef profile;
  // STALE unless it is anonymous and nobody was seen as it since.
  std::optional<Timestamp> unseen_since;
};

// Keeps the events of a type for so long, counted from their time; 0: for ever. Older ones are gone
// at the full hour after, for good; one that comes later than that is dropped when it comes, and
// its item has a warning.
struct Retain {
  std::string event;
  int64_t keep_ms = 0;
};

// One statement that says what there is: declare, define, alter, drop or retain. It stands alone in
// its command. Source: query/LANGUAGE.md "Declarations".
struct Declare {
  std::string statement;
  std::string time_zone = "UTC";  // of a definition that does not name its own
};

using WriteItem =
    std::variant<Identify, Track, Alias, Retain, Create, Edit, Attach, Detach, Move, Label, Consent,
                 Note, Archive, Logout, MergePlan, Unmerge, Split, Erase, Declare>;

// When a write is answered. A higher one holds more.
enum class Durability : uint8_t {
  kNone,      // at once; durable with the next snapshot
  kInterval,  // after the kernel has it; a power failure loses at most the interval
  kSync,      // after fdatasync returned
};

// What holds for a whole command.
struct WriteOptions {
  // A client's request id makes the command at-most-once: a repeat gets the first outcome. Empty:
  // none.
  std::string request_id;
  std::string actor;  // who, for the audit trail
  // Of a command on one profile: STALE when it has another version. Empty: any.
  std::string expected_version;
  // At least this, or what the store has if that is higher. A store that keeps no log refuses
  // (ERR) what it cannot do.
  Durability durability = Durability::kNone;
};

// One command of many items: one commit. Good items go in and bad ones get their error in their
// place; with `atomic` one bad item refuses all.
struct Batch {
  std::vector<WriteItem> items;
  bool atomic = false;
  WriteOptions options;
};

struct ItemResult {
  absl::Status status;
  ProfileId profile;
  bool created = false;             // the profile is new
  bool duplicate = false;           // the event was known; nothing changed, not even an identity
  uint64_t record = 0;              // of the note, or what else was made
  ProfileId other;                  // of a command about two: the one that it came from
  std::string version;              // of the profile afterwards, of a command by hand
  std::vector<std::string> labels;  // that it has then, of Label
  // What was left out of an item that went in otherwise: a blocked identity, an identity that
  // would join two people, a trait that the store itself keeps. One line each, no personal value.
  std::vector<std::string> warnings;
};

struct WriteResult {
  Lsn lsn;                 // the commit that holds it; of the first outcome for a repeat
  bool duplicate = false;  // the request id was known
  std::vector<ItemResult> items;
};

}  // namespace roster

#endif  // ROSTER_WRITE_H_
