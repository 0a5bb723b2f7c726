// SPDX-License-Identifier: Apache-2.0
//
// Commands on one profile that change something: CREATE, SET, ATTACH, LABEL, CONSENT, MERGE APPLY,
// ERASE and their like. Source: PROTOCOL.md "People".
#include <charconv>
#include <optional>
#include <utility>

#include "roster/json.h"
#include "server/commands/commands.h"
#include "server/commands/profile_words.h"

namespace roster::server {
namespace {

absl::Status SyntaxError(std::string_view expected) {
  return MakeError(ErrorCode::kErr, "syntax error, expected " + std::string(expected));
}

// What every answer to an edit says; each command adds its own.
Reply::Map EditReply(const WriteResult& result) {
  const ItemResult& item = result.items[0];
  Reply::Map map;
  map.emplace_back("profile",
                   item.profile.value != 0 ? Reply::Text(FormatProfileId(item.profile)) : Reply());
  if (!item.version.empty()) map.emplace_back("version", Reply::Text(item.version));
  if (result.duplicate) map.emplace_back("duplicate", Reply::Boolean(true));
  if (!item.warnings.empty()) {
    Reply::Array warnings;
    for (const std::string& warning : item.warnings) warnings.push_back(Reply::Text(warning));
    map.emplace_back("warnings", Reply(std::move(warnings)));
  }
  return map;
}

using More = void (*)(const ItemResult&, Reply::Map*);

PreparedWrite Prepare(const Session& session, const Request& request, WriteItem item,
                      More more = nullptr) {
  PreparedWrite write;
  write.batch.items.push_back(std::move(item));
  write.batch.options = {.request_id = request.request_id,
                         .actor = session.name,
                         .expected_version = request.expected};
  write.make_reply = [more](WriteResult result) {
    if (result.items.size() != 1) return Reply::Error("ERR", "the store gave no result");
    if (!result.items[0].status.ok()) return Reply::Error(result.items[0].status);
    Reply::Map map = EditReply(result);
    if (more != nullptr) more(result.items[0], &map);
    return Reply(std::move(map));
  };
  return write;
}

void From(const ItemResult& item, Reply::Map* map) {
  if (item.other.value != 0) map->emplace_back("from", Reply::Text(FormatProfileId(item.other)));
}

using Prepared = absl::StatusOr<PreparedWrite>;

// JSON behind some words, or the whole of it.
template <typename T>
absl::StatusOr<T> ReadJson(std::string_view json, uint32_t offset, std::string_view type) {
  absl::StatusOr<WriteItem> item = ParseWriteJson(json, type);
  if (!item.ok()) return InLine(item.status(), offset);
  return std::get<T>(*std::move(item));
}

Prepared CreateProfile(const Session& session, const Request& request) {
  absl::StatusOr<Create> item = ReadJson<Create>(request.body, request.body_offset, "create");
  if (!item.ok()) return item.status();
  return Prepare(session, request, *std::move(item));
}

Prepared LogOut(const Session& session, const Request& request) {
  absl::StatusOr<Logout> item = ReadJson<Logout>(request.body, request.body_offset, "logout");
  if (!item.ok()) return item.status();
  return Prepare(session, request, *std::move(item));
}

// SET and CONSENT: a profile and JSON.
template <typename T>
Prepared OfJson(const Session& session, const Request& request) {
  absl::StatusOr<ProfileRef> profile = ParseProfileRef(request.words[0]);
  if (!profile.ok()) return profile.status();
  uint32_t offset = 0;
  const std::string json = TailOf(request, 1, &offset);
  absl::StatusOr<T> item = ReadJson<T>(json, offset, ToLower(request.verb));
  if (!item.ok()) return item.status();
  item->profile = *std::move(profile);
  return Prepare(session, request, *std::move(item));
}

Prepared Unset(const Session& session, const Request& request) {
  absl::StatusOr<ProfileRef> profile = ParseProfileRef(request.words[0]);
  if (!profile.ok()) return profile.status();
  Edit item{.profile = *std::move(profile), .traits = {}, .identities = {}};
  item.known_only = true;
  for (size_t i = 1; i < request.words.size(); ++i) {
    item.traits.push_back({request.words[i], Value()});
  }
  return Prepare(session, request, std::move(item));
}

// Whether the last word is `name`; takes it off.
bool TakeFlag(std::string_view name, size_t min_words, std::vector<std::string>* words) {
  if (words->size() <= min_words || ToUpper(words->back()) != name) return false;
  words->pop_back();
  return true;
}

Prepared AttachIdentity(const Session& session, const Request& request) {
  std::vector<std::string> words = request.words;
  const bool keep = TakeFlag("KEEP", 2, &words);
  if (words.size() != 2) return SyntaxError("profile namespace:value [KEEP]");
  absl::StatusOr<ProfileRef> profile = ParseProfileRef(words[0]);
  if (!profile.ok()) return profile.status();
  absl::StatusOr<IdentityRef> identity = ParseIdentityRef(words[1]);
  if (!identity.ok()) return identity.status();
  return Prepare(session, request, Attach{*std::move(profile), *std::move(identity), keep});
}

Prepared DetachIdentity(const Session& session, const Request& request) {
  std::vector<std::string> words = request.words;
  const bool keep = TakeFlag("KEEP", 1, &words);
  if (words.size() != 1) return SyntaxError("namespace:value [KEEP]");
  absl::StatusOr<IdentityRef> identity = ParseIdentityRef(words[0]);
  if (!identity.ok()) return identity.status();
  return Prepare(session, request, Detach{*std::move(identity), keep}, &From);
}

Prepared MoveIdentityTo(const Session& session, const Request& request) {
  absl::StatusOr<IdentityRef> identity = ParseIdentityRef(request.words[0]);
  if (!identity.ok()) return identity.status();
  absl::StatusOr<ProfileRef> profile = ParseProfileRef(request.words[1]);
  if (!profile.ok()) return profile.status();
  return Prepare(session, request, Move{*std::move(identity), *std::move(profile)});
}

Prepared LabelProfile(const Session& session, const Request& request) {
  absl::StatusOr<ProfileRef> profile = ParseProfileRef(request.words[0]);
  if (!profile.ok()) return profile.status();
  Label item{.profile = *std::move(profile), .add = {}, .remove = {}};
  const std::string action = ToUpper(request.words[1]);
  if (action != "ADD" && action != "REMOVE") return SyntaxError("ADD or REMOVE, and labels");
  (action == "ADD" ? item.add : item.remove).assign(request.words.begin() + 2, request.words.end());
  return Prepare(session, request, std::move(item), [](const ItemResult& result, Reply::Map* map) {
    if (result.duplicate) return;  // of a repeat they are not known
    Reply::Array labels;
    for (const std::string& label : result.labels) labels.push_back(Reply::Text(label));
    map->emplace_back("labels", Reply(std::move(labels)));
  });
}

void NoteId(const ItemResult& item, Reply::Map* map) {
  map->emplace_back("note", Reply::Text(EventIdText(item.record)));
}

Prepared NoteOn(const Session& session, const Request& request) {
  absl::StatusOr<ProfileRef> profile = ParseProfileRef(request.words[0]);
  if (!profile.ok()) return profile.status();
  Note item{.profile = *std::move(profile), .text = {}};
  const std::string action = ToUpper(request.words[1]);
  uint32_t offset = 0;
  const std::string text = TailOf(request, 2, &offset);
  if (action == "ADD") {
    item.text = text;
  } else if (action == "REMOVE") {
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), item.remove, 16);
    if (parsed.ptr != text.data() + text.size() || item.remove == 0) {
      item.remove = ~uint64_t{0};  // no note has it
    }
  } else {
    return SyntaxError("ADD and a text, or REMOVE and a note");
  }
  return Prepare(session, request, std::move(item), &NoteId);
}

