// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/people/trait_writes.h"

#include <algorithm>
#include <utility>

#include "storage/memory/people/own_names.h"
#include "storage/memory/people/own_records.h"

namespace roster {

TraitRecord RecordOf(const State& state, Value value, const Stamp& stamp) {
  TraitRecord record{std::move(value), stamp.time, stamp.origin};
  if (stamp.origin == kNoOrigin) return record;
  const auto name_space = state.identities.SpaceOf(stamp.origin);
  if (!name_space) return record;
  const NamespaceInfo& space = state.schema->name_space(*name_space);
  record.rank = space.rank;
  if (!state.identities.IsAttached(stamp.origin)) return record;
  record.space = space.name;
  record.name = state.identities.NameOf(stamp.origin).value;
  return record;
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

}  // namespace roster
