// SPDX-License-Identifier: Apache-2.0
//
// What a profile was: the records of its traits, its former identities, what was done by hand.
// Thread rule: pure functions of a view. Source: CAPABILITIES.md C13, C24.
#ifndef ROSTER_ENGINE_READING_HISTORY_H_
#define ROSTER_ENGINE_READING_HISTORY_H_

#include "absl/status/statusor.h"
#include "roster/profile.h"
#include "storage/memory/read_view.h"

namespace roster {

// Errors: NOTRAIT.
absl::StatusOr<History> ReadHistory(const ReadView& view, RowId row, const HistoryOptions& options);

}  // namespace roster

#endif  // ROSTER_ENGINE_READING_HISTORY_H_