Prepared SetArchived(const Session& session, const Request& request) {
  absl::StatusOr<ProfileRef> profile = ParseProfileRef(request.words[0]);
  if (!profile.ok()) return profile.status();
  return Prepare(session, request,
                 Archive{*std::move(profile), ToLower(request.verb) == "archive"});
}

Prepared MergeApply(const Session& session, const Request& request) {
  std::vector<std::string> words = request.words;
  const bool force = TakeFlag("FORCE", 1, &words);
  if (words.size() != 1) return SyntaxError("a plan, and FORCE or nothing");
  absl::StatusOr<MergePlan> plan = ParsePlan(words[0]);
  if (!plan.ok()) return plan.status();
  plan->force = force;
  return Prepare(session, request, *std::move(plan), [](const ItemResult& item, Reply::Map* map) {
    if (item.other.value != 0) {
      map->emplace_back("merged", Reply::Text(FormatProfileId(item.other)));
    }
  });
}

Prepared TakeApart(const Session& session, const Request& request) {
  const absl::StatusOr<ProfileRef> profile = ParseProfileRef(request.words[0]);
  const auto* id = profile.ok() ? std::get_if<ProfileId>(&*profile) : nullptr;
  if (id == nullptr) return SyntaxError("the id of the profile that was merged, like p7");
  return Prepare(session, request, Unmerge{*id}, &From);
}

