// SPDX-License-Identifier: Apache-2.0
#include "server/commands/profile_replies.h"

#include "server/commands/profile_words.h"

namespace roster::server {

std::string IdentityText(const IdentityRef& identity) {
  return identity.space + ":" + identity.value;
}

Reply::Map IdentityMap(IdentityRef identity) {
  Reply::Map map;
  map.emplace_back("namespace", Reply::Text(std::move(identity.space)));
  map.emplace_back("value", Reply::Text(std::move(identity.value)));
  return map;
}

Reply TextList(std::vector<std::string> texts) {
  Reply::Array array;
  for (std::string& text : texts) array.push_back(Reply::Text(std::move(text)));
  return Reply(std::move(array));
}

Reply FieldMap(std::vector<Field> fields) {
  Reply::Map map;
  for (Field& field : fields) {
    map.emplace_back(std::move(field.key), Reply::FromValue(std::move(field.value)));
  }
  return Reply(std::move(map));
}

Reply EventList(std::vector<EventEntry> events) {
  Reply::Array array;
  for (EventEntry& event : events) {
    Reply::Map entry;
    entry.emplace_back("id", Reply::Text(EventIdText(event.id)));
    entry.emplace_back("type", Reply::Text(std::move(event.type)));
    entry.emplace_back("time", Reply::FromTime(event.time));
    entry.emplace_back("properties", FieldMap(std::move(event.properties)));
    AddText("session", std::move(event.session), &entry);
    AddOrigin(event.origin, &entry);
    if (event.important) entry.emplace_back("important", Reply::Boolean(true));
    array.push_back(Reply(std::move(entry)));
  }
  return Reply(std::move(array));
}

void AddText(std::string_view name, std::string text, Reply::Map* map) {
  if (!text.empty()) map->emplace_back(name, Reply::Text(std::move(text)));
}

void AddTime(std::string_view name, const std::optional<Timestamp>& time, Reply::Map* map) {
  if (time) map->emplace_back(name, Reply::FromTime(*time));
}

void AddOrigin(const std::optional<IdentityRef>& origin, Reply::Map* map) {
  if (origin) map->emplace_back("origin", Reply::Text(IdentityText(*origin)));
}

void AddCarried(const std::optional<CarriedFrom>& carried, Reply::Map* map) {
  if (!carried) return;
  Reply::Map from;
  from.emplace_back("rule", Reply::Text(carried->rule));
  from.emplace_back("session", Reply::Text(carried->session));
  map->emplace_back("carried", Reply(std::move(from)));
}

void AddDecision(ConsentEntry consent, Reply::Map* map) {
  map->emplace_back("decision", Reply::Text(NameOf(consent.decision)));
  map->emplace_back("time", Reply::FromTime(consent.time));
  AddText("address", std::move(consent.address), map);
  AddText("policy", std::move(consent.policy), map);
  AddText("version", std::move(consent.version), map);
  AddText("source", std::move(consent.source), map);
}

void AddFull(std::string_view name, Reply reply, Reply::Map* map) {
  const auto* array = std::get_if<Reply::Array>(&reply.node());
  const auto* inner = std::get_if<Reply::Map>(&reply.node());
  if ((array != nullptr && array->empty()) || (inner != nullptr && inner->empty())) return;
  map->emplace_back(name, std::move(reply));
}

}  // namespace roster::server
