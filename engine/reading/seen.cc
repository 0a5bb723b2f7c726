// SPDX-License-Identifier: Apache-2.0
#include "engine/reading/seen.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "engine/limits.h"
#include "engine/reading/profile_ref.h"
#include "engine/reading/traits.h"
#include "storage/base/text.h"
#include "storage/base/unicode.h"
#include "storage/memory/people/device_owners.h"
#include "storage/memory/people/implied_time.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/people/own_records.h"
#include "storage/memory/people/touch.h"

namespace roster {
namespace {

// First and last times by name.
class Times {
 public:
  void Know(std::string name) { entries_.try_emplace(std::move(name)); }
  void See(std::string name, Timestamp time) {
    Range& range = entries_[std::move(name)];
    if (!range.first || time < *range.first) range.first = time;
    if (!range.last || time > *range.last) range.last = time;
  }
  std::vector<SeenEntry> Entries() const {
    std::vector<SeenEntry> entries;
    for (const auto& [name, range] : entries_) entries.push_back({name, range.first, range.last});
    return entries;
  }

 private:
  struct Range {
    std::optional<Timestamp> first;
    std::optional<Timestamp> last;
  };
  std::map<std::string, Range> entries_;
};

NamespaceKind KindOf(const State& state, IdentityId id) {
  return state.schema->name_space(state.identities.NameOf(id).name_space).kind;
}

bool IsDevice(const State& state, IdentityId id) {
  if (id == kNoOrigin || !state.identities.IsAttached(id)) return false;
  return IsOfDevice(KindOf(state, id));
}

std::string Text(const State& state, IdentityId id) {
  const IdentityRef ref = RefOf(state, id);
  return StrCat(ref.space, ":", ref.value);
}

}  // namespace

std::vector<SeenEntry> ChannelsOf(const ReadView& view, RowId row,
                                  absl::Span<const FoundEvent> come) {
  Times times;
  const TextOfEvents channels(view.state(), row, kChannelProperty);
  for (const FoundEvent& event : come) {
    if (const auto channel = channels.Of(event)) times.See(std::string(*channel), event.time);
  }
  for (const OwnRecord& call : OwnRecordsOf(view.state(), row, kCallRecords)) {
    std::string channel = call.Text(kChannelProperty);
    const bool has_come = call.time() <= view.clock();
    if (has_come && !channel.empty()) times.See(std::move(channel), call.time());
  }
  return times.Entries();
}

std::vector<SeenEntry> DevicesOf(const ReadView& view, RowId row,
                                 absl::Span<const FoundEvent> come) {
  const State& state = view.state();
  Times times;
  for (const IdentityId id : state.identities.OfRow(row)) {
    const bool has = IsShown(state.identities.StandingOf(id)) && IsDevice(state, id);
    if (has) times.Know(Text(state, id));
  }
  for (const FoundEvent& event : come) {
    const IdentityId origin = OriginOf(state, row, event);
    if (IsDevice(state, origin)) times.See(Text(state, origin), event.time);
  }
  for (const OwnRecord& call : OwnRecordsOf(state, row, kCallRecords)) {
    const bool has_come = call.time() <= view.clock();
    if (has_come && IsDevice(state, call.origin())) {
      times.See(Text(state, call.origin()), call.time());
    }
  }
  for (const OwnRecord& mark : OwnRecordsOf(state, row, kDeviceRecords)) {
    const bool identify = mark.Integer("mark") == static_cast<int64_t>(DeviceMarkKind::kIdentify);
    if (!identify || !IsDevice(state, mark.origin())) continue;
    const std::string device = Text(state, mark.origin());
    times.Know(device);
    const bool is_time = mark.time().ms >= kMinTimeMs;  // else it holds for ever
    if (is_time && mark.time() <= view.clock()) times.See(device, mark.time());
  }
  return times.Entries();
}

std::vector<CampaignEntry> CampaignsOf(const State& state, RowId row,
                                       absl::Span<const FoundEvent> come) {
  const TextOfEvents campaigns(state, row, kCampaignProperty);
  std::map<std::pair<std::string, std::string>, CampaignEntry> met;
  for (const FoundEvent& event : come) {  // by time
    const auto name = campaigns.Of(event);
    if (!name) continue;
    const std::string touch(TouchOf(state.schema->event(event.type).name));
    const auto [entry, is_new] = met.try_emplace(
        {std::string(*name), touch}, CampaignEntry{std::string(*name), touch, event.time, {}});
    entry->second.last = event.time;
  }
  std::vector<CampaignEntry> entries;
  for (auto& [key, entry] : met) entries.push_back(std::move(entry));
  return entries;
}

std::optional<Timestamp> IdentifiedAt(const State& state, RowId row,
                                      absl::Span<const FoundEvent> events) {
  std::vector<IdentityId> persons;
  for (const IdentityId id : state.identities.OfRow(row)) {
    const bool has = IsShown(state.identities.StandingOf(id));
    if (has && KindOf(state, id) == NamespaceKind::kPerson) persons.push_back(id);
  }
  if (persons.empty()) return std::nullopt;
  std::optional<Timestamp> first;
  const auto see = [&](IdentityId origin, Timestamp time) {
    if (first && *first <= time) return;
    if (std::find(persons.begin(), persons.end(), origin) != persons.end()) first = time;
  };
  for (const FoundEvent& event : events) see(OriginOf(state, row, event), event.time);
  for (const OwnRecord& call : OwnRecordsOf(state, row, kCallRecords)) {
    see(call.origin(), call.time());
  }
  // As addresses of their own, beside a stronger one.
  for (const std::string_view name : {"email", "phone"}) {
    const std::optional<TraitId> trait = state.schema->FindTrait(name);
    if (!trait) continue;
    for (const TraitWrite& write : WritesOf(state, row, *trait)) {
      see(write.said.origin, SaidAt(write.said.time));
    }
  }
  if (first) return first;
  // By hand, then.
  const std::vector<OwnRecord> edits = OwnRecordsOf(state, row, kEditRecords);
  return edits.empty() ? Timestamp{state.column(kCreatedAt).Bits(row)} : edits.front().time();
}

}  // namespace roster
