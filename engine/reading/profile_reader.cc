// SPDX-License-Identifier: Apache-2.0
#include "engine/reading/profile_reader.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "engine/limits.h"
#include "engine/measures/carrying.h"
#include "engine/reading/events.h"
#include "engine/reading/messages.h"
#include "engine/reading/profile_ref.h"
#include "engine/reading/said.h"
#include "engine/reading/seen.h"
#include "engine/reading/sessions.h"
#include "engine/reading/timeline.h"
#include "engine/reading/traits.h"
#include "storage/base/status_macros.h"
#include "storage/memory/people/implied_time.h"
#include "storage/memory/people/merges.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/people/own_records.h"

namespace roster {
namespace {

std::optional<Timestamp> SystemTime(const State& state, TraitId trait, RowId row) {
  if (!state.column(trait).Has(row)) return std::nullopt;
  return Timestamp{state.column(trait).Bits(row)};
}

// R11.
bool IsSuspect(const State& state, RowId row) {
  const auto ids = state.identities.OfRow(row);
  const auto num_shown = std::count_if(ids.begin(), ids.end(), [&](IdentityId id) {
    return IsShown(state.identities.StandingOf(id));
  });
  return num_shown >= kMaxProfileIdentities || CountMerges(state, row) >= kMaxProfileMerges;
}

std::vector<IdentityEntry> ReadIdentities(const State& state, RowId row) {
  std::vector<std::tuple<uint8_t, std::string, IdentityEntry>> ranked;
  for (const IdentityId id : state.identities.OfRow(row)) {
    const IdentityStanding standing = state.identities.StandingOf(id);
    if (!IsShown(standing)) continue;
    const IdentityName name = state.identities.NameOf(id);
    ranked.emplace_back(state.schema->name_space(name.name_space).rank, std::string(name.value),
                        IdentityEntry{RefOf(state, id), standing == IdentityStanding::kRetired});
  }
  std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
  });
  std::vector<IdentityEntry> identities;
  for (auto& [rank, value, entry] : ranked) identities.push_back(std::move(entry));
  return identities;
}

