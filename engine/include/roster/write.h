// SPDX-License-Identifier: Apache-2.0
//
// What a client writes: who (identities), what is known of them (traits), what they did (events).
// Thread rule: plain values. Source: CAPABILITIES.md "Profiles", "Events"; storage/README.md.
#ifndef ROSTER_WRITE_H_
#define ROSTER_WRITE_H_

#include <cstdint>
#include <optional>
#include <string>
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

// Who somebody is and what is known of them. Creates the profile when no identity is known.
struct Identify {
  std::vector<IdentityRef> identities;
  std::vector<Field> traits;
  std::optional<Timestamp> time;  // when it was so; the receive time when absent
  std::string message_id;         // of the client; a retry with the same `time` changes nothing
  std::string source;             // how a new profile came to be: "identify", "import", ...
};

// What somebody did. Creates the profile when no identity is known.
struct Track {
  std::vector<IdentityRef> identities;
  std::string event;
  std::vector<Field> properties;
  std::optional<Timestamp> time;
  std::string message_id;            // hashed into the event id; a repeat changes nothing
  std::optional<uint64_t> event_id;  // instead of message_id, by bulk sources that make their own
  std::string source;
};

// Keeps the events of a type for so long, counted from their time; 0: for ever. Older ones are gone
// at the full hour after, for good; one that comes later than that is dropped when it comes, and
// its item has a warning.
struct Retain {
  std::string event;
  int64_t keep_ms = 0;
};

using WriteItem = std::variant<Identify, Track, Retain>;

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
  bool created = false;    // the profile is new
  bool duplicate = false;  // the event was known; nothing changed, not even an identity
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