Prepared SplitOff(const Session& session, const Request& request) {
  absl::StatusOr<ProfileRef> profile = ParseProfileRef(request.words[0]);
  if (!profile.ok()) return profile.status();
  Split item{.profile = *std::move(profile), .identities = {}};
  for (size_t i = 1; i < request.words.size(); ++i) {
    absl::StatusOr<IdentityRef> identity = ParseIdentityRef(request.words[i]);
    if (!identity.ok()) return identity.status();
    item.identities.push_back(*std::move(identity));
  }
  return Prepare(session, request, std::move(item), &From);
}

Prepared EraseOne(const Session& session, const Request& request) {
  absl::StatusOr<ProfileRef> profile = ParseProfileRef(request.words[0]);
  if (!profile.ok()) return profile.status();
  PreparedWrite write = Prepare(session, request, Erase{.profile = *std::move(profile)});
  write.make_reply = [](WriteResult result) {
    if (!result.items[0].status.ok()) return Reply::Error(result.items[0].status);
    return Reply(Reply::Map{{"erased", Reply::Text(FormatProfileId(result.items[0].profile))}});
  };
  return write;
}

struct EditCommand {
  std::string_view name;
  std::string_view usage;
  int arity;
  WriteHandler handler;
  std::string_view summary;
  ArgStyle style = ArgStyle::kEdit;
};

constexpr EditCommand kCommands[] = {
    {"CREATE", "json [IDEM key]", -2, &CreateProfile, "Makes a profile by hand", ArgStyle::kJson},
    {"SET", "profile json [EXPECT version]", -3, &OfJson<Edit>,
     "Sets traits and identities, all or none; null clears"},
    {"UNSET", "profile trait... [EXPECT version]", -3, &Unset, "Clears traits"},
    {"ATTACH", "profile namespace:value [KEEP]", -3, &AttachIdentity,
     "Gives a profile an identity; a contact comes with its events"},
    {"DETACH", "namespace:value [KEEP]", -2, &DetachIdentity,
     "Takes an identity, with its events, to a new profile"},
    {"MOVE", "namespace:value profile", 3, &MoveIdentityTo,
     "Hands an identity over from now on; what came by it stays"},
    {"SPLIT", "profile namespace:value...", -3, &SplitOff,
     "Makes a new profile of identities and what came by them"},
    {"LABEL", "profile ADD|REMOVE label...", -4, &LabelProfile, "Adds or removes labels"},
    {"CONSENT", "profile json", -3, &OfJson<Consent>, "Records a decision, with its evidence"},
    {"NOTE", "profile ADD text | profile REMOVE note", -3, &NoteOn, "Adds or removes a note"},
    {"ARCHIVE", "profile", 2, &SetArchived, "Leaves a profile out of what is not asked for it"},
    {"ACTIVATE", "profile", 2, &SetArchived, "Takes a profile back from the archive"},
    {"LOGOUT", "json", -2, &LogOut, "Ends whose a device is", ArgStyle::kJson},
    {"MERGE APPLY", "plan [FORCE]", -2, &MergeApply, "Does what MERGE PREVIEW said, or nothing"},
    {"UNMERGE", "profile", 2, &TakeApart, "Makes what was merged a profile of its own again"},
    {"ERASE", "profile", 2, &EraseOne, "Removes a profile with all that it has, at once"},
    {"DELETE", "profile", 2, &EraseOne, "The same as ERASE"},
};

}  // namespace

void AddEditCommands(CommandTable* table) {
  for (const EditCommand& command : kCommands) {
    table->Add({.name = command.name,
                .usage = command.usage,
                .group = "profile",
                .summary = command.summary,
                .arity = command.arity,
                .style = command.style,
                .size = RequestSize::kJson,
                .handler = command.handler});
  }
}

}  // namespace roster::server
