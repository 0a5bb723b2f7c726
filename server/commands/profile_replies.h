// SPDX-License-Identifier: Apache-2.0
//
// The replies that several commands about profiles have parts of. Thread rule: pure functions.
// Source: PROTOCOL.md "People".
#ifndef ROSTER_SERVER_COMMANDS_PROFILE_REPLIES_H_
#define ROSTER_SERVER_COMMANDS_PROFILE_REPLIES_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "roster/profile.h"
#include "server/reply.h"

namespace roster::server {

// `namespace:value`
std::string IdentityText(const IdentityRef& identity);
// {"namespace","value"}, more of it to come
Reply::Map IdentityMap(IdentityRef identity);
Reply TextList(std::vector<std::string> texts);
Reply FieldMap(std::vector<Field> fields);
Reply EventList(std::vector<EventEntry> events);

// Adds what is there; a text that is empty, and a time or origin that is none, is left out.
void AddText(std::string_view name, std::string text, Reply::Map* map);
void AddTime(std::string_view name, const std::optional<Timestamp>& time, Reply::Map* map);
void AddOrigin(const std::optional<IdentityRef>& origin, Reply::Map* map);
void AddCarried(const std::optional<CarriedFrom>& carried, Reply::Map* map);
// The same of a list or map that is empty.
void AddFull(std::string_view name, Reply reply, Reply::Map* map);
// What was decided, with its evidence; not the channel.
void AddDecision(ConsentEntry consent, Reply::Map* map);

// What a reading call found, as `make` shows it.
template <typename T, typename Make>
Outcome AnswerRead(absl::StatusOr<ReadResult<T>> result, Make make) {
  if (!result.ok()) return Outcome(Reply::Error(result.status()));
  Outcome outcome(make(std::move(result->value)));
  outcome.lsn = result->lsn.value;
  outcome.durable = result->durable;
  outcome.json_payload = true;
  return outcome;
}

}  // namespace roster::server

#endif  // ROSTER_SERVER_COMMANDS_PROFILE_REPLIES_H_