std::vector<TraitEntry> ReadTraits(const State& state, RowId row) {
  std::vector<TraitEntry> traits;
  const std::vector<Carried> carried = CarriedBefore(state, row);
  for (size_t t = 0; t < state.columns.size(); ++t) {
    const TraitId id{static_cast<uint16_t>(t)};
    const Column& column = state.column(id);
    const TraitInfo& info = state.schema->trait(id);
    if (!IsOfClients(info) || !column.Has(row)) continue;
    const Stamp stamp = *state.StampOf(id, row);
    traits.push_back(
        {info.name, column.Get(row), SaidAt(stamp.time), OriginRef(state, stamp.origin), {}});
    const IdentityId origin = traits.back().origin ? stamp.origin : kNoOrigin;
    const TraitRecord said{traits.back().value, stamp.time, origin};
    traits.back().carried = CarriedFromOf(carried, info.name, said);
  }
  std::sort(traits.begin(), traits.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return traits;
}

std::vector<EventCount> CountEvents(const State& state, absl::Span<const FoundEvent> come) {
  std::map<std::string, uint64_t> counts;
  for (const FoundEvent& event : come) ++counts[state.schema->event(event.type).name];
  std::vector<EventCount> entries;
  for (const auto& [type, count] : counts) entries.push_back({type, count});
  return entries;
}

// With the session in which each was completed last.
std::vector<GoalEntry> GoalsOf(const Measures& measures, RowId row,
                               absl::Span<const FoundEvent> come, const Sessions& sessions) {
  std::vector<GoalEntry> goals;
  for (Measures::Completed& goal : measures.Goals(row)) {
    const auto is_last = [&](const FoundEvent& event) {
      return event.time == goal.entry.last && event.id == goal.id && event.type == goal.type;
    };
    const auto last = std::find_if(come.begin(), come.end(), is_last);
    if (last != come.end()) {
      const auto place = static_cast<size_t>(last - come.begin());
      goal.entry.last_session = sessions.IdOf(sessions.OfEvent(place));
    }
    goals.push_back(std::move(goal.entry));
  }
  return goals;
}

// The sections that are folds over events.
void ReadActivity(const ReadView& view, const Measures& measures, RowId row,
                  const GetOptions& options, const std::vector<FoundEvent>& events,
                  Profile* profile) {
  const auto asks = [&](Section section) {
    return (options.sections & static_cast<uint32_t>(section)) != 0;
  };
  const State& state = view.state();
  const absl::Span<const FoundEvent> come = ComeBy(events, view.clock());
  if (asks(Section::kChannels)) {
    profile->channels = ChannelsOf(view, row, come);
    profile->devices = DevicesOf(view, row, come);
    profile->campaigns = CampaignsOf(state, row, come);
  }
  if (asks(Section::kMessages)) {
    profile->messages = MessagesOf(state, row, come, options.max_messages);
  }
  if (asks(Section::kEvents)) profile->event_counts = CountEvents(state, come);
  const size_t num_shown = asks(Section::kEvents) ? options.max_events : 0;
  if (asks(Section::kGoals)) {
    profile->interests = measures.Interests(row);
    profile->engagement = measures.Engagement(row);
  }
  const bool asks_goals = asks(Section::kGoals) && measures.has_goals();
  if (num_shown == 0 && !asks_goals && !asks(Section::kSessions)) return;
  const Sessions sessions(view, row, events);
  for (size_t i = come.size(); i-- > 0 && profile->events.size() < num_shown;) {
    profile->events.push_back(ReadEvent(state, row, events, i, sessions));
  }
  if (asks_goals) profile->goals = GoalsOf(measures, row, come, sessions);
  if (!asks(Section::kSessions)) return;
  profile->num_sessions = sessions.size();
  profile->agent_takeover = sessions.AnyTakeover();
}

}  // namespace

absl::StatusOr<Profile> ReadProfile(const ReadView& view, const Definitions& definitions,
                                    const ProfileRef& ref, const GetOptions& options) {
  const auto asks = [&](Section section) {
    return (options.sections & static_cast<uint32_t>(section)) != 0;
  };
  const State& state = view.state();
  ROSTER_ASSIGN_OR_RETURN(const RowId row, FindRow(state, ref));
  const std::vector<FoundEvent> events = FindEvents(state, row);
  Profile profile;
  profile.id = state.ProfileAt(row);
  const auto* asked = std::get_if<ProfileId>(&ref);
  if (asked != nullptr && *asked != profile.id) profile.redirected_from = *asked;
  profile.version = VersionOf(state, row);
  profile.display_name = DisplayName(state, row);
  profile.archived = IsArchived(state, row);
  profile.suspect = IsSuspect(state, row);
  profile.identified_at = IdentifiedAt(state, row, events);
  profile.created_via = std::get<std::string>(state.column(kCreatedVia).Get(row));
  profile.created_at = SystemTime(state, kCreatedAt, row).value_or(Timestamp{});
  profile.first_seen = SystemTime(state, kFirstSeen, row);
  profile.last_seen = SystemTime(state, kLastSeen, row);
  if (asks(Section::kIdentities)) profile.identities = ReadIdentities(state, row);
  if (asks(Section::kTraits)) profile.traits = ReadTraits(state, row);
  if (asks(Section::kLabels)) profile.labels = LabelsOf(state, row);
  if (asks(Section::kConsent)) profile.consent = ConsentOf(state, row);
  if (asks(Section::kNotes)) profile.notes = NotesOf(state, row);
  if (asks(Section::kMerged)) profile.merged = MergedInto(state, row);
  ReadActivity(view, Measures(definitions, view), row, options, events, &profile);
  return profile;
}

}  // namespace roster
