// SPDX-License-Identifier: Apache-2.0
//
// An event of a profile as the reading calls return it. Thread rule: pure functions of an immutable
// state.
#ifndef ROSTER_ENGINE_READING_EVENTS_H_
#define ROSTER_ENGINE_READING_EVENTS_H_

#include "roster/profile.h"
#include "storage/memory/people/found_events.h"
#include "storage/memory/read_view.h"

namespace roster {

// All of it, but for its session.
EventEntry ReadEvent(const State& state, RowId row, const FoundEvent& event);

}  // namespace roster

#endif  // ROSTER_ENGINE_READING_EVENTS_H_
