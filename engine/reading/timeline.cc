// SPDX-License-Identifier: Apache-2.0
#include "engine/reading/timeline.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "engine/reading/words.h"
#include "query/errors.h"
#include "roster/error.h"
#include "storage/base/bytes.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/base/unicode.h"

namespace roster {
namespace {

constexpr char kCursor = 't';

// Where an event stands among all of a profile.
struct Place {
  int64_t time_ms = 0;
  uint64_t id = 0;
  std::string type;
  auto operator<=>(const Place&) const = default;
};

Place PlaceOf(const State& state, const FoundEvent& event) {
  return {event.time.ms, event.id.value, state.schema->event(event.type).name};
}

std::string FormatCursor(const Place& place) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.Signed(place.time_ms);
  out.Fixed(place.id);
  out.Text(place.type);
  return SealWord(kCursor, bytes);
}

absl::StatusOr<std::optional<Place>> ParseCursor(const std::string& cursor) {
  if (cursor.empty()) return std::nullopt;
  const std::optional<std::string> bytes = OpenWord(kCursor, cursor);
  if (!bytes) return MakeError(ErrorCode::kParse, "not a cursor of TIMELINE");
  ByteReader in(*bytes);
  Place place;
  place.time_ms = in.Signed();
  place.id = in.Fixed<uint64_t>();
  place.type = in.Text();
  if (in.failed() || !in.at_end()) {
    return MakeError(ErrorCode::kParse, "not a cursor of TIMELINE");
  }
  return place;
}

// "; did you mean ...?", or nothing. Of a type with blanks that was not in quotes only the first
// word came.
std::string Meant(const Schema& schema, const std::string& name) {
  std::vector<std::string_view> types;
  for (const EventTypeInfo& type : schema.events()) {
    if (type.own) continue;
    if (type.name.starts_with(name + " ")) {
      return StrCat("; did you mean \"", type.name, "\"? What has blanks stands in double quotes");
    }
    types.push_back(type.name);
  }
  return query::DidYouMean(name, types);
}

// By EventTypeId, of those that are asked for; empty: all.
absl::StatusOr<std::vector<bool>> AskedTypes(const Schema& schema,
                                             const std::vector<std::string>& names) {
  std::vector<bool> asked;
  for (const std::string& name : names) {
    if (FindInvalidUtf8(name)) return MakeError(ErrorCode::kParse, "a type is not valid UTF-8");
    const std::optional<EventTypeId> type = schema.FindEvent(ToNfc(name));
    if (!type || schema.event(*type).own) {
      return MakeError(ErrorCode::kNoTrait,
                       StrCat("unknown event type: ", name, Meant(schema, ToNfc(name))));
    }
    asked.resize(schema.events().size());
    asked[type->value] = true;
  }
  return asked;
}

// What of the events is on a timeline.
class Filter {
 public:
  Filter(const State& state, RowId row, const TimelineOptions& options,
         const std::vector<bool>& types, const Sessions& sessions)
      : options_(options),
        types_(types),
        channels_(state, row, kChannelProperty),
        sessions_(sessions) {
    for (size_t s = 0; s < sessions.size() && !options.session.empty(); ++s) {
      if (sessions.IdOf(s) == options.session) session_ = s;
    }
  }

  bool Takes(const FoundEvent& event, size_t place) const {
    if (options_.from && event.time < *options_.from) return false;
    if (options_.to && event.time >= *options_.to) return false;
    if (!types_.empty() && !types_[event.type.value]) return false;
    if (!options_.session.empty() && session_ != sessions_.OfEvent(place)) return false;
    return options_.channel.empty() || channels_.Of(event) == options_.channel;
  }

