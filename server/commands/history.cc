// SPDX-License-Identifier: Apache-2.0
//
// HISTORY: what traits were, and what was done by hand.
#include <simdjson.h>

#include "server/commands/commands.h"
#include "server/commands/profile_replies.h"
#include "server/commands/profile_words.h"

namespace roster::server {
namespace {

Reply TraitHistory(std::vector<HistoryEntry> entries) {
  Reply::Array array;
  for (HistoryEntry& entry : entries) {
    Reply::Map map;
    map.emplace_back("trait", Reply::Text(std::move(entry.trait)));
    map.emplace_back("value", Reply::FromValue(std::move(entry.value)));
    map.emplace_back("time", Reply::FromTime(entry.time));
    AddOrigin(entry.origin, &map);
    AddCarried(entry.carried, &map);
    map.emplace_back("profile", Reply::Text(FormatProfileId(entry.profile)));
    array.push_back(Reply(std::move(map)));
  }
  return Reply(std::move(array));
}

Reply OneEdit(EditEntry edit) {
  Reply::Map map;
  map.emplace_back("when", Reply::FromTime(edit.time));
  AddText("who", std::move(edit.actor), &map);
  map.emplace_back("what", Reply::Text(std::move(edit.action)));
  // What it was about: `before` and `after`, or other members.
  simdjson::dom::parser parser;
  simdjson::dom::object detail;
  if (parser.parse(edit.detail).get(detail) == simdjson::SUCCESS) {
    for (const auto [name, value] : detail) {
      map.emplace_back(name, Reply(Reply::RawJson{simdjson::to_string(value)}));
    }
  }
  return Reply(std::move(map));
}

Reply OneDecision(ConsentEntry decision) {
  Reply::Map map;
  map.emplace_back("channel", Reply::Text(std::move(decision.channel)));
  std::string who = std::move(decision.actor);
  AddDecision(std::move(decision), &map);
  AddText("who", std::move(who), &map);
  return Reply(std::move(map));
}

Reply ToReply(History history, bool all) {
  Reply::Map map;
  map.emplace_back("history", TraitHistory(std::move(history.traits)));
  if (!all) return Reply(std::move(map));
  Reply::Array identities;
  for (IdentityRef& identity : history.identities) {
    identities.push_back(Reply(IdentityMap(std::move(identity))));
  }
  map.emplace_back("identities", Reply(std::move(identities)));
  Reply::Array edits;
  for (EditEntry& edit : history.edits) edits.push_back(OneEdit(std::move(edit)));
  map.emplace_back("edits", Reply(std::move(edits)));
  Reply::Array consent;
  for (ConsentEntry& decision : history.consent)
    consent.push_back(OneDecision(std::move(decision)));
  AddFull("consent", Reply(std::move(consent)), &map);
  return Reply(std::move(map));
}

absl::StatusOr<HistoryOptions> ReadOptions(std::vector<std::string> words) {
  HistoryOptions options;
  const size_t size = words.size();
  if (size >= 4 && ToUpper(words[size - 3]) == "AS" && ToUpper(words[size - 2]) == "OF") {
    const absl::StatusOr<Timestamp> time = ParseTimeWord("AS OF", words.back());
    if (!time.ok()) return time.status();
    options.as_of = *time;
    words.resize(size - 3);
  }
  if (words.size() > 2) {
    return MakeError(ErrorCode::kErr, "syntax error, expected a trait or AS OF and a time");
  }
  if (words.size() == 2) options.trait = words[1];
  return options;
}

Outcome ShowHistory(const Services& services, const Session&, const Request& request) {
  const absl::StatusOr<ProfileRef> ref = ParseProfileRef(request.words[0]);
  if (!ref.ok()) return Outcome(Reply::Error(ref.status()));
  const absl::StatusOr<HistoryOptions> options = ReadOptions(request.words);
  if (!options.ok()) return Outcome(Reply::Error(options.status()));
  const bool all = options->trait.empty() && !options->as_of;
  return AnswerRead(services.database->GetHistory(*ref, *options),
                    [all](History history) { return ToReply(std::move(history), all); });
}

}  // namespace

void AddHistoryCommands(CommandTable* table) {
  table->Add({.name = "HISTORY",
              .usage = "profile [trait] [AS OF time]",
              .group = "profile",
              .summary = "Shows what traits were, who edited what, and what they were at a time",
              .arity = -2,
              .handler = &ShowHistory});
}

}  // namespace roster::server
