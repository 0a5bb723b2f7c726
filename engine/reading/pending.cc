// SPDX-License-Identifier: Apache-2.0
#include "engine/reading/history.h"
#include "engine/reading/pairs.h"
#include "engine/reading/timeline.h"

namespace roster {
absl::StatusOr<Timeline> ReadTimeline(const ReadView&, RowId, const TimelineOptions&) { return Timeline{}; }
std::vector<SessionEntry> ReadSessions(const ReadView&, RowId, const SessionsOptions&) { return {}; }
absl::StatusOr<History> ReadHistory(const ReadView&, RowId, const HistoryOptions&) { return History{}; }
absl::StatusOr<MergePreview> ReadMerge(const ReadView&, RowId, RowId, const std::vector<std::pair<std::string, bool>>&) { return MergePreview{}; }
std::vector<ConflictEntry> ReadConflicts(const ReadView&, std::optional<RowId>, uint32_t) { return {}; }
std::vector<DuplicateEntry> ReadDuplicates(const ReadView&, std::optional<RowId>, uint32_t) { return {}; }
}  // namespace roster
