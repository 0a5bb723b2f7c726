// SPDX-License-Identifier: Apache-2.0
#include "engine/reading/traits.h"

#include <algorithm>

#include "engine/reading/own_records.h"
#include "storage/memory/people/own_names.h"

namespace roster {
namespace {

TraitRecord RecordOf(const State& state, Value value, const Stamp& stamp) {
  TraitRecord record{std::move(value), stamp.time, stamp.origin};
  if (stamp.origin == kNoOrigin || !state.identities.IsAttached(stamp.origin)) return record;
  const NamespaceId space = state.identities.NameOf(stamp.origin).name_space;
  record.rank = state.schema->name_space(space).rank;
  return record;
}

bool SaysTheSame(const TraitRecord& a, const TraitRecord& b) {
  return a.time == b.time && a.origin == b.origin && a.value == b.value;
}

}  // namespace

bool IsOfClients(const TraitInfo& info) { return !info.system && !IsOwnName(info.name); }

std::vector<TraitWrite> WritesOf(const State& state, RowId row, TraitId trait) {
  const TraitInfo& info = state.schema->trait(trait);
  std::vector<TraitWrite> writes;
  for (const OwnRecord& record : OwnRecordsOf(state, row, TraitRecordsName(info.name))) {
    const Stamp said{record.time(), record.origin()};
    writes.push_back({RecordOf(state, record.Get("value"), said), record.home()});
  }
  const std::optional<Stamp> stamp = state.StampOf(trait, row);
  const bool joins = info.policy == TraitPolicy::kSum || info.policy == TraitPolicy::kUnion;
  if (!stamp || (joins && !writes.empty())) return writes;
  TraitRecord cell = RecordOf(state, state.column(trait).Get(row), *stamp);
  const bool kept = std::any_of(writes.begin(), writes.end(), [&](const TraitWrite& write) {
    return SaysTheSame(write.said, cell);
  });
  if (!kept) writes.push_back({std::move(cell), HomeByOrigin(state, row, stamp->origin)});
  return writes;
}

std::optional<FoldedTrait> FoldWrites(const State& state, TraitId trait,
                                      absl::Span<const TraitWrite> writes) {
  std::vector<TraitRecord> records;
  for (const TraitWrite& write : writes) records.push_back(write.said);
  return FoldTrait(state.schema->trait(trait).policy, records);
}

std::string TextTrait(const State& state, RowId row, std::string_view name) {
  const std::optional<TraitId> trait = state.schema->FindTrait(name);
  if (!trait) return {};
  Value value = state.column(*trait).Get(row);
  auto* text = std::get_if<std::string>(&value);
  return text != nullptr ? std::move(*text) : std::string();
}

std::string NameOf(const State& state, RowId row) {
  std::string name = TextTrait(state, row, "name");
  if (!name.empty()) return name;
  name = TextTrait(state, row, "first_name");
  const std::string last = TextTrait(state, row, "last_name");
  if (!name.empty() && !last.empty()) name += " ";
  return name + last;
}

std::string DisplayName(const State& state, RowId row) {
  std::string shown = NameOf(state, row);
  if (shown.empty()) shown = TextTrait(state, row, "email");
  if (shown.empty()) shown = TextTrait(state, row, "phone");
  if (!shown.empty()) return shown;
  const std::optional<NamespaceId> external = state.schema->FindNamespace("external_id");
  for (const IdentityId id : state.identities.OfRow(row)) {
    const IdentityName name = state.identities.NameOf(id);
    if (name.name_space == external &&
        state.identities.StandingOf(id) == IdentityStanding::kActive) {
      return std::string(name.value);
    }
  }
  return {};
}

}  // namespace roster
