// SPDX-License-Identifier: Apache-2.0
//
// CONFLICTS, DUPLICATES and MERGE PREVIEW: profiles side by side.
#include <simdjson.h>

#include "server/commands/commands.h"
#include "server/commands/profile_replies.h"
#include "server/commands/profile_words.h"

namespace roster::server {
namespace {

Reply ToReply(std::vector<ConflictEntry> conflicts) {
  Reply::Array array;
  for (ConflictEntry& conflict : conflicts) {
    Reply::Map map;
    map.emplace_back("time", Reply::FromTime(conflict.time));
    map.emplace_back("profile", Reply::Text(FormatProfileId(conflict.profile)));
    if (conflict.other.value != 0) {
      map.emplace_back("other", Reply::Text(FormatProfileId(conflict.other)));
    }
    map.emplace_back("identity", Reply::Text(std::move(conflict.name_space)));
    map.emplace_back("reason", Reply::Text(std::move(conflict.reason)));
    array.push_back(Reply(std::move(map)));
  }
  return Reply(std::move(array));
}

Reply ToReply(std::vector<DuplicateEntry> duplicates) {
  Reply::Array array;
  for (DuplicateEntry& pair : duplicates) {
    Reply::Array profiles{Reply::Text(FormatProfileId(pair.first)),
                          Reply::Text(FormatProfileId(pair.second))};
    Reply::Map map;
    map.emplace_back("profiles", Reply(std::move(profiles)));
    map.emplace_back("reasons", TextList(std::move(pair.reasons)));
    map.emplace_back("score", Reply::Number(pair.score));
    array.push_back(Reply(std::move(map)));
  }
  return Reply(std::move(array));
}

Reply ToReply(MergePreview preview) {
  const MergePlan& plan = preview.plan;
  Reply::Map traits;
  for (MergePreview::Trait& trait : preview.traits) {
    Reply::Map sides;
    sides.emplace_back("survivor", Reply::FromValue(std::move(trait.survivor)));
    sides.emplace_back("loser", Reply::FromValue(std::move(trait.loser)));
    sides.emplace_back("keeps", Reply::Text(trait.keeps_loser ? "loser" : "survivor"));
    traits.emplace_back(std::move(trait.name), Reply(std::move(sides)));
  }
  Reply::Map moves;
  moves.emplace_back("identities", Reply::Unsigned(preview.num_identities));
  moves.emplace_back("events", Reply::Unsigned(preview.num_events));
  moves.emplace_back("sessions", Reply::Unsigned(preview.num_sessions));
  moves.emplace_back("labels", Reply::Unsigned(preview.num_labels));
  moves.emplace_back("notes", Reply::Unsigned(preview.num_notes));
  Reply::Map map;
  map.emplace_back("plan", Reply::Text(FormatPlan(plan)));
  map.emplace_back("survivor", Reply::Text(FormatProfileId(plan.survivor)));
  map.emplace_back("loser", Reply::Text(FormatProfileId(plan.loser)));
  map.emplace_back("versions", TextList({plan.survivor_version, plan.loser_version}));
  map.emplace_back("traits", Reply(std::move(traits)));
  map.emplace_back("moves", Reply(std::move(moves)));
  map.emplace_back("conflicts", TextList(std::move(preview.conflicts)));
  return Reply(std::move(map));
}

// Of one profile or of all, and how many.
struct Scope {
  std::optional<ProfileRef> ref;
  uint32_t limit = kListLimit;
};

absl::StatusOr<Scope> ReadScope(const std::vector<std::string>& words) {
  constexpr OptionForm kForms[] = {{"LIMIT", 1, 1}};
  Scope scope;
  const bool named = !words.empty() && ToUpper(words[0]) != "LIMIT";
  if (named) {
    absl::StatusOr<ProfileRef> ref = ParseProfileRef(words[0]);
    if (!ref.ok()) return ref.status();
    scope.ref = *std::move(ref);
  }
  const absl::StatusOr<OptionWords> given = OptionWords::Read(words, named ? 1 : 0, kForms);
  if (!given.ok()) return given.status();
  const auto limit = given->Number("LIMIT", kListLimit, 1, kMaxListLimit);
  if (!limit.ok()) return limit.status();
  scope.limit = *limit;
  return scope;
}

Outcome ShowConflicts(const Services& services, const Session&, const Request& request) {
  const absl::StatusOr<Scope> scope = ReadScope(request.words);
  if (!scope.ok()) return Outcome(Reply::Error(scope.status()));
  return AnswerRead(services.database->GetConflicts(scope->ref, scope->limit),
                    [](std::vector<ConflictEntry> found) { return ToReply(std::move(found)); });
}

Outcome ShowDuplicates(const Services& services, const Session&, const Request& request) {
  const absl::StatusOr<Scope> scope = ReadScope(request.words);
  if (!scope.ok()) return Outcome(Reply::Error(scope.status()));
  return AnswerRead(services.database->GetDuplicates(scope->ref, scope->limit),
                    [](std::vector<DuplicateEntry> found) { return ToReply(std::move(found)); });
}

using Choices = std::vector<std::pair<std::string, bool>>;

absl::Status BadChoices() {
  return MakeError(ErrorCode::kParse, R"(expected {"traits":{"name":"survivor" or "loser",...}})");
}

// {"traits":{"plan":"loser"}}
absl::StatusOr<Choices> ReadChoices(const std::string& json) {
  Choices choices;
  if (json.empty()) return choices;
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(json).get(object) != simdjson::SUCCESS) return BadChoices();
  for (const auto [name, member] : object) {
    simdjson::dom::object traits;
    if (name != "traits" || member.get(traits) != simdjson::SUCCESS) return BadChoices();
    for (const auto [trait, side] : traits) {
      std::string_view text;
      if (side.get(text) != simdjson::SUCCESS) return BadChoices();
      if (text != "survivor" && text != "loser") return BadChoices();
      choices.emplace_back(std::string(trait), text == "loser");
    }
  }
  return choices;
}

Outcome PreviewMerge(const Services& services, const Session&, const Request& request) {
  const absl::StatusOr<ProfileRef> survivor = ParseProfileRef(request.words[0]);
  if (!survivor.ok()) return Outcome(Reply::Error(survivor.status()));
  const absl::StatusOr<ProfileRef> loser = ParseProfileRef(request.words[1]);
  if (!loser.ok()) return Outcome(Reply::Error(loser.status()));
  uint32_t offset = 0;
  const absl::StatusOr<Choices> choices = ReadChoices(TailOf(request, 2, &offset));
  if (!choices.ok()) return Outcome(Reply::Error(choices.status()));
  return AnswerRead(services.database->PreviewMerge(*survivor, *loser, *choices),
                    [](MergePreview preview) { return ToReply(std::move(preview)); });
}

}  // namespace

void AddPairCommands(CommandTable* table) {
  table->Add({.name = "CONFLICTS",
              .usage = "[profile] [LIMIT n]",
              .group = "profile",
              .summary = "Shows which identities were left out, for they would join two people or "
                         "pass a limit",
              .arity = -1,
              .handler = &ShowConflicts});
  table->Add({.name = "DUPLICATES",
              .usage = "[profile] [LIMIT n]",
              .group = "profile",
              .summary = "Shows pairs of profiles that may be one person",
              .arity = -1,
              .slow = true,
              .handler = &ShowDuplicates});
  table->Add({.name = "MERGE PREVIEW",
              .usage = "survivor loser [json]",
              .group = "profile",
              .summary = "Shows what merging one profile into another would do, and a plan for it",
              .arity = -3,
              .style = ArgStyle::kEdit,
              .size = RequestSize::kJson,
              .handler = &PreviewMerge});
}

}  // namespace roster::server
