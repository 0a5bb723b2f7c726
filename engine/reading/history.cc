// SPDX-License-Identifier: Apache-2.0
#include "engine/reading/history.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <vector>

#include "engine/measures/carrying.h"
#include "engine/reading/profile_ref.h"
#include "engine/reading/said.h"
#include "engine/reading/traits.h"
#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/base/unicode.h"
#include "storage/memory/people/implied_time.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/people/own_records.h"

namespace roster {
namespace {

absl::StatusOr<std::vector<TraitId>> AskedTraits(const Schema& schema, const std::string& name) {
  std::vector<TraitId> traits;
  if (name.empty()) {
    for (size_t t = 0; t < schema.traits().size(); ++t) {
      if (IsOfClients(schema.traits()[t])) traits.push_back({static_cast<uint16_t>(t)});
    }
    return traits;
  }
  if (FindInvalidUtf8(name)) return MakeError(ErrorCode::kParse, "a trait is not valid UTF-8");
  const std::optional<TraitId> trait = schema.FindTrait(ToNfc(name));
  if (!trait || !IsOfClients(schema.trait(*trait))) {
    return MakeError(ErrorCode::kNoTrait, StrCat("unknown trait: ", name));
  }
  traits.push_back(*trait);
  return traits;
}

HistoryEntry EntryOf(const State& state, TraitId trait, TraitWrite write,
                     absl::Span<const Carried> carried) {
  auto from = CarriedFromOf(carried, state.schema->trait(trait).name, write.said);
  return {.trait = state.schema->trait(trait).name,
          .value = std::move(write.said.value),
          .time = SaidAt(write.said.time),
          .origin = OriginRef(state, write.said.origin),
          .profile = write.home,
          .carried = std::move(from)};
}

// What was shown at a time, as far as it is known by now; nothing when there was no value.
std::optional<HistoryEntry> AsOf(const State& state, TraitId trait, Timestamp time,
                                 std::vector<TraitWrite> writes,
                                 absl::Span<const Carried> carried) {
  const auto later = std::remove_if(writes.begin(), writes.end(), [&](const TraitWrite& write) {
    return SaidAt(write.said.time) > time;
  });
  writes.erase(later, writes.end());
  std::optional<FoldedTrait> shown = FoldWrites(state, trait, writes);
  if (!shown || IsMissing(shown->value)) return std::nullopt;
  TraitWrite write{{std::move(shown->value), shown->time, shown->origin}, {}};
  for (const TraitWrite& said : writes) {
    if (said.said.time == shown->time && said.said.origin == shown->origin) write.home = said.home;
  }
  return EntryOf(state, trait, std::move(write), carried);
}

std::vector<EditEntry> EditsOf(const State& state, RowId row) {
  std::vector<EditEntry> edits;
  for (const OwnRecord& record : OwnRecordsOf(state, row, kEditRecords)) {
    Value detail = record.Get("detail");
    auto* json = std::get_if<Json>(&detail);
    edits.push_back({.time = record.time(),
                     .actor = record.Text("actor"),
                     .action = record.Text("action"),
                     .detail = json != nullptr ? std::move(json->text) : std::string()});
  }
  std::reverse(edits.begin(), edits.end());
  return edits;
}

}  // namespace

absl::StatusOr<History> ReadHistory(const ReadView& view, RowId row,
                                    const HistoryOptions& options) {
  const State& state = view.state();
  ROSTER_ASSIGN_OR_RETURN(const std::vector<TraitId> traits,
                          AskedTraits(*state.schema, options.trait));
  const std::vector<Carried> carried = CarriedBefore(state, row);
  History history;
  for (const TraitId trait : traits) {
    std::vector<TraitWrite> writes = WritesOf(state, row, trait);
    if (options.as_of) {
      auto shown = AsOf(state, trait, *options.as_of, std::move(writes), carried);
      if (shown) history.traits.push_back(*std::move(shown));
      continue;
    }
    for (TraitWrite& write : writes) {
      if (IsImplied(write.said.time)) continue;  // an identity, nothing that was written
      history.traits.push_back(EntryOf(state, trait, std::move(write), carried));
    }
  }
  std::sort(history.traits.begin(), history.traits.end(),
            [](const HistoryEntry& a, const HistoryEntry& b) {
              return std::tie(a.time, a.trait, a.value) > std::tie(b.time, b.trait, b.value);
            });
  if (options.as_of || !options.trait.empty()) return history;
  for (const IdentityId id : state.identities.OfRow(row)) {
    const bool former = state.identities.StandingOf(id) == IdentityStanding::kFormer;
    if (former) history.identities.push_back(RefOf(state, id));
  }
  history.edits = EditsOf(state, row);
  history.consent = DecisionsOf(state, row);
  return history;
}

}  // namespace roster
