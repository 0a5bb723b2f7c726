// SPDX-License-Identifier: Apache-2.0
//
// Pages of a profile's events over all types, each with its session; and lists of its sessions.
// Thread rule: pure functions of a view. Source: CAPABILITIES.md C14, C15.
#ifndef ROSTER_ENGINE_READING_TIMELINE_H_
#define ROSTER_ENGINE_READING_TIMELINE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/measures/measures.h"
#include "engine/reading/events.h"
#include "engine/reading/sessions.h"
#include "roster/profile.h"
#include "storage/memory/read_view.h"

namespace roster {

// A page goes on behind the last event of the one before, wherever that is by then: what came
// meanwhile is on it when it lies behind. Errors: NOTRAIT (no such event type), PARSE (a cursor
// that is not one of ours).
absl::StatusOr<Timeline> ReadTimeline(const ReadView& view, RowId row,
                                      const TimelineOptions& options);

// One of FindEvents with its session. `event`: its place in `events`; it has come.
EventEntry ReadEvent(const State& state, RowId row, absl::Span<const FoundEvent> events,
                     size_t event, const Sessions& sessions);

// By their end, newest first, those without an end last; then by id.
std::vector<SessionEntry> ReadSessions(const ReadView& view, const Definitions& definitions,
                                       RowId row, const SessionsOptions& options);

}  // namespace roster

#endif  // ROSTER_ENGINE_READING_TIMELINE_H_
