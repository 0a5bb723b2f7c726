// SPDX-License-Identifier: Apache-2.0
//
// TIMELINE and SESSIONS: what somebody did, in the order of time.
#include <algorithm>

#include "server/commands/commands.h"
#include "server/commands/profile_replies.h"
#include "server/commands/profile_words.h"

namespace roster::server {
namespace {

Reply ToReply(Timeline timeline) {
  Reply::Map map;
  map.emplace_back("events", EventList(std::move(timeline.events)));
  map.emplace_back("cursor", timeline.cursor.empty() ? Reply() : Reply::Text(timeline.cursor));
  return Reply(std::move(map));
}

Reply OneSession(SessionEntry session) {
  Reply::Map map;
  map.emplace_back("id", Reply::Text(std::move(session.id)));
  AddText("kind", std::move(session.kind), &map);
  AddText("channel", std::move(session.channel), &map);
  AddText("name", std::move(session.name), &map);
  AddText("platform", std::move(session.platform), &map);
  AddTime("start", session.start, &map);
  AddTime("end", session.end, &map);
  if (session.start && session.end) {
    // What was said at different times may not agree.
    const int64_t duration_ms = std::max<int64_t>(0, session.end->ms - session.start->ms);
    map.emplace_back("duration_ms", Reply::Integer(duration_ms));
  }
  map.emplace_back("events", Reply::Unsigned(session.num_events));
  AddFull("goals", TextList(std::move(session.goals)), &map);
  if (session.agent_takeover) map.emplace_back("agent_takeover", Reply::Boolean(true));
  AddFull("properties", FieldMap(std::move(session.properties)), &map);
  return Reply(std::move(map));
}

Reply ToReply(std::vector<SessionEntry> sessions) {
  Reply::Array array;
  for (SessionEntry& session : sessions) array.push_back(OneSession(std::move(session)));
  return Reply(Reply::Map{{"sessions", Reply(std::move(array))}});
}

absl::StatusOr<TimelineOptions> ReadTimelineOptions(const std::vector<std::string>& words) {
  constexpr OptionForm kForms[] = {{"TYPE", 1, 10'000}, {"CHANNEL", 1, 1}, {"FROM", 1, 1},
                                   {"TO", 1, 1},        {"OLDEST", 0, 0},  {"LIMIT", 1, 1},
                                   {"AFTER", 1, 1}};
  const absl::StatusOr<OptionWords> given = OptionWords::Read(words, 1, kForms);
  if (!given.ok()) return given.status();
  TimelineOptions options;
  options.types = given->Of("TYPE");
  options.channel = given->Text("CHANNEL");
  const auto from = given->Time("FROM");
  if (!from.ok()) return from.status();
  options.from = *from;
  const auto to = given->Time("TO");
  if (!to.ok()) return to.status();
  options.to = *to;
  options.oldest_first = given->Has("OLDEST");
  const auto limit = given->Number("LIMIT", kListLimit, 1, kMaxListLimit);
  if (!limit.ok()) return limit.status();
  options.limit = *limit;
  options.after = given->Text("AFTER");
  return options;
}

Outcome ShowTimeline(const Services& services, const Session&, const Request& request) {
  const absl::StatusOr<ProfileRef> ref = ParseProfileRef(request.words[0]);
  if (!ref.ok()) return Outcome(Reply::Error(ref.status()));
  const absl::StatusOr<TimelineOptions> options = ReadTimelineOptions(request.words);
  if (!options.ok()) return Outcome(Reply::Error(options.status()));
  return AnswerRead(services.database->GetTimeline(*ref, *options),
                    [](Timeline timeline) { return ToReply(std::move(timeline)); });
}

// All of it, or no more than a reply holds.
Outcome ShowEventsOf(const Services& services, const ProfileRef& ref, std::string session) {
  TimelineOptions options;
  options.session = std::move(session);
  options.limit = kMaxListLimit;
  return AnswerRead(services.database->GetTimeline(ref, options),
                    [](Timeline timeline) { return ToReply(std::move(timeline)); });
}

absl::StatusOr<SessionsOptions> ReadSessionsOptions(const OptionWords& given) {
  SessionsOptions options;
  options.channel = given.Text("CHANNEL");
  options.kind = given.Text("KIND");
  for (const std::string& word : given.Of("NAME")) {
    options.name += (options.name.empty() ? "" : " ") + word;
  }
  options.oldest_first = given.Has("OLDEST");
  const auto limit = given.Number("LIMIT", kListLimit, 1, kMaxListLimit);
  if (!limit.ok()) return limit.status();
  options.limit = *limit;
  return options;
}

Outcome ShowSessions(const Services& services, const Session&, const Request& request) {
  constexpr OptionForm kForms[] = {{"CHANNEL", 1, 1}, {"KIND", 1, 1},  {"NAME", 1, 100},
                                   {"OLDEST", 0, 0},  {"LIMIT", 1, 1}, {"EVENTS", 1, 1}};
  const absl::StatusOr<ProfileRef> ref = ParseProfileRef(request.words[0]);
  if (!ref.ok()) return Outcome(Reply::Error(ref.status()));
  const absl::StatusOr<OptionWords> given = OptionWords::Read(request.words, 1, kForms);
  if (!given.ok()) return Outcome(Reply::Error(given.status()));
  if (given->Has("EVENTS")) {
    if (request.words.size() != 3) {
      return Outcome(Reply::Error("ERR", "syntax error, EVENTS and a session's id stand alone"));
    }
    return ShowEventsOf(services, *ref, given->Text("EVENTS"));
  }
  const absl::StatusOr<SessionsOptions> options = ReadSessionsOptions(*given);
  if (!options.ok()) return Outcome(Reply::Error(options.status()));
  return AnswerRead(
      services.database->GetSessions(*ref, *options),
      [](std::vector<SessionEntry> sessions) { return ToReply(std::move(sessions)); });
}

}  // namespace

void AddTimelineCommands(CommandTable* table) {
  table->Add({.name = "TIMELINE",
              .usage = "profile [TYPE type...] [CHANNEL name] [FROM time] [TO time] [OLDEST] "
                       "[LIMIT n] [AFTER cursor]",
              .group = "profile",
              .summary = "Shows what somebody did, newest first, page by page",
              .arity = -2,
              .handler = &ShowTimeline});
  table->Add({.name = "SESSIONS",
              .usage = "profile [CHANNEL name] [KIND kind] [NAME text] [OLDEST] [LIMIT n] "
                       "[EVENTS session]",
              .group = "profile",
              .summary = "Shows the sessions of a profile by their end, or the events of one",
              .arity = -2,
              .handler = &ShowSessions});
}

}  // namespace roster::server
