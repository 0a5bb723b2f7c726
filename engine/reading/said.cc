// SPDX-License-Identifier: Apache-2.0
#include "engine/reading/said.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "engine/reading/own_records.h"
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

ConsentEntry EntryOf(const OwnRecord& record) {
  return {.channel = record.Text("channel"),
          .decision = static_cast<Decision>(record.Integer("decision")),
          .time = record.time(),
          .address = record.Text("address"),
          .policy = record.Text("policy"),
          .version = record.Text("version"),
          .source = record.Text("source"),
          .actor = record.Text("actor")};
}

}  // namespace

std::vector<ConsentEntry> ConsentOf(const State& state, RowId row) {
  // By channel, and address or home.
  std::map<std::tuple<std::string, std::string, ProfileId>, ConsentEntry> latest;
  for (const OwnRecord& record : OwnRecordsOf(state, row, kConsentRecords)) {
    ConsentEntry entry = EntryOf(record);
    const ProfileId home = entry.address.empty() ? record.home() : ProfileId{};
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

std::vector<ConsentEntry> DecisionsOf(const State& state, RowId row) {
  std::vector<ConsentEntry> decisions;
  for (const OwnRecord& record : OwnRecordsOf(state, row, kConsentRecords)) {
    ConsentEntry entry = EntryOf(record);
    if (std::find(decisions.begin(), decisions.end(), entry) != decisions.end()) continue;
    decisions.push_back(std::move(entry));
  }
  std::reverse(decisions.begin(), decisions.end());
  return decisions;
}

std::vector<NoteEntry> NotesOf(const State& state, RowId row) {
  std::vector<NoteEntry> notes;
  for (const OwnRecord& record : OwnRecordsOf(state, row, kNoteRecords)) {
    notes.push_back({.id = record.id().value,
                     .text = record.Text("text"),
                     .actor = record.Text("actor"),
                     .time = record.time()});
  }
  return notes;
}

std::vector<ProfileId> MergedInto(const State& state, RowId row) {
  std::vector<ProfileId> merged;
  for (const OwnRecord& record : OwnRecordsOf(state, row, kMergeRecords)) {
    merged.push_back({record.id().value});
  }
  std::sort(merged.begin(), merged.end());
  return merged;
}

}  // namespace roster
