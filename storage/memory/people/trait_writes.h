// SPDX-License-Identifier: Apache-2.0
//
// All that was ever said of a profile's traits. Thread rule: pure functions of an immutable state.
// Source: trait_policy.h.
#ifndef ROSTER_STORAGE_MEMORY_PEOPLE_TRAIT_WRITES_H_
#define ROSTER_STORAGE_MEMORY_PEOPLE_TRAIT_WRITES_H_

#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "roster/value.h"
#include "storage/memory/people/trait_policy.h"
#include "storage/memory/read_view.h"

namespace roster {

// A write with how strong its origin is. One that is gone has no name, and is as strong as it was.
TraitRecord RecordOf(const State& state, Value value, const Stamp& stamp);

// One write of a trait with the profile id under which it came.
struct TraitWrite {
  TraitRecord said;
  ProfileId home;
};

// All that is kept of a trait, each once, in no order: its records, and its cell where that is no
// fold of several.
std::vector<TraitWrite> WritesOf(const State& state, RowId row, TraitId trait);

// What the trait's policy makes of writes, also of several profiles'.
std::optional<FoldedTrait> FoldWrites(const State& state, TraitId trait,
                                      absl::Span<const TraitWrite> writes);

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_PEOPLE_TRAIT_WRITES_H_
