// SPDX-License-Identifier: Apache-2.0
//
// GET: everything known of one profile, or some sections of it.
#include <algorithm>
#include <iterator>

#include "server/commands/commands.h"
#include "server/commands/profile_replies.h"
#include "server/commands/profile_words.h"

namespace roster::server {
namespace {

Reply Identities(Profile* profile) {
  Reply::Array array;
  for (auto& [identity, retired] : profile->identities) {
    Reply::Map entry = IdentityMap(std::move(identity));
    if (retired) entry.emplace_back("retired", Reply::Boolean(true));
    array.push_back(Reply(std::move(entry)));
  }
  return Reply(std::move(array));
}

Reply Traits(Profile* profile) {
  Reply::Map map;
  for (TraitEntry& trait : profile->traits) {
    Reply::Map entry;
    entry.emplace_back("value", Reply::FromValue(std::move(trait.value)));
    entry.emplace_back("time", Reply::FromTime(trait.time));
    AddOrigin(trait.origin, &entry);
    AddCarried(trait.carried, &entry);
    map.emplace_back(std::move(trait.name), Reply(std::move(entry)));
  }
  return Reply(std::move(map));
}

Reply Consents(Profile* profile) {
  Reply::Map map;
  for (ConsentEntry& consent : profile->consent) {
    std::string channel = std::move(consent.channel);
    Reply::Map entry;
    AddDecision(std::move(consent), &entry);
    map.emplace_back(std::move(channel), Reply(std::move(entry)));
  }
  return Reply(std::move(map));
}

Reply Channels(Profile* profile) {
  Reply::Array array;
  for (const SeenEntry& channel : profile->channels) array.push_back(Reply::Text(channel.name));
  return Reply(std::move(array));
}

// When each channel was used.
Reply ChannelTimes(Profile* profile) {
  Reply::Map map;
  for (SeenEntry& channel : profile->channels) {
    Reply::Map entry;
    AddTime("first_seen", channel.first, &entry);
    AddTime("last_seen", channel.last, &entry);
    map.emplace_back(std::move(channel.name), Reply(std::move(entry)));
  }
  return Reply(std::move(map));
}

Reply Devices(Profile* profile) {
  Reply::Array array;
  for (SeenEntry& device : profile->devices) {
    Reply::Map entry;
    entry.emplace_back("device", Reply::Text(std::move(device.name)));
    AddTime("first_seen", device.first, &entry);
    AddTime("last_seen", device.last, &entry);
    array.push_back(Reply(std::move(entry)));
  }
  return Reply(std::move(array));
}

Reply Goals(Profile* profile) {
  Reply::Array array;
  for (GoalEntry& goal : profile->goals) {
    Reply::Map entry;
    entry.emplace_back("goal", Reply::Text(std::move(goal.name)));
    entry.emplace_back("count", Reply::Unsigned(goal.count));
    entry.emplace_back("first", Reply::FromTime(goal.first));
    entry.emplace_back("last", Reply::FromTime(goal.last));
    AddText("session", std::move(goal.last_session), &entry);
    array.push_back(Reply(std::move(entry)));
  }
  return Reply(std::move(array));
}

Reply Campaigns(Profile* profile) {
  Reply::Array array;
  for (CampaignEntry& campaign : profile->campaigns) {
    Reply::Map entry;
    entry.emplace_back("campaign", Reply::Text(std::move(campaign.name)));
    AddText("touch", std::move(campaign.touch), &entry);
    entry.emplace_back("first", Reply::FromTime(campaign.first));
    entry.emplace_back("last", Reply::FromTime(campaign.last));
    array.push_back(Reply(std::move(entry)));
  }
  return Reply(std::move(array));
}

Reply Messages(Profile* profile) {
  Reply::Array array;
  for (MessageEntry& message : profile->messages) {
    Reply::Map entry;
    entry.emplace_back("message", Reply::Text(std::move(message.id)));
    AddText("channel", std::move(message.channel), &entry);
    AddText("campaign", std::move(message.campaign), &entry);
    entry.emplace_back("state", Reply::Text(std::move(message.state)));
    AddTime("sent", message.sent, &entry);
    AddTime("delivered", message.delivered, &entry);
    AddTime("opened", message.opened, &entry);
    AddTime("clicked", message.clicked, &entry);
    AddTime("failed", message.failed, &entry);
    array.push_back(Reply(std::move(entry)));
  }
  return Reply(std::move(array));
}

Reply Interests(Profile* profile) {
  Reply::Map map;
  for (InterestEntry& interest : profile->interests) {
    Reply::Map shares;
    for (auto& [value, share] : interest.shares) {
      shares.emplace_back(std::move(value), Reply::Number(share));
    }
    map.emplace_back(std::move(interest.name), Reply(std::move(shares)));
  }
  return Reply(std::move(map));
}

Reply Notes(Profile* profile) {
  Reply::Array array;
  for (NoteEntry& note : profile->notes) {
    Reply::Map entry;
    entry.emplace_back("id", Reply::Text(EventIdText(note.id)));
    entry.emplace_back("text", Reply::Text(std::move(note.text)));
    entry.emplace_back("time", Reply::FromTime(note.time));
    AddText("actor", std::move(note.actor), &entry);
    array.push_back(Reply(std::move(entry)));
  }
  return Reply(std::move(array));
}

Reply Merged(Profile* profile) {
  Reply::Array array;
  for (const ProfileId id : profile->merged) array.push_back(Reply::Text(FormatProfileId(id)));
  return Reply(std::move(array));
}

Reply EventCounts(Profile* profile) {
  Reply::Map map;
  for (EventCount& count : profile->event_counts) {
    map.emplace_back(std::move(count.type), Reply::Unsigned(count.count));
  }
  return Reply(std::move(map));
}

// A section of the reply: its name, the work that it takes, and how it is shown. Null: nothing.
struct SectionForm {
  std::string_view name;
  uint32_t section;
  void (*add)(std::string_view name, Profile* profile, Reply::Map* map);
};

template <Reply (*kMake)(Profile*)>
void Add(std::string_view name, Profile* profile, Reply::Map* map) {
  AddFull(name, kMake(profile), map);
}

template <std::string Profile::*kMember>
void AddMember(std::string_view name, Profile* profile, Reply::Map* map) {
  AddText(name, std::move(profile->*kMember), map);
}

template <std::optional<Timestamp> Profile::*kMember>
void AddMemberTime(std::string_view name, Profile* profile, Reply::Map* map) {
  AddTime(name, profile->*kMember, map);
}

void AddStatus(std::string_view name, Profile* profile, Reply::Map* map) {
  map->emplace_back(name, Reply::Text(profile->archived ? "archived" : "active"));
}

void AddIdentified(std::string_view name, Profile* profile, Reply::Map* map) {
  map->emplace_back(name, Reply::Boolean(profile->identified_at.has_value()));
}

void AddCreatedAt(std::string_view name, Profile* profile, Reply::Map* map) {
  map->emplace_back(name, Reply::FromTime(profile->created_at));
}

void AddLabels(std::string_view name, Profile* profile, Reply::Map* map) {
  AddFull(name, TextList(std::move(profile->labels)), map);
}

void AddChannels(std::string_view name, Profile* profile, Reply::Map* map) {
  AddFull(name, Channels(profile), map);
  AddFull("channel_times", ChannelTimes(profile), map);
}

void AddSessions(std::string_view name, Profile* profile, Reply::Map* map) {
  if (profile->num_sessions != 0) map->emplace_back(name, Reply::Unsigned(profile->num_sessions));
  if (profile->agent_takeover) map->emplace_back("agent_takeover", Reply::Boolean(true));
}

void AddEngagement(std::string_view name, Profile* profile, Reply::Map* map) {
  if (!profile->engagement) return;
  Reply::Map entry;
  entry.emplace_back("level", Reply::Text(std::move(profile->engagement->level)));
  entry.emplace_back("points", Reply::Number(profile->engagement->points));
  map->emplace_back(name, Reply(std::move(entry)));
}

void AddSuspect(std::string_view name, Profile* profile, Reply::Map* map) {
  if (profile->suspect) map->emplace_back(name, Reply::Boolean(true));
}

void AddEvents(std::string_view name, Profile* profile, Reply::Map* map) {
  AddFull(name, EventList(std::move(profile->events)), map);
}

constexpr uint32_t Bit(Section section) { return static_cast<uint32_t>(section); }

// In the order of the reply.
constexpr SectionForm kSections[] = {
    {"version", 0, &AddMember<&Profile::version>},
    {"display_name", 0, &AddMember<&Profile::display_name>},
    {"status", 0, &AddStatus},
    {"identified", 0, &AddIdentified},
    {"identified_at", 0, &AddMemberTime<&Profile::identified_at>},
    {"created_via", 0, &AddMember<&Profile::created_via>},
    {"created_at", 0, &AddCreatedAt},
    {"first_seen", 0, &AddMemberTime<&Profile::first_seen>},
    {"last_seen", 0, &AddMemberTime<&Profile::last_seen>},
    {"identities", Bit(Section::kIdentities), &Add<Identities>},
    {"traits", Bit(Section::kTraits), &Add<Traits>},
    {"labels", Bit(Section::kLabels), &AddLabels},
    {"consent", Bit(Section::kConsent), &Add<Consents>},
    {"channels", Bit(Section::kChannels), &AddChannels},
    {"devices", Bit(Section::kChannels), &Add<Devices>},
    {"sessions", Bit(Section::kSessions), &AddSessions},
    {"goals", Bit(Section::kGoals), &Add<Goals>},
    {"campaigns", Bit(Section::kChannels), &Add<Campaigns>},
    {"messages", Bit(Section::kMessages), &Add<Messages>},
    {"interests", Bit(Section::kGoals), &Add<Interests>},
    {"engagement", Bit(Section::kGoals), &AddEngagement},
    {"notes", Bit(Section::kNotes), &Add<Notes>},
    {"merged", Bit(Section::kMerged), &Add<Merged>},
    {"suspect", 0, &AddSuspect},
    {"event_counts", Bit(Section::kEvents), &Add<EventCounts>},
    {"events", Bit(Section::kEvents), &AddEvents},
};

// What is asked for: all, or some sections.
struct Asked {
  GetOptions options;
  std::vector<const SectionForm*> sections;
};

absl::Status ReadSections(const std::vector<std::string>& names, Asked* asked) {
  asked->options.sections = 0;
  for (const std::string& name : names) {
    const auto form =
        std::find_if(std::begin(kSections), std::end(kSections),
                     [&](const SectionForm& known) { return known.name == ToLower(name); });
    if (form == std::end(kSections)) {
      std::string message = "unknown section: " + ShownName(name) + "; there are";
      for (const SectionForm& known : kSections) message += " " + std::string(known.name);
      return MakeError(ErrorCode::kErr, message);
    }
    asked->options.sections |= form->section;
    asked->sections.push_back(form);
  }
  const auto is_events = [](const SectionForm* form) { return form->name == "events"; };
  const bool events = std::any_of(asked->sections.begin(), asked->sections.end(), is_events);
  if (!events) asked->options.max_events = 0;
  return absl::OkStatus();
}

constexpr uint32_t kMaxShown = 10'000;

// Takes off EVENTS or MESSAGES with its number; both are also sections.
bool TakeNumber(std::string_view word, std::vector<std::string>* words, uint32_t* number_shown) {
  for (size_t i = 1; i + 1 < words->size(); ++i) {
    uint64_t number = 0;
    if (ToUpper((*words)[i]) != word || !ParseNumber((*words)[i + 1], &number)) continue;
    if (number > kMaxShown) return false;
    *number_shown = static_cast<uint32_t>(number);
    const auto at = words->begin() + static_cast<std::ptrdiff_t>(i);
    words->erase(at, at + 2);
    return true;
  }
  return true;
}

absl::StatusOr<Asked> ReadAsked(std::vector<std::string> words) {
  Asked asked;
  uint32_t max_events = asked.options.max_events;
  const bool fits = TakeNumber("EVENTS", &words, &max_events) &&
                    TakeNumber("MESSAGES", &words, &asked.options.max_messages);
  const bool sections = words.size() > 2 && ToUpper(words[1]) == "SECTIONS";
  if (!fits || (words.size() > 1 && !sections)) {
    return MakeError(ErrorCode::kErr,
                     "syntax error, expected SECTIONS and names, or EVENTS or MESSAGES and a "
                     "number up to " +
                         std::to_string(kMaxShown));
  }
  asked.options.max_events = max_events;
  if (sections) {
    absl::Status status = ReadSections({words.begin() + 2, words.end()}, &asked);
    if (!status.ok()) return status;
  } else {
    for (const SectionForm& form : kSections) asked.sections.push_back(&form);
  }
  return asked;
}

Reply ToReply(Profile profile, const std::vector<const SectionForm*>& sections) {
  Reply::Map map;
  map.emplace_back("profile", Reply::Text(FormatProfileId(profile.id)));
  if (profile.redirected_from) {
    map.emplace_back("redirected_from", Reply::Text(FormatProfileId(*profile.redirected_from)));
  }
  for (const SectionForm& form : kSections) {
    const bool asked = std::find(sections.begin(), sections.end(), &form) != sections.end();
    if (asked) form.add(form.name, &profile, &map);
  }
  return Reply(std::move(map));
}

Outcome Get(const Services& services, const Session&, const Request& request) {
  const absl::StatusOr<ProfileRef> ref = ParseProfileRef(request.words[0]);
  if (!ref.ok()) return Outcome(Reply::Error(ref.status()));
  const absl::StatusOr<Asked> asked = ReadAsked(request.words);
  if (!asked.ok()) return Outcome(Reply::Error(asked.status()));
  absl::StatusOr<GetResult> result = services.database->Get(*ref, asked->options);
  if (!result.ok()) return Outcome(Reply::Error(result.status()));
  Outcome outcome(ToReply(std::move(result->profile), asked->sections));
  outcome.lsn = result->lsn.value;
  outcome.durable = result->durable;
  outcome.json_payload = true;
  return outcome;
}

}  // namespace

void AddProfileCommands(CommandTable* table) {
  table->Add({.name = "GET",
              .usage = "profile [SECTIONS name...] [EVENTS n] [MESSAGES n]",
              .group = "profile",
              .summary = "Shows everything known of one profile, p12 or namespace:value, or "
                         "some sections of it",
              .arity = -2,
              .handler = &Get});
}

}  // namespace roster::server
