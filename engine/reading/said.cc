// SPDX-License-Identifier: Apache-2.0
#include "engine/reading/said.h"

#include <algorithm>
#include <utility>

#include "storage/memory/people/consent.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/people/own_records.h"

namespace roster {
namespace {

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
  std::vector<ConsentEntry> consent;
  for (const StandingConsent& standing : ConsentStanding(state, row)) {
    consent.push_back(EntryOf(standing.record));
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
