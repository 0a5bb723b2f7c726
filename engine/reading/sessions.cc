// SPDX-License-Identifier: Apache-2.0
#include "engine/reading/sessions.h"

#include <simdjson.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "roster/json.h"

namespace roster {

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

namespace {

std::vector<Field> PropertiesOf(const Sessions& sessions, size_t session) {
  std::map<std::string, std::pair<Timestamp, Value>> last;
  for (const OwnRecord* record : sessions.RecordsOf(session)) {
    const Value json = record->Get("properties");
    if (!std::holds_alternative<Json>(json)) continue;
    for (Field& field : MembersOf(std::get<Json>(json).text)) {
      std::pair<Timestamp, Value> now(record->time(), std::move(field.value));
      const auto [known, is_new] = last.try_emplace(field.key, now);
      if (!is_new && known->second < now) known->second = std::move(now);
    }
  }
  std::vector<Field> properties;
  for (auto& [name, said] : last) properties.push_back({name, std::move(said.second)});
  return properties;
}

}  // namespace

SessionEntry ReadSession(const Sessions& sessions, size_t session) {
  const auto text = [&](std::string_view property) {
    return sessions.Said<std::string>(session, property).value_or(std::string());
  };
  SessionEntry entry;
  entry.id = sessions.IdOf(session);
  entry.kind = sessions.KindOf(session);
  entry.channel = sessions.ChannelOf(session);
  entry.name = text("name");
  entry.platform = text("platform");
  entry.start = sessions.StartOf(session);
  entry.end = sessions.EndOf(session);
  entry.num_events = sessions.EventsOf(session).size();
  entry.agent_takeover = sessions.Said<bool>(session, "agent_takeover").value_or(false);
  entry.properties = PropertiesOf(sessions, session);
  return entry;
}

}  // namespace roster
