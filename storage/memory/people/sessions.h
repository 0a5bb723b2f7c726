// SPDX-License-Identifier: Apache-2.0
//
// Sessions as a fold over events and what clients said of sessions. Derived: a function of times
// and ids, so that arrival does not change it. Thread rule: pure functions of a view.
// Source: CAPABILITIES.md C15; engine/README.md "People: reading".
#ifndef ROSTER_STORAGE_MEMORY_PEOPLE_SESSIONS_H_
#define ROSTER_STORAGE_MEMORY_PEOPLE_SESSIONS_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "roster/value.h"
#include "storage/base/text.h"
#include "storage/memory/people/found_events.h"
#include "storage/memory/people/own_records.h"
#include "storage/memory/read_view.h"

namespace roster {

// Where the identity that events came by was silent for so long, a derived session ends.
inline constexpr int64_t kSilenceMs = 30 * 60'000;

// The sessions of one profile, and which event is of which. Invariants: (1) every event that has
// come is of one session; (2) a derived session has at least one event; (3) the events of a session
// ascend.
class Sessions {
 public:
  // `events`: all of the profile, as FindEvents gives them. `as_of`: the view's clock is a time of
  // the past, when nobody knew what was said later. Lifetime: theirs and the view's.
  Sessions(const ReadView& view, RowId row, absl::Span<const FoundEvent> events,
           bool as_of = false);

  size_t size() const { return sessions_.size(); }
  // The session of an event that has come, by its place in `events`.
  size_t OfEvent(size_t event) const { return of_event_[event]; }
  std::string IdOf(size_t session) const;
  // Whether anybody took over from a bot, in any of them.
  bool AnyTakeover() const;
  // "visit" unless something else was said.
  std::string KindOf(size_t session) const;
  // As it was said, else that of its first event that has one.
  std::string ChannelOf(size_t session) const;
  // When it was: its events; without any, when it was spoken of; unless something else was said.
  std::optional<Timestamp> StartOf(size_t session) const;
  std::optional<Timestamp> EndOf(size_t session) const;
  // Places of its events, ascending; all have come.
  absl::Span<const uint32_t> EventsOf(size_t session) const {
    const uint32_t begin = sessions_[session].begin;
    return absl::MakeConstSpan(by_session_).subspan(begin, sessions_[session].end - begin);
  }
  // What was said of it.
  std::vector<const OwnRecord*> RecordsOf(size_t session) const;

  // What was said last of a property; of one moment the greater value.
  template <typename T>
  std::optional<T> Said(size_t session, std::string_view property) const {
    std::optional<std::pair<Timestamp, T>> last;
    for (const uint32_t r : sessions_[session].records) {
      Value value = records_[r].Get(property);
      T* said = std::get_if<T>(&value);
      if (said == nullptr) continue;
      std::pair<Timestamp, T> now(records_[r].time(), std::move(*said));
      if (!last || *last < now) last = std::move(now);
    }
    if (!last) return std::nullopt;
    return std::move(last->second);
  }

 private:
  struct Session {
    std::string given;              // its id; empty: a derived one
    std::vector<uint32_t> records;  // what was said of it
    uint32_t begin = 0;             // of its events in `by_session_`
    uint32_t end = 0;
  };

  size_t Given(std::string_view id);
  void CutStreams(absl::Span<const FoundEvent> come);
  // Once it is known of which session each event is.
  void ListEvents();
  // Of its events, or when it was spoken of.
  std::optional<std::pair<Timestamp, Timestamp>> TimesOf(size_t session) const;

  const State& state_;
  const RowId row_;
  const Timestamp clock_;
  const absl::Span<const FoundEvent> events_;
  const std::vector<OwnRecord> records_;
  std::vector<Session> sessions_;
  std::vector<uint32_t> of_event_;
  std::vector<uint32_t> by_session_;  // places of events that have come
  TextMap<uint32_t> given_;           // by id
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_PEOPLE_SESSIONS_H_