 private:
  const TimelineOptions& options_;
  const std::vector<bool>& types_;
  const TextOfEvents channels_;
  const Sessions& sessions_;
  std::optional<size_t> session_;
};

bool Takes(const SessionsOptions& options, const std::string& name, const SessionEntry& session) {
  if (!options.channel.empty() && session.channel != options.channel) return false;
  if (!options.kind.empty() && session.kind != options.kind) return false;
  return name.empty() || ToLower(session.name).find(name) != std::string::npos;
}

// The goals that were completed in each session, by name.
std::vector<std::set<std::string_view>> GoalsOf(const Measures& measures, RowId row,
                                                const std::vector<FoundEvent>& events,
                                                const ReadView& view, const Sessions& sessions) {
  std::vector<std::set<std::string_view>> goals(sessions.size());
  if (!measures.has_goals()) return goals;
  const size_t num_come = ComeBy(events, view.clock()).size();
  for (size_t i = 0; i < num_come; ++i) {
    const EventBlock& block = view->partition(events[i].type).block(ChunkOf(row));
    for (const std::string_view goal :
         measures.GoalsOf(row, events[i].type, block, events[i].ref)) {
      goals[sessions.OfEvent(i)].insert(goal);
    }
  }
  return goals;
}

}  // namespace

EventEntry ReadEvent(const State& state, RowId row, absl::Span<const FoundEvent> events,
                     size_t event, const Sessions& sessions) {
  EventEntry entry = ReadEvent(state, row, events[event]);
  entry.session = sessions.IdOf(sessions.OfEvent(event));
  return entry;
}

absl::StatusOr<Timeline> ReadTimeline(const ReadView& view, RowId row,
                                      const TimelineOptions& options) {
  const State& state = view.state();
  ROSTER_ASSIGN_OR_RETURN(const std::vector<bool> types, AskedTypes(*state.schema, options.types));
  ROSTER_ASSIGN_OR_RETURN(const std::optional<Place> after, ParseCursor(options.after));
  const std::vector<FoundEvent> events = FindEvents(state, row);
  const Sessions sessions(view, row, events);
  const Filter filter(state, row, options, types, sessions);
  const size_t num_come = ComeBy(events, view.clock()).size();
  Timeline timeline;
  Place last;
  for (size_t i = 0; i < num_come; ++i) {
    const size_t place = options.oldest_first ? i : num_come - 1 - i;
    const FoundEvent& event = events[place];
    if (!filter.Takes(event, place)) continue;
    Place at = PlaceOf(state, event);
    if (after && (options.oldest_first ? at <= *after : at >= *after)) continue;
    if (timeline.events.size() == options.limit) {
      timeline.cursor = options.limit == 0 ? options.after : FormatCursor(last);
      break;
    }
    timeline.events.push_back(ReadEvent(state, row, events, place, sessions));
    last = std::move(at);
  }
  return timeline;
}

std::vector<SessionEntry> ReadSessions(const ReadView& view, const Definitions& definitions,
                                       RowId row, const SessionsOptions& options) {
  const std::vector<FoundEvent> events = FindEvents(view.state(), row);
  const Sessions sessions(view, row, events);
  const Measures measures(definitions, view);
  const std::string name = FindInvalidUtf8(options.name) ? options.name : ToLower(options.name);
  const std::vector<std::set<std::string_view>> goals =
      GoalsOf(measures, row, events, view, sessions);
  std::vector<SessionEntry> found;
  for (size_t s = 0; s < sessions.size(); ++s) {
    SessionEntry session = ReadSession(sessions, s);
    session.goals.assign(goals[s].begin(), goals[s].end());
    if (Takes(options, name, session)) found.push_back(std::move(session));
  }
  std::sort(found.begin(), found.end(), [&](const SessionEntry& a, const SessionEntry& b) {
    return options.oldest_first ? std::tie(a.end, a.id) < std::tie(b.end, b.id)
                                : std::tie(a.end, a.id) > std::tie(b.end, b.id);
  });
  if (found.size() > options.limit) found.resize(options.limit);
  return found;
}

}  // namespace roster
