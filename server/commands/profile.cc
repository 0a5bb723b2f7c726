// SPDX-License-Identifier: Apache-2.0
//
// GET: everything known of one profile, named by `p12` or `namespace:value`.

#include "server/commands/commands.h"
#include "server/commands/profile_words.h"

namespace roster::server {
namespace {

Reply IdentityText(const IdentityRef& identity) {
  return Reply::Text(identity.space + ":" + identity.value);
}

Reply OptionalTime(const std::optional<Timestamp>& time) {
  return time ? Reply::FromTime(*time) : Reply();
}

Reply Fields(std::vector<Field> fields) {
  Reply::Map map;
  for (Field& field : fields) {
    map.emplace_back(std::move(field.key), Reply::FromValue(std::move(field.value)));
  }
  return Reply(std::move(map));
}

Reply Identities(std::vector<IdentityEntry> identities) {
  Reply::Array array;
  for (auto& [identity, retired] : identities) {
    array.push_back(Reply(Reply::Map{{"namespace", Reply::Text(std::move(identity.space))},
                                     {"value", Reply::Text(std::move(identity.value))}}));
  }
  return Reply(std::move(array));
}

Reply Traits(std::vector<TraitEntry> traits) {
  Reply::Map map;
  for (TraitEntry& trait : traits) {
    Reply::Map entry{{"value", Reply::FromValue(std::move(trait.value))},
                     {"time", Reply::FromTime(trait.time)}};
    if (trait.origin) entry.emplace_back("origin", IdentityText(*trait.origin));
    map.emplace_back(std::move(trait.name), Reply(std::move(entry)));
  }
  return Reply(std::move(map));
}

Reply EventCounts(std::vector<EventCount> counts) {
  Reply::Map map;
  for (EventCount& count : counts) {
    map.emplace_back(std::move(count.type), Reply::Unsigned(count.count));
  }
  return Reply(std::move(map));
}

Reply Events(std::vector<EventEntry> events) {
  Reply::Array array;
  for (EventEntry& event : events) {
    Reply::Map entry{{"id", Reply::Text(EventIdText(event.id))},
                     {"type", Reply::Text(std::move(event.type))},
                     {"time", Reply::FromTime(event.time)},
                     {"properties", Fields(std::move(event.properties))}};
    if (event.origin) entry.emplace_back("origin", IdentityText(*event.origin));
    array.push_back(Reply(std::move(entry)));
  }
  return Reply(std::move(array));
}

Reply ToReply(Profile profile) {
  Reply::Map map;
  map.emplace_back("profile", Reply::Text(FormatProfileId(profile.id)));
  if (profile.redirected_from) {
    map.emplace_back("redirected_from", Reply::Text(FormatProfileId(*profile.redirected_from)));
  }
  map.emplace_back("created_via", Reply::Text(std::move(profile.created_via)));
  map.emplace_back("created_at", Reply::FromTime(profile.created_at));
  map.emplace_back("first_seen", OptionalTime(profile.first_seen));
  map.emplace_back("last_seen", OptionalTime(profile.last_seen));
  map.emplace_back("identities", Identities(std::move(profile.identities)));
  map.emplace_back("traits", Traits(std::move(profile.traits)));
  map.emplace_back("event_counts", EventCounts(std::move(profile.event_counts)));
  map.emplace_back("events", Events(std::move(profile.events)));
  return Reply(std::move(map));
}

absl::StatusOr<GetOptions> ReadOptions(const std::vector<std::string>& words) {
  GetOptions options;
  if (words.size() == 1) return options;
  uint64_t events = 0;
  const bool is_events = words.size() == 3 && ToUpper(words[1]) == "EVENTS";
  if (!is_events || !ParseNumber(words[2], &events) || events > 10'000) {
    return MakeError(ErrorCode::kErr, "syntax error, expected EVENTS and a number up to 10000");
  }
  options.max_events = static_cast<uint32_t>(events);
  return options;
}

Outcome Get(const Services& services, const Session&, const Request& request) {
  const absl::StatusOr<ProfileRef> ref = ParseProfileRef(request.words[0]);
  if (!ref.ok()) return Outcome(Reply::Error(ref.status()));
  const absl::StatusOr<GetOptions> options = ReadOptions(request.words);
  if (!options.ok()) return Outcome(Reply::Error(options.status()));
  absl::StatusOr<GetResult> result = services.database->Get(*ref, *options);
  if (!result.ok()) return Outcome(Reply::Error(result.status()));
  Outcome outcome(ToReply(std::move(result->profile)));
  outcome.lsn = result->lsn.value;
  outcome.durable = result->durable;
  outcome.json_payload = true;
  return outcome;
}

}  // namespace

void AddProfileCommands(CommandTable* table) {
  table->Add({.name = "GET",
              .usage = "profile [EVENTS n]",
              .group = "profile",
              .summary = "Shows everything known of one profile: p12 or namespace:value",
              .arity = -2,
              .handler = &Get});
}

}  // namespace roster::server
