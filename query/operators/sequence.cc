// SPDX-License-Identifier: Apache-2.0
#include "query/operators/sequence.h"

#include <algorithm>
#include <utility>

#include "query/window.h"

namespace roster::query {
namespace {

// The events of a row from the last to the first, for those of the first step that begin a chain.
// An event begins the rest of a chain when the earliest event of the next step that does, of those
// that come after it, comes in time, for no later one is nearer. Each step is walked once, and no
// further than the step before asks: most chains are found near the end.
class ChainWalk {
 public:
  // `chosen`: the only first event that counts; null: each does. Lifetime: all outlive this.
  ChainWalk(const Steps& steps, Timestamp now, absl::Span<const StepRun> runs,
            const EventPlace* chosen)
      : steps_(steps), now_(now), runs_(runs), chosen_(chosen), levels_(steps.size()) {
    for (uint32_t step = steps.size(); step-- > 0;) {
      levels_[step].num_left = runs[step].size();
      if (step > 0) Find(step);
    }
  }

  // Whether there is another first event.
  bool FindNext() {
    Find(0);
    return levels_[0].found.has_value();
  }

 private:
  struct Level {
    uint32_t num_left = 0;            // events that were not looked at yet
    std::optional<StepPoint> found;   // the last one that begins the rest of a chain
    std::optional<StepPoint> before;  // the one before that: it comes after what is asked about
  };

  void Find(uint32_t step) {
    Level& level = levels_[step];
    const StepRun& run = runs_[step];
    level.found.reset();
    while (level.num_left > 0) {
      const uint32_t i = --level.num_left;
      if (step == 0 && chosen_ != nullptr && run.PlaceAt(i) != *chosen_) continue;
      const StepPoint point{run.TimeAt(i), i};
      if (step + 1 != steps_.size() && !IsFollowed(step, point)) continue;
      level.found = point;
      return;
    }
  }

  bool IsFollowed(uint32_t step, StepPoint point) {
    Level& next = levels_[step + 1];
    while (next.found && ComesAfter(runs_[step + 1], *next.found, runs_[step], point)) {
      next.before = next.found;
      Find(step + 1);
    }
    const bool negated = steps_.IsNegated(step + 1);
    if (!next.before && !negated) {
      if (!next.found) levels_[step].num_left = 0;  // nor is any event before this one
      return false;
    }
    const int64_t limit_ms = steps_.LimitAfter(step, point.time_ms);
    const bool comes = next.before && next.before->time_ms <= limit_ms;
    if (!negated) return comes;
    return !comes && limit_ms != Steps::kForEver && now_.ms >= limit_ms;
  }

  const Steps& steps_;
  const Timestamp now_;
  const absl::Span<const StepRun> runs_;
  const EventPlace* const chosen_;
  absl::InlinedVector<Level, 4> levels_;  // by step
};

}  // namespace

SequenceOperator::SequenceOperator(BoundSequence bound, const ReadView& view,
                                   Preparation* preparation)
    : start_(bound.start),
      place_(bound.place),
      said_(bound.said),
      steps_(std::move(bound), view, preparation) {}

void SequenceOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  const uint32_t num_required = steps_.size() - (steps_.IsNegated(steps_.size() - 1) ? 1 : 0);
  const bool is_plain = start_ == ast::Start::kSome && steps_.IsPlain();
  ChunkBits passed;
  steps_.ForEachRow(num_required, view, chunk, *rows, is_plain ? &passed : nullptr,
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
    ChainWalk walk(steps_, view.clock(), group, chosen ? &*chosen : nullptr);
    while (walk.FindNext()) {
      ++num_begun;
      if (!every) return;
    }
  });
  return num_begun != 0 && (!every || num_begun == runs[0].size());
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
