// SPDX-License-Identifier: Apache-2.0
//
// The events of a profile that may be steps of a chain, in their order, and what has to be equal in
// all of them. What sequences and funnels have in common. Thread rule: as Operator.
// Source: LANGUAGE.md "Meaning", 5 and 6.
#ifndef ROSTER_QUERY_OPERATORS_STEPS_H_
#define ROSTER_QUERY_OPERATORS_STEPS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "query/bound.h"
#include "query/operators/event_filter.h"
#include "query/operators/event_order.h"
#include "query/operators/limits.h"
#include "query/operators/operator.h"

namespace roster::query {

// An event that passes a step. By place, then step.
struct StepHit {
  EventPlace place;
  uint32_t step = 0;
  uint32_t filter = 0;  // of the step
  const EventBlock* block = nullptr;
  EventRef event;
};

class Steps {
 public:
  Steps(BoundSequence bound, const ReadView& view, Preparation* preparation);

  uint32_t size() const { return static_cast<uint32_t>(events_.size()); }
  const EventSet& events(uint32_t step) const { return events_[step]; }
  bool IsNegated(uint32_t step) const { return bound_.steps[step].negated; }
  absl::TimeZone zone() const { return bound_.zone; }

  // Calls f(row offset, hits) for each of the rows of a chunk, also those without any. Requires:
  // the view of the planning.
  template <typename F>
  void ForEachRow(const ReadView& view, uint32_t chunk, const ChunkBits& rows, F&& f) const {
    for (const ChunkBits& slice : SlicesOf(view, chunk, rows)) {
      const std::vector<std::pair<uint32_t, StepHit>> hits = HitsIn(view, chunk, slice);
      size_t next = 0;
      slice.ForEach([&](uint32_t offset) {
        std::vector<StepHit> of_row;
        for (; next < hits.size() && hits[next].first == offset; ++next) {
          of_row.push_back(hits[next].second);
        }
        f(offset, of_row);
      });
    }
  }
  // The same of one row.
  std::vector<StepHit> HitsOf(const ReadView& view, RowId row) const;

  // What is equal in all steps, for each hit; nothing where a property is missing.
  std::vector<std::optional<std::string>> KeysOf(const ReadView& view, RowId row,
                                                 const std::vector<StepHit>& hits) const;
  // Until when the step may come that follows one at this time; nothing: for ever.
  std::optional<int64_t> LimitAfter(uint32_t step, int64_t time_ms) const;

  void AddDependencies(Dependencies* dependencies) const;

 private:
  // The rows in as many parts as it takes to hold the hits of one at a time, and not of all.
  std::vector<ChunkBits> SlicesOf(const ReadView& view, uint32_t chunk,
                                  const ChunkBits& rows) const;
  std::vector<std::pair<uint32_t, StepHit>> HitsIn(const ReadView& view, uint32_t chunk,
                                                   const ChunkBits& rows) const;

  BoundSequence bound_;  // steps without their events
  std::vector<EventSet> events_;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_OPERATORS_STEPS_H_
