// SPDX-License-Identifier: Apache-2.0
//
// Two profiles side by side: what a merge would do, what the guard kept apart, what may be one.
// Thread rule: pure functions of a view. Source: IDENTITY.md R2, R17.
#ifndef ROSTER_ENGINE_READING_PAIRS_H_
#define ROSTER_ENGINE_READING_PAIRS_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "roster/profile.h"
#include "storage/memory/read_view.h"

namespace roster {

// `choices`: traits, and whether they are to be the loser's. Errors: NOTRAIT, CONFLICT.
absl::StatusOr<MergePreview> ReadMerge(const ReadView& view, RowId survivor, RowId loser,
                                       const std::vector<std::pair<std::string, bool>>& choices);

std::vector<ConflictEntry> ReadConflicts(const ReadView& view, std::optional<RowId> row,
                                         uint32_t limit);

std::vector<DuplicateEntry> ReadDuplicates(const ReadView& view, std::optional<RowId> row,
                                           uint32_t limit);

}  // namespace roster

#endif  // ROSTER_ENGINE_READING_PAIRS_H_
