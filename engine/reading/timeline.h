// SPDX-License-Identifier: Apache-2.0
//
// A profile's events over all types, in the order of (time, id), with the session of each; and its
// sessions, which are a fold over them. Thread rule: pure functions of a view.
// Source: CAPABILITIES.md C14, C15; engine/README.md "People".
#ifndef ROSTER_ENGINE_READING_TIMELINE_H_
#define ROSTER_ENGINE_READING_TIMELINE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "roster/profile.h"
#include "storage/memory/read_view.h"

namespace roster {

// Errors: NOTRAIT (no such event type), CURSOR (not one of ours).
absl::StatusOr<Timeline> ReadTimeline(const ReadView& view, RowId row,
                                      const TimelineOptions& options);

std::vector<SessionEntry> ReadSessions(const ReadView& view, RowId row,
                                       const SessionsOptions& options);

}  // namespace roster

#endif  // ROSTER_ENGINE_READING_TIMELINE_H_
