// SPDX-License-Identifier: Apache-2.0
//
// How large a commit can become, before anything of it is done. Thread rule: the writer's.
// Source: engine/README.md "Writes", Reserve.
#ifndef ROSTER_ENGINE_COMMIT_BOUND_H_
#define ROSTER_ENGINE_COMMIT_BOUND_H_

#include <cstddef>

#include "engine/commit/check_item.h"
#include "storage/memory/read_view.h"

namespace roster {

// What a command may declare beside what it names, once each, whoever is merged or moved first: a
// type for the records of every trait, a home for everything; the header, and what is due.
// Cost: O(1).
size_t DeclarationBytes(const Schema& schema);

// At least what the item becomes in a commit on this state, beside that.
// Cost: O(what it says); of commands on one profile also O(the profile's records of the kind).
size_t CommitBytes(const CheckedItem& item, const State& state);

}  // namespace roster

#endif  // ROSTER_ENGINE_COMMIT_BOUND_H_
