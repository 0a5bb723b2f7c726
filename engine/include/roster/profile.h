// SPDX-License-Identifier: Apache-2.0
//
// Everything known of one person, as the reading calls return it. All of it is computed from what
// was written and when that was so, whatever came first. Thread rule: plain values.
// Source: CAPABILITIES.md "Profiles", "Events"; IDENTITY.md.
#ifndef ROSTER_PROFILE_H_
#define ROSTER_PROFILE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "roster/value.h"
#include "roster/write.h"

namespace roster {

struct IdentityEntry {
  IdentityRef identity;
  bool retired = false;  // beyond its namespace's limit since a merge: it still resolves
  bool operator==(const IdentityEntry&) const = default;
};

// A trait that nobody wrote: a rule carried it over from a session.
struct CarriedFrom {
  std::string rule;
  std::string session;  // its id
  bool operator==(const CarriedFrom&) const = default;
};

struct TraitEntry {
  std::string name;
  Value value;
  Timestamp time;                      // when it was so
  std::optional<IdentityRef> origin;   // the identity by which it came
  std::optional<CarriedFrom> carried;  // none: it was said
};

struct EventEntry {
  uint64_t id = 0;
  std::string type;
  Timestamp time;
  std::string session;  // its id, of a given or a derived one
  bool important = false;
  std::vector<Field> properties;
  std::optional<IdentityRef> origin;
};

struct EventCount {
  std::string type;
  uint64_t count = 0;
};

// What holds for a channel: of several addresses the most guarded decision, with its evidence.
struct ConsentEntry {
  std::string channel;
  Decision decision = Decision::kUnknown;
  Timestamp time;
  std::string address;
  std::string policy;
  std::string version;
  std::string source;
  std::string actor;  // who wrote it down
  bool operator==(const ConsentEntry&) const = default;
};

struct NoteEntry {
  uint64_t id = 0;
  std::string text;
  std::string actor;
  Timestamp time;
};

// A channel by which somebody was seen, or a device.
struct SeenEntry {
  std::string name;                // of a device `namespace:value`
  std::optional<Timestamp> first;  // none: a device by which nothing came yet
  std::optional<Timestamp> last;
};

struct GoalEntry {
  std::string name;
  uint64_t count = 0;
  Timestamp first;
  Timestamp last;
  std::string last_session;  // in which it was completed last
};

// One for each kind of touch.
struct CampaignEntry {
  std::string name;
  std::string touch;  // "sent", "seen", "clicked", or empty
  Timestamp first;
  Timestamp last;
};

// What became of a message, joined by its id over events of the types that tell of a step. Of each
// step the first time that is known, and none of those that nobody told of.
// Source: server/PROTOCOL.md "Messages".
struct MessageEntry {
  std::string id;
  std::string channel;   // empty: not known
  std::string campaign;  // empty: none is known
  std::string state;     // "sent", "delivered", "opened", "clicked" or "failed"
  std::optional<Timestamp> sent;
  std::optional<Timestamp> delivered;
  std::optional<Timestamp> opened;
  std::optional<Timestamp> clicked;
  std::optional<Timestamp> failed;
};

// Shares of the values of an event property, greatest first; they sum up to 1 over all.
struct InterestEntry {
  std::string name;
  std::vector<std::pair<std::string, double>> shares;
};

struct EngagementEntry {
  std::string level;
  double points = 0;
};

// The parts of a profile that take work of their own; what is not asked for is left empty.
enum class Section : uint32_t {
  kIdentities = 1 << 0,
  kTraits = 1 << 1,
  kLabels = 1 << 2,
  kConsent = 1 << 3,
  kNotes = 1 << 4,
  kEvents = 1 << 5,  // with the counts by type
  kSessions = 1 << 6,
  kChannels = 1 << 7,  // with devices and campaigns
  kGoals = 1 << 8,     // with interests and engagement
  kMerged = 1 << 9,
  kMessages = 1 << 10,
};

struct GetOptions {
  uint32_t sections = ~0u;
  uint32_t max_events = 20;    // the newest; 0 leaves them out
  uint32_t max_messages = 20;  // the same
};

struct Profile {
  ProfileId id;
  std::optional<ProfileId> redirected_from;  // the id asked for was merged into this profile
  std::string version;                       // another one after every edit; events are none
  std::string display_name;
  bool archived = false;
  bool suspect = false;                    // at a cap of identities or merges
  std::optional<Timestamp> identified_at;  // none: anonymous
  std::string created_via;
  Timestamp created_at;
  std::optional<Timestamp> first_seen;
  std::optional<Timestamp> last_seen;
  std::vector<IdentityEntry> identities;  // by rank
  std::vector<TraitEntry> traits;         // by name
  std::vector<std::string> labels;        // by name
  std::vector<ConsentEntry> consent;      // by channel
  std::vector<NoteEntry> notes;           // oldest first
  std::vector<EventCount> event_counts;   // by type
  std::vector<EventEntry> events;         // newest first
  uint64_t num_sessions = 0;
  bool agent_takeover = false;  // in any session
  std::vector<SeenEntry> channels;
  std::vector<SeenEntry> devices;
  std::vector<CampaignEntry> campaigns;
  std::vector<MessageEntry> messages;  // those that began last, newest first
  std::vector<GoalEntry> goals;
  std::vector<InterestEntry> interests;
  std::optional<EngagementEntry> engagement;
  std::vector<ProfileId> merged;  // into this one
};

struct TimelineOptions {
  std::vector<std::string> types;  // empty: all
  std::string channel;             // empty: all
  std::string session;             // of one session only
  std::optional<Timestamp> from;
  std::optional<Timestamp> to;  // not included
  bool oldest_first = false;
  uint32_t limit = 100;
  std::string after;  // the cursor of the page before
};

struct Timeline {
  std::vector<EventEntry> events;
  std::string cursor;  // empty: there are no more
};

struct SessionEntry {
  std::string id;  // of a derived one that of its first event
  std::string kind;
  std::string channel;
  std::string name;
  std::string platform;
  std::optional<Timestamp> start;
  std::optional<Timestamp> end;
  uint64_t num_events = 0;
  std::vector<std::string> goals;  // completed in it
  bool agent_takeover = false;
  std::vector<Field> properties;
};

struct SessionsOptions {
  std::string channel;  // empty: all
  std::string kind;
  std::string name;  // a part of it, in any case
  bool oldest_first = false;
  uint32_t limit = 100;
};

// A value that a trait had; missing: it was cleared.
struct HistoryEntry {
  std::string trait;
  Value value;
  Timestamp time;
  std::optional<IdentityRef> origin;
  ProfileId profile;  // under which it came
  std::optional<CarriedFrom> carried;
};

// What was done by hand.
struct EditEntry {
  Timestamp time;
  std::string actor;
  std::string action;
  std::string detail;  // JSON: {"before":{...},"after":{...},"identities":{...}} or what else it is
};

struct History {
  std::vector<HistoryEntry> traits;     // newest first
  std::vector<IdentityRef> identities;  // that it had, and has no more
  std::vector<EditEntry> edits;         // newest first
  std::vector<ConsentEntry> consent;    // all that was decided, newest first
};

struct HistoryOptions {
  std::string trait;               // empty: all, with identities, edits, consent
  std::optional<Timestamp> as_of;  // instead of the history: the traits as they were
};

// What the guard kept apart. Source: IDENTITY.md R2.
struct ConflictEntry {
  Timestamp time;
  ProfileId profile;
  ProfileId other;         // 0: none; a limit
  std::string name_space;  // of the identity that was left out
  std::string reason;      // "limit", "two people", "cap"
};

// Two that may be one. Source: IDENTITY.md R17.
struct DuplicateEntry {
  ProfileId first;
  ProfileId second;
  std::vector<std::string> reasons;
  double score = 0;  // 0 to 1
};

// What a merge would do.
struct MergePreview {
  MergePlan plan;
  struct Trait {
    std::string name;
    Value survivor;
    Value loser;
    bool keeps_loser = false;
  };
  std::vector<Trait> traits;    // of which both have a value, and not the same
  uint64_t num_identities = 0;  // that move, as all below
  uint64_t num_events = 0;
  uint64_t num_sessions = 0;
  uint64_t num_labels = 0;
  uint64_t num_notes = 0;
  std::vector<std::string> conflicts;  // why it is refused without force
};

// A plan as one word, and back. Errors: PARSE.
std::string FormatPlan(const MergePlan& plan);
absl::StatusOr<MergePlan> ParsePlan(std::string_view word);

// What a reading call found, and the commit up to which it looked.
template <typename T>
struct ReadResult {
  Lsn lsn;
  bool durable = true;
  ProfileId profile;  // that was read, where it is one
  T value;
};

struct GetResult {
  Lsn lsn;
  bool durable = true;
  Profile profile;
};

}  // namespace roster

#endif  // ROSTER_PROFILE_H_
