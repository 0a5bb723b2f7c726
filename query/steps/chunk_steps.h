// SPDX-License-Identifier: Apache-2.0
//
// The events of one chunk that pass the steps of a chain: for each step the rows that have some,
// and for each row its runs. What is sealed is read in its place; only what a tail, a condition or
// several types break up is put in lists, row by row. Thread rule: belongs to one evaluation.
#ifndef ROSTER_QUERY_STEPS_CHUNK_STEPS_H_
#define ROSTER_QUERY_STEPS_CHUNK_STEPS_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "query/operators/event_filter.h"
#include "query/steps/step_run.h"

namespace roster::query {

class ChunkSteps {
 public:
  // Leaves the rows that have events of each of the first `num_required` steps. Lifetime: all
  // outlive this.
  ChunkSteps(absl::Span<const EventSet* const> steps, uint32_t num_required, const ReadView& view,
             uint32_t chunk, const ChunkBits& rows);

  // Takes away rows without a chain of events of the first steps, each after the one before and no
  // later than its length, as far as that is seen at once in what is sealed. Those that have one go
  // to `found`, unless it is null or events of theirs do not pass. Shape: `lengths_ms` has a length
  // for each step, that of the first is not looked at.
  void TakeChains(absl::Span<const uint64_t> lengths_ms, ChunkBits* found);

  // Calls f(row offset, runs) for each of the rows that are left. Shape: a run for each step.
  template <typename F>
  void ForEachRow(F&& f) {
    std::vector<uint16_t> offsets;
    rows_.ForEach([&](uint32_t offset) { offsets.push_back(static_cast<uint16_t>(offset)); });
    for (size_t i = 0; i < offsets.size(); ++i) {
      if (i + kRowsAhead < offsets.size()) Prefetch(offsets[i + kRowsAhead]);
      f(offsets[i], RunsOf(offsets[i]));
    }
  }

 private:
  // Runs of rows that have them lie apart, where the machine does not look ahead itself.
  static constexpr size_t kRowsAhead = 8;

  // The sealed events of one filter.
  struct Source {
    EventTypeId type;
    uint32_t filter;  // of the step
    const EventBlock* block;
    EventBits passed;
    bool all;  // of them pass
  };
  // What passes in the tails.
  struct TailHit {
    uint32_t offset;
    uint32_t step;
    StepHit hit;
  };

  void Select(const ReadView& view, uint32_t chunk, uint32_t step, const EventSet& events);
  // Which of the rows have a chain of sealed events, whether they pass or not, and which may have
  // one. Requires: each step has one type with sealed events; `bounds` hold the times of all.
  void FindChains(absl::Span<const uint64_t> lengths_ms, const IntBounds& bounds, ChunkBits* yes,
                  ChunkBits* maybe) const;
  // The rows with an event of a step.
  ChunkBits RowsOf(uint32_t step) const;
  void Prefetch(uint32_t offset) const;
  // Good until the next call. Requires: rows are asked for in ascending order.
  absl::Span<const StepRun> RunsOf(uint32_t offset);
  StepRun RunOf(uint32_t offset, uint32_t step, absl::Span<const TailHit> tail);

  ChunkBits rows_;
  std::vector<std::vector<Source>> sources_;  // by step
  std::vector<TailHit> tail_;                 // by row, then step, as they came
  ChunkBits with_tail_;                       // rows
  size_t next_tail_ = 0;                      // of the rows to come
  std::vector<StepRun> runs_;                 // of the last row
  std::vector<std::vector<StepHit>> lists_;   // what these are made of, by step
};

// All events of the types, whatever is asked of them: those among which one is chosen by its place.
BoundEventSet AllOf(const BoundEventSet& events);

// The events of one row that pass, in their order: by another road, as Matches does.
std::vector<StepHit> HitsOf(const EventSet& events, const ReadView& view, RowId row);

}  // namespace roster::query

#endif  // ROSTER_QUERY_STEPS_CHUNK_STEPS_H_
