// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/people/sessions.h"

#include <algorithm>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "storage/memory/people/own_names.h"

namespace roster {
namespace {

constexpr uint32_t kNoSession = 0xffffffffu;

}  // namespace

Sessions::Sessions(const ReadView& view, RowId row, absl::Span<const FoundEvent> events, bool as_of)
    : state_(view.state()),
      row_(row),
      clock_(view.clock()),
      events_(events),
      records_(OwnRecordsOf(view.state(), row, kSessionRecords)) {
  const absl::Span<const FoundEvent> come = ComeBy(events, clock_);
  of_event_.assign(come.size(), kNoSession);
  const TextOfEvents given(state_, row, kSessionProperty);
  for (uint32_t i = 0; i < events.size(); ++i) {
    const auto id = given.Of(events[i]);
    if (!id) continue;
    const size_t session = Given(*id);
    if (i < come.size()) of_event_[i] = static_cast<uint32_t>(session);
  }
  for (uint32_t r = 0; r < records_.size(); ++r) {
    if (as_of && records_[r].time() > clock_) continue;
    const std::string id = records_[r].Text("id");
    if (!id.empty()) sessions_[Given(id)].records.push_back(r);
  }
  CutStreams(come);
  ListEvents();
}

size_t Sessions::Given(std::string_view id) {
  const auto [known, is_new] = given_.try_emplace(id, static_cast<uint32_t>(sessions_.size()));
  if (is_new) sessions_.push_back({std::string(id), {}});
  return known->second;
}

void Sessions::CutStreams(absl::Span<const FoundEvent> come) {
  struct Stream {
    uint32_t session = kNoSession;
    Timestamp last;
  };
  // Mostly all events came by one identity.
  std::optional<IdentityId> first;
  Stream of_first;
  absl::flat_hash_map<IdentityId, Stream> others;
  for (uint32_t i = 0; i < come.size(); ++i) {
    if (of_event_[i] != kNoSession) continue;
    const IdentityId origin = OriginOf(state_, row_, come[i]);
    if (!first) first = origin;
    Stream& stream = origin == *first ? of_first : others[origin];
    if (stream.session == kNoSession || come[i].time.ms - stream.last.ms >= kSilenceMs) {
      stream.session = static_cast<uint32_t>(sessions_.size());
      sessions_.emplace_back();
    }
    stream.last = come[i].time;
    of_event_[i] = stream.session;
  }
}

void Sessions::ListEvents() {
  for (const uint32_t session : of_event_) ++sessions_[session].end;
  uint32_t begin = 0;
  for (Session& session : sessions_) {
    const uint32_t size = session.end;
    session.begin = session.end = begin;
    begin += size;
  }
  by_session_.resize(of_event_.size());
  for (uint32_t i = 0; i < of_event_.size(); ++i) by_session_[sessions_[of_event_[i]].end++] = i;
}

std::string Sessions::IdOf(size_t session) const {
  const std::string& given = sessions_[session].given;
  return given.empty() ? EventIdText(events_[EventsOf(session).front()].id) : given;
}

std::string Sessions::KindOf(size_t session) const {
  std::string kind = Said<std::string>(session, "kind").value_or(std::string());
  return kind.empty() ? "visit" : kind;
}

std::string Sessions::ChannelOf(size_t session) const {
  std::string said = Said<std::string>(session, kChannelProperty).value_or(std::string());
  if (!said.empty()) return said;
  const TextOfEvents channels(state_, row_, kChannelProperty);
  for (const uint32_t event : EventsOf(session)) {
    if (const auto channel = channels.Of(events_[event])) return std::string(*channel);
  }
  return {};
}

bool Sessions::AnyTakeover() const {
  for (size_t session = 0; session < sessions_.size(); ++session) {
    if (Said<bool>(session, "agent_takeover").value_or(false)) return true;
  }
  return false;
}

std::vector<const OwnRecord*> Sessions::RecordsOf(size_t session) const {
  std::vector<const OwnRecord*> records;
  for (const uint32_t r : sessions_[session].records) records.push_back(&records_[r]);
  return records;
}

std::optional<std::pair<Timestamp, Timestamp>> Sessions::TimesOf(size_t session) const {
  if (const absl::Span<const uint32_t> events = EventsOf(session); !events.empty()) {
    return std::pair(events_[events.front()].time, events_[events.back()].time);
  }
  std::optional<std::pair<Timestamp, Timestamp>> times;
  for (const uint32_t r : sessions_[session].records) {
    const Timestamp time = records_[r].time();
    if (time > clock_) continue;
    if (!times) times = std::pair(time, time);
    times = std::pair(std::min(times->first, time), std::max(times->second, time));
  }
  return times;
}

std::optional<Timestamp> Sessions::StartOf(size_t session) const {
  if (const auto said = Said<Timestamp>(session, "start")) return said;
  const auto times = TimesOf(session);
  return times ? std::optional(times->first) : std::nullopt;
}

std::optional<Timestamp> Sessions::EndOf(size_t session) const {
  if (const auto said = Said<Timestamp>(session, "end")) return said;
  const auto times = TimesOf(session);
  return times ? std::optional(times->second) : std::nullopt;
}

}  // namespace roster
