// SPDX-License-Identifier: Apache-2.0
//
// What was said of a profile by hand, as folds over its records: consent and notes (labels are in
// own_records.h); and who was merged into it. Thread rule: pure functions of an immutable state.
// Source: IDENTITY.md R6, R7; engine/README.md "People: reading".
#ifndef ROSTER_ENGINE_READING_SAID_H_
#define ROSTER_ENGINE_READING_SAID_H_

#include <vector>

#include "roster/profile.h"
#include "storage/memory/read_view.h"

namespace roster {

// For each channel: the latest decision of each address, and of each home without one; of these the
// most guarded. By channel.
std::vector<ConsentEntry> ConsentOf(const State& state, RowId row);

// All that was ever decided, newest first; what was written for several homes once.
std::vector<ConsentEntry> DecisionsOf(const State& state, RowId row);

// Oldest first.
std::vector<NoteEntry> NotesOf(const State& state, RowId row);

// Ascending.
std::vector<ProfileId> MergedInto(const State& state, RowId row);

}  // namespace roster

#endif  // ROSTER_ENGINE_READING_SAID_H_
