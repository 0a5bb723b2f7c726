// SPDX-License-Identifier: Apache-2.0
#include "engine/reading/traits.h"

#include <algorithm>

#include "engine/reading/own_records.h"
#include "storage/memory/people/own_names.h"

namespace roster {
namespace {

// As the store takes it: an origin that is gone has no name, so that nothing tells it from none.
TraitRecord RecordOf(const State& state, Value value, const Stamp& stamp) {
  TraitRecord record{std::move(value), stamp.time};
  if (stamp.origin == kNoOrigin || !state.identities.IsAttached(stamp.origin)) return record;
  record.origin = stamp.origin;
  const IdentityName origin = state.identities.NameOf(stamp.origin);
  const NamespaceInfo& space = state.schema->name_space(origin.name_space);
  record.rank = space.rank;
  record.space = space.name;
  record.name = origin.value;
  return record;
}

}  // namespace

bool IsOfClients(const TraitInfo& info) { return !info.system && !IsOwnName(info.name); }

std::optional<TraitId> ImpliedTrait(const Schema& schema, NamespaceId space) {
  const std::optional<TraitId> trait = schema.FindTrait(schema.name_space(space).name);
  if (!trait) return std::nullopt;
  const TraitInfo& info = schema.trait(*trait);
  return IsOfClients(info) && info.type == ValueType::kText ? trait : std::nullopt;
}

std::vector<TraitWrite> WritesOf(const State& state, RowId row, TraitId trait) {
  const TraitInfo& info = state.schema->trait(trait);
  std::vector<TraitWrite> writes;
  for (const OwnRecord& record : OwnRecordsOf(state, row, TraitRecordsName(info.name))) {
    const Stamp said{record.time(), record.origin()};
    writes.push_back({RecordOf(state, record.Get("value"), said), record.home()});
  }
  const std::optional<Stamp> stamp = state.StampOf(trait, row);
  // What is shown may be a fold that nobody wrote.
  const bool none = info.policy != TraitPolicy::kLatest && !state.column(trait).Has(row);
  if (!stamp || ((Joins(info.policy) || none) && !writes.empty())) return writes;
  TraitRecord cell = RecordOf(state, state.column(trait).Get(row), *stamp);
  const bool kept = std::any_of(writes.begin(), writes.end(),
                                [&](const TraitWrite& write) { return IsSame(write.said, cell); });
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
