// SPDX-License-Identifier: Apache-2.0
#include "engine/reading/said.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "engine/reading/records.h"
#include "storage/base/text.h"
#include "storage/memory/people/own_names.h"

namespace roster {
namespace {

// The greater one stays.
int Guard(Decision decision) {
  switch (decision) {
    case Decision::kGranted:
      return 0;
    case Decision::kUnknown:
      return 1;
    case Decision::kWithdrawn:
      return 2;
  }
  return 1;
}

ConsentEntry ConsentAt(const Records& records, size_t i) {
  const auto text = [&](std::string_view name) { return records.Get<std::string>(i, name); };
  return {.channel = text("channel"),
          .decision = static_cast<Decision>(records.Get<int64_t>(i, "decision")),
          .time = records.TimeAt(i),
          .address = text("address"),
          .policy = text("policy"),
          .version = text("version"),
          .source = text("source")};
}

}  // namespace

std::map<std::string, std::set<ProfileId>> LabelsOf(const State& state, RowId row) {
  const Records records(state, row, kLabelRecords);
  std::map<std::pair<std::string, ProfileId>, bool> last;  // records are by time
  for (size_t i = 0; i < records.size(); ++i) {
    last[{records.Get<std::string>(i, "label"), records.HomeAt(i)}] =
        records.Get<bool>(i, "added");
  }
  std::map<std::string, std::set<ProfileId>> labels;
  for (const auto& [of, added] : last) {
    if (added) labels[of.first].insert(of.second);
  }
  return labels;
}

std::vector<ConsentEntry> ConsentOf(const State& state, RowId row) {
  const Records records(state, row, kConsentRecords);
  // By channel, and address or home.
  std::map<std::tuple<std::string, std::string, ProfileId>, ConsentEntry> latest;
  for (size_t i = 0; i < records.size(); ++i) {
    ConsentEntry entry = ConsentAt(records, i);
    const ProfileId home = entry.address.empty() ? records.HomeAt(i) : ProfileId{};
    const auto [known, is_new] = latest.try_emplace({entry.channel, entry.address, home}, entry);
    const auto later = [](const ConsentEntry& a, const ConsentEntry& b) {
      return std::pair(a.time, Guard(a.decision)) < std::pair(b.time, Guard(b.decision));
    };
    if (!is_new && later(known->second, entry)) known->second = std::move(entry);
  }
  std::vector<ConsentEntry> consent;
  for (auto& [of, entry] : latest) {
    if (consent.empty() || consent.back().channel != entry.channel) {
      consent.push_back(std::move(entry));
      continue;
    }
    const auto guarded = [](const ConsentEntry& a, const ConsentEntry& b) {
      return std::pair(Guard(a.decision), a.time) < std::pair(Guard(b.decision), b.time);
    };
    if (guarded(consent.back(), entry)) consent.back() = std::move(entry);
  }
  return consent;
}

std::vector<NoteEntry> NotesOf(const State& state, RowId row) {
  const Records records(state, row, kNoteRecords);
  std::vector<NoteEntry> notes;
  for (size_t i = 0; i < records.size(); ++i) {
    notes.push_back({.id = records.IdAt(i).value,
                     .text = records.Get<std::string>(i, "text"),
                     .actor = records.Get<std::string>(i, "actor"),
                     .time = records.TimeAt(i)});
  }
  return notes;
}

std::vector<ProfileId> MergedInto(const State& state, RowId row) {
  const Records records(state, row, kMergeRecords);
  std::vector<ProfileId> merged;
  for (size_t i = 0; i < records.size(); ++i) merged.push_back({records.IdAt(i).value});
  std::sort(merged.begin(), merged.end());
  return merged;
}

}  // namespace roster
