// SPDX-License-Identifier: Apache-2.0
//
// Which rows have a chain of events in one session, as far as times say it: steps that come one
// after the other without a silence, by one identity. Thread rule: belongs to one evaluation.
#ifndef ROSTER_QUERY_STEPS_SAME_SESSION_H_
#define ROSTER_QUERY_STEPS_SAME_SESSION_H_

#include <cstdint>
#include <optional>

#include "absl/types/span.h"
#include "query/sessions/chunk_events.h"
#include "query/steps/step_run.h"
#include "storage/memory/bitmap.h"

namespace roster::query {

class SameSession {
 public:
  // Lifetime: the view outlives this.
  SameSession(const ReadView& view, uint32_t chunk);

  // Whether a session of the row holds such a chain, were nothing else asked of it; nothing where
  // sessions have to be cut for that. Shape: a run for each step.
  std::optional<bool> Holds(uint32_t offset, absl::Span<const StepRun> steps);

 private:
  ChunkEvents events_;
  const ChunkBits given_;  // rows with sessions that no silence ends
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_STEPS_SAME_SESSION_H_
