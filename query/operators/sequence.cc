// SPDX-License-Identifier: Apache-2.0
#include "query/operators/sequence.h"

#include <algorithm>
#include <utility>

#include "query/window.h"

namespace roster::query {

SequenceOperator::SequenceOperator(BoundSequence bound, const ReadView& view,
                                   Preparation* preparation)
    : start_(bound.start),
      place_(bound.place),
      said_(bound.said),
      steps_(std::move(bound), view, preparation) {}

void SequenceOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  const uint32_t num_required = steps_.size() - (steps_.IsNegated(steps_.size() - 1) ? 1 : 0);
  ChunkBits passed;
  steps_.ForEachRow(num_required, view, chunk, *rows,
                    [&](uint32_t offset, absl::Span<const StepRun> runs) {
                      if (Holds(view, RowAt(chunk, offset), runs)) passed.Set(offset);
                    });
  *rows = passed;
}

bool SequenceOperator::Matches(const ReadView& view, RowId row) const {
  const auto hits = steps_.HitsOf(view, row);
  return Holds(view, row, Steps::RunsOf(hits));
}

bool SequenceOperator::Holds(const ReadView& view, RowId row,
                             absl::Span<const StepRun> runs) const {
  const bool every = start_ == ast::Start::kEvery;
  std::optional<EventPlace> chosen;
  if (start_ == ast::Start::kNth) {
    chosen = Chosen(runs.back(), place_);
    if (!chosen) return false;
  }
  size_t num_begun = 0;
  steps_.ForEachGroup(view, row, runs, [&](absl::Span<const StepRun> group) {
    if (num_begun != 0 && !every) return;
    num_begun += NumBegun(view.clock(), group, chosen ? &*chosen : nullptr);
  });
  return num_begun != 0 && (!every || num_begun == runs[0].size());
}

// From the last step to the first: of each step those events are kept that begin the rest of a
// chain, and counted of the first one.
size_t SequenceOperator::NumBegun(Timestamp now, absl::Span<const StepRun> runs,
                                  const EventPlace* chosen) const {
  StepPoints next;
  const uint32_t last = steps_.size() - 1;
  for (uint32_t i = runs[last].size(); i-- > 0;) next.push_back({runs[last].TimeAt(i), i});
  StepPoints kept;
  for (uint32_t step = last; step-- > 0;) {
    kept.clear();
    Keep(step, now, runs, next, step == 0 ? chosen : nullptr, &kept);
    if (kept.empty()) return 0;
    std::swap(kept, next);
  }
  return next.size();
}

// An event begins the rest of a chain when the earliest of the next step's events that were kept
// and come after it comes in time, for no later one is nearer. Both lists are walked from their
// ends, once.
void SequenceOperator::Keep(uint32_t step, Timestamp now, absl::Span<const StepRun> runs,
                            const StepPoints& next, const EventPlace* chosen,
                            StepPoints* kept) const {
  const StepRun run = runs[step];
  const bool negated = steps_.IsNegated(step + 1);
  const bool one_is_enough = step == 0 && start_ != ast::Start::kEvery;
  size_t num_after = 0;
  for (uint32_t i = run.size(); i-- > 0;) {
    if (chosen != nullptr && run.PlaceAt(i) != *chosen) continue;
    const StepPoint point{run.TimeAt(i), i};
    while (num_after < next.size() && ComesAfter(runs[step + 1], next[num_after], run, point)) {
      ++num_after;
    }
    if (num_after == 0 && !negated) continue;
    const int64_t limit_ms = steps_.LimitAfter(step, point.time_ms);
    const bool comes = num_after != 0 && next[num_after - 1].time_ms <= limit_ms;
    if (negated ? comes || limit_ms == Steps::kForEver || now.ms < limit_ms : !comes) continue;
    kept->push_back(point);
    if (one_is_enough) return;
  }
}

std::optional<Timestamp> SequenceOperator::NextChange(const ReadView& view, RowId row) const {
  std::optional<Timestamp> next;
  for (uint32_t s = 0; s < steps_.size(); ++s) {
    next = Earlier(next, steps_.events(s).NextChange(view, row));
  }
  if (!steps_.IsNegated(steps_.size() - 1)) return next;
  // What did not come is known when its time is over.
  const auto last = steps_.size() - 2;
  steps_.events(last).ForEachOf(view, row, [&](const EventBlock& block, EventRef event) {
    const int64_t limit_ms = steps_.LimitAfter(last, TimeOf(block, event).ms);
    if (limit_ms == Steps::kForEver || limit_ms <= view.clock().ms) return;
    next = Earlier(next, Timestamp{limit_ms});
  });
  return next;
}

// --- Resumed ---

ResumedOperator::ResumedOperator(BoundResumed bound, const ReadView& view, Preparation* preparation)
    : bound_(std::move(bound)), events_({std::exchange(bound_.events, {})}, view, preparation) {}

bool ResumedOperator::Holds(const StepRun& run, Timestamp now) const {
  const TimeRange range = bound_.window.UntilNow(now);
  for (uint32_t i = 1; i < run.size(); ++i) {
    const int64_t time_ms = run.TimeAt(i);
    if (!range.Contains(time_ms)) continue;
    if (After({run.TimeAt(i - 1)}, bound_.silence, bound_.zone) <= time_ms) return true;
  }
  return false;
}

void ResumedOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  ChunkSteps steps({&events_}, 1, view, chunk, *rows);
  rows->ClearAll();
  steps.ForEachRow([&](uint32_t offset, absl::Span<const StepRun> runs) {
    rows->Assign(offset, Holds(runs[0], view.clock()));
  });
}

bool ResumedOperator::Matches(const ReadView& view, RowId row) const {
  const std::vector<StepHit> hits = HitsOf(events_, view, row);
  return Holds(StepRun(hits), view.clock());
}

std::optional<Timestamp> ResumedOperator::NextChange(const ReadView& view, RowId row) const {
  std::optional<Timestamp> next = events_.NextChange(view, row);
  events_.ForEachOf(view, row, [&](const EventBlock& block, EventRef event) {
    next = Earlier(next, bound_.window.NextChange(view.clock(), TimeOf(block, event).ms));
  });
  return next;
}

}  // namespace roster::query
