// SPDX-License-Identifier: Apache-2.0
//
// Sessions as a fold over events and what clients said of sessions. Derived: a function of times
// and ids, so that arrival does not change it. Thread rule: pure functions of a view.
// Source: CAPABILITIES.md C15; engine/README.md "People: reading".
#ifndef ROSTER_ENGINE_READING_SESSIONS_H_
#define ROSTER_ENGINE_READING_SESSIONS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "engine/reading/events.h"
#include "engine/reading/own_records.h"
#include "roster/profile.h"
#include "storage/memory/read_view.h"

namespace roster {

// Where the identity that events came by was silent for so long, a derived session ends.
inline constexpr int64_t kSilenceMs = 30 * 60'000;

// The members of a JSON object as clients gave them; none of what is no object.
std::vector<Field> MembersOf(std::string_view json);

// The sessions of one profile, and which event is of which. Invariants: (1) every event that has
// come is of one session; (2) a derived session has at least one event; (3) the events of a session
// ascend.
class Sessions {
 public:
  // `events`: all of the profile, as FindEvents gives them. Lifetime: theirs and the view's.
  Sessions(const ReadView& view, RowId row, absl::Span<const FoundEvent> events);

  size_t size() const { return sessions_.size(); }
  // The session of an event that has come, by its place in `events`.
  size_t OfEvent(size_t event) const { return of_event_[event]; }
  std::string IdOf(size_t session) const;
  // Whether anybody took over from a bot, in any of them.
  bool AnyTakeover() const;
  // All but its goals.
  SessionEntry Read(size_t session) const;

 private:
  struct Session {
    std::string given;              // its id; empty: a derived one
    std::vector<uint32_t> events;   // that have come, by their places
    std::vector<uint32_t> records;  // what was said of it
  };

  size_t Given(std::string_view id);
  void CutStreams(absl::Span<const FoundEvent> come);
  // What was said last of a property; of one moment the greater value.
  template <typename T>
  std::optional<T> Said(const Session& session, std::string_view property) const;
  std::vector<Field> PropertiesOf(const Session& session) const;
  std::string FirstChannel(const Session& session) const;

  const State& state_;
  const RowId row_;
  const Timestamp clock_;
  const absl::Span<const FoundEvent> events_;
  const std::vector<OwnRecord> records_;
  std::vector<Session> sessions_;
  std::vector<uint32_t> of_event_;
  TextMap<uint32_t> given_;  // by id
};

}  // namespace roster

#endif  // ROSTER_ENGINE_READING_SESSIONS_H_
