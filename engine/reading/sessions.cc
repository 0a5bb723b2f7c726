// SPDX-License-Identifier: Apache-2.0
#include "engine/reading/sessions.h"

#include <simdjson.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "roster/json.h"
#include "storage/memory/people/own_names.h"

namespace roster {
namespace {

constexpr uint32_t kNoSession = 0xffffffffu;

}  // namespace

std::vector<Field> MembersOf(std::string_view json) {
  std::vector<Field> members;
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS) return members;
  for (const auto [name, element] : object) {
    std::string text = simdjson::to_string(element);
    absl::StatusOr<Value> value = ParseValueJson(text);
    members.push_back({std::string(name), value.ok() ? *std::move(value) : Json{std::move(text)}});
  }
  return members;
}

Sessions::Sessions(const ReadView& view, RowId row, absl::Span<const FoundEvent> events)
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
    if (i >= come.size()) continue;
    of_event_[i] = static_cast<uint32_t>(session);
    sessions_[session].events.push_back(i);
  }
  for (uint32_t r = 0; r < records_.size(); ++r) {
    const std::string id = records_[r].Text("id");
    if (!id.empty()) sessions_[Given(id)].records.push_back(r);
  }
  CutStreams(come);
}

size_t Sessions::Given(std::string_view id) {
  const auto [known, is_new] = given_.try_emplace(id, static_cast<uint32_t>(sessions_.size()));
  if (is_new) sessions_.push_back({std::string(id), {}, {}});
  return known->second;
}

void Sessions::CutStreams(absl::Span<const FoundEvent> come) {
  struct Stream {
    uint32_t session = kNoSession;
    Timestamp last;
  };
  absl::flat_hash_map<IdentityId, Stream> streams;  // by the identity that events came by
  for (uint32_t i = 0; i < come.size(); ++i) {
    if (of_event_[i] != kNoSession) continue;
    Stream& stream = streams[OriginOf(state_, row_, come[i])];
    if (stream.session == kNoSession || come[i].time.ms - stream.last.ms >= kSilenceMs) {
      stream.session = static_cast<uint32_t>(sessions_.size());
      sessions_.emplace_back();
    }
    stream.last = come[i].time;
    of_event_[i] = stream.session;
    sessions_[stream.session].events.push_back(i);
  }
}

std::string Sessions::IdOf(size_t session) const {
  const Session& of = sessions_[session];
  return of.given.empty() ? EventIdText(events_[of.events.front()].id) : of.given;
}

template <typename T>
std::optional<T> Sessions::Said(const Session& session, std::string_view property) const {
  std::optional<std::pair<Timestamp, T>> last;
  for (const uint32_t r : session.records) {
    Value value = records_[r].Get(property);
    T* said = std::get_if<T>(&value);
    if (said == nullptr) continue;
    std::pair<Timestamp, T> now(records_[r].time(), std::move(*said));
    if (!last || *last < now) last = std::move(now);
  }
  if (!last) return std::nullopt;
  return std::move(last->second);
}

std::vector<Field> Sessions::PropertiesOf(const Session& session) const {
  std::map<std::string, std::pair<Timestamp, Value>> last;
  for (const uint32_t r : session.records) {
    const Value json = records_[r].Get("properties");
    if (!std::holds_alternative<Json>(json)) continue;
    for (Field& field : MembersOf(std::get<Json>(json).text)) {
      std::pair<Timestamp, Value> now(records_[r].time(), std::move(field.value));
      const auto [known, is_new] = last.try_emplace(field.key, now);
      if (!is_new && known->second < now) known->second = std::move(now);
    }
  }
  std::vector<Field> properties;
  for (auto& [name, said] : last) properties.push_back({name, std::move(said.second)});
  return properties;
}

std::string Sessions::FirstChannel(const Session& session) const {
  const TextOfEvents channels(state_, row_, kChannelProperty);
  for (const uint32_t event : session.events) {
    if (const auto channel = channels.Of(events_[event])) return std::string(*channel);
  }
  return {};
}

bool Sessions::AnyTakeover() const {
  return std::any_of(sessions_.begin(), sessions_.end(), [this](const Session& session) {
    return Said<bool>(session, "agent_takeover").value_or(false);
  });
}

SessionEntry Sessions::Read(size_t session) const {
  const Session& of = sessions_[session];
  const auto text = [&](std::string_view property) {
    return Said<std::string>(of, property).value_or(std::string());
  };
  SessionEntry entry;
  entry.id = IdOf(session);
  entry.kind = text("kind");
  if (entry.kind.empty()) entry.kind = "visit";
  entry.channel = text("channel");
  if (entry.channel.empty()) entry.channel = FirstChannel(of);
  entry.name = text("name");
  entry.platform = text("platform");
  // When it was: its events; without any, when it was spoken of.
  std::vector<Timestamp> times;
  for (const uint32_t event : of.events) times.push_back(events_[event].time);
  for (const uint32_t r : of.records) {
    if (of.events.empty() && records_[r].time() <= clock_) times.push_back(records_[r].time());
  }
  entry.start = Said<Timestamp>(of, "start");
  entry.end = Said<Timestamp>(of, "end");
  if (!times.empty()) {
    const auto [first, last] = std::minmax_element(times.begin(), times.end());
    if (!entry.start) entry.start = *first;
    if (!entry.end) entry.end = *last;
  }
  entry.num_events = of.events.size();
  entry.agent_takeover = Said<bool>(of, "agent_takeover").value_or(false);
  entry.properties = PropertiesOf(of);
  return entry;
}

}  // namespace roster
