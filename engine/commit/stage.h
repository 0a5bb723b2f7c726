// SPDX-License-Identifier: Apache-2.0
//
// One item of a command into mutations: everything that can be refused is refused before the draft
// is touched. Thread rule: the writer's. Source: engine/README.md "Writes".
#ifndef ROSTER_ENGINE_COMMIT_STAGE_H_
#define ROSTER_ENGINE_COMMIT_STAGE_H_

#include "absl/status/statusor.h"
#include "engine/commit/draft.h"
#include "roster/write.h"

namespace roster {

// Makes event ids for events whose client gave none: ascending, also over restarts, since they
// begin with the clock that never goes back.
class EventIdSource {
 public:
  EventId Next(Timestamp clock);

 private:
  uint64_t last_ = 0;
};

// What an item is staged against.
struct StageContext {
  Timestamp clock;  // the receive time, of items that have none of their own
  EventIdSource* ids = nullptr;
};

// Adds the item's mutations to the draft. An error leaves the draft as it was.
// Errors: NOIDENTITY, NOTRAIT, TYPE, LIMIT, PARSE.
absl::StatusOr<ItemResult> StageItem(const WriteItem& item, const StageContext& context,
                                     Draft* draft);

}  // namespace roster

#endif  // ROSTER_ENGINE_COMMIT_STAGE_H_
