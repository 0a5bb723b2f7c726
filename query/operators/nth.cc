// SPDX-License-Identifier: Apache-2.0
#include "query/operators/nth.h"

#include <utility>

#include "query/steps/chunk_steps.h"

namespace roster::query {

NthOperator::NthOperator(BoundNth bound, const ReadView& view, Preparation* preparation)
    : place_(bound.place),
      said_(std::move(bound.said)),
      all_(AllOf(bound.events), view, preparation),
      events_(std::move(bound.events), view, preparation) {}

bool NthOperator::Holds(const StepRun& passed, const StepRun& all) const {
  const std::optional<EventPlace> chosen = Chosen(all, place_);
  if (!chosen) return false;
  uint32_t low = 0;
  uint32_t high = passed.size();
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (passed.PlaceAt(middle) < *chosen) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < passed.size() && passed.PlaceAt(low) == *chosen;
}

void NthOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  ChunkSteps steps({&events_, &all_}, 1, view, chunk, *rows);
  rows->ClearAll();
  steps.ForEachRow([&](uint32_t offset, absl::Span<const StepRun> runs) {
    rows->Assign(offset, Holds(runs[0], runs[1]));
  });
}

bool NthOperator::Matches(const ReadView& view, RowId row) const {
  const std::vector<StepHit> passed = HitsOf(events_, view, row);
  const std::vector<StepHit> all = HitsOf(all_, view, row);
  return Holds(StepRun(passed), StepRun(all));
}

}  // namespace roster::query
