// SPDX-License-Identifier: Apache-2.0
//
// What a merge by hand would do, from what both sides hold. Source: IDENTITY.md R5, R7, R17.
#include <algorithm>

#include "engine/commit/resolve.h"
#include "engine/reading/events.h"
#include "engine/reading/pairs.h"
#include "engine/reading/profile_ref.h"
#include "engine/reading/sessions.h"
#include "engine/reading/traits.h"
#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/base/unicode.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/people/own_records.h"

namespace roster {
namespace {

using Choices = std::vector<std::pair<std::string, bool>>;

absl::Status CheckChoices(const Schema& schema, const Choices& choices) {
  for (const auto& [name, of_loser] : choices) {
    if (FindInvalidUtf8(name)) return MakeError(ErrorCode::kParse, "a trait is not valid UTF-8");
    const std::optional<TraitId> trait = schema.FindTrait(ToNfc(name));
    if (trait && IsOfClients(schema.trait(*trait))) continue;
    return MakeError(ErrorCode::kNoTrait, StrCat("unknown trait: ", name));
  }
  return absl::OkStatus();
}

// The traits of which both sides have a value, and not the same. By name.
std::vector<MergePreview::Trait> Differing(const State& state, RowId survivor, RowId loser,
                                           const MergePlan& plan) {
  std::vector<MergePreview::Trait> traits;
  for (size_t t = 0; t < state.columns.size(); ++t) {
    const TraitId id{static_cast<uint16_t>(t)};
    const TraitInfo& info = state.schema->trait(id);
    const Column& column = state.column(id);
    if (!IsOfClients(info) || !column.Has(survivor) || !column.Has(loser)) continue;
    MergePreview::Trait trait{info.name, column.Get(survivor), column.Get(loser), false};
    if (trait.survivor == trait.loser) continue;
    std::vector<TraitWrite> writes = WritesOf(state, survivor, id);
    for (TraitWrite& write : WritesOf(state, loser, id)) writes.push_back(std::move(write));
    const std::optional<FoldedTrait> together = FoldWrites(state, id, writes);
    trait.keeps_loser = !together || together->value != trait.survivor;
    const auto chosen = [&](const std::vector<std::string>& names) {
      return std::find(names.begin(), names.end(), info.name) != names.end();
    };
    if (chosen(plan.of_survivor)) trait.keeps_loser = false;
    if (chosen(plan.of_loser)) trait.keeps_loser = true;
    traits.push_back(std::move(trait));
  }
  std::sort(traits.begin(), traits.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return traits;
}

}  // namespace

absl::StatusOr<MergePreview> ReadMerge(const ReadView& view, RowId survivor, RowId loser,
                                       const Choices& choices) {
  const State& state = view.state();
  if (survivor == loser) {
    return MakeError(ErrorCode::kConflict, "the two are one profile already");
  }
  ROSTER_RETURN_IF_ERROR(CheckChoices(*state.schema, choices));
  MergePreview preview;
  preview.plan = {.survivor = state.ProfileAt(survivor),
                  .loser = state.ProfileAt(loser),
                  .survivor_version = VersionOf(state, survivor),
                  .loser_version = VersionOf(state, loser),
                  .of_survivor = {},
                  .of_loser = {}};
  for (const auto& [name, of_loser] : choices) {
    (of_loser ? preview.plan.of_loser : preview.plan.of_survivor).push_back(ToNfc(name));
  }
  preview.traits = Differing(state, survivor, loser, preview.plan);
  for (const IdentityId id : state.identities.OfRow(loser)) {
    preview.num_identities += IsShown(state.identities.StandingOf(id));
  }
  const std::vector<FoundEvent> events = FindEvents(state, loser);
  preview.num_events = events.size();
  preview.num_sessions = Sessions(view, loser, events).size();
  preview.num_labels = LabelsOf(state, loser).size();
  preview.num_notes = OwnRecordsOf(state, loser, kNoteRecords).size();
  preview.conflicts = ConflictsOfMerge(state, preview.plan.survivor, preview.plan.loser);
  return preview;
}

}  // namespace roster
