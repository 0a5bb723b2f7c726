// SPDX-License-Identifier: Apache-2.0
//
// did "cart" then "order" within 1 day: events that follow each other, found in one pass from the
// last event to the first. resumed "login" after 30 days: an event after a silence.
// Thread rule: as Operator. Source: LANGUAGE.md "Meaning", 5 and 6.
#ifndef ROSTER_QUERY_OPERATORS_SEQUENCE_H_
#define ROSTER_QUERY_OPERATORS_SEQUENCE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "query/bound.h"
#include "query/operators/event_filter.h"
#include "query/operators/event_order.h"
#include "query/operators/limits.h"
#include "query/operators/operator.h"

namespace roster::query {

class SequenceOperator : public Operator {
 public:
  SequenceOperator(BoundSequence bound, const ReadView& view, Preparation* preparation);

  void Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const override;
  bool Matches(const ReadView& view, RowId row) const override;
  std::optional<Timestamp> NextChange(const ReadView& view, RowId row) const override;
  std::string Describe(const Schema&) const override { return bound_.said; }
  void AddDependencies(Dependencies* dependencies) const override;

 private:
  // An event that passes a step. By place, then step.
  struct Hit {
    EventPlace place;
    uint32_t step = 0;
    uint32_t filter = 0;  // of the step
    const EventBlock* block = nullptr;
    EventRef event;
  };

  // Whether the hits of one row hold such a sequence. Shape: sorted.
  bool Holds(const ReadView& view, RowId row, const std::vector<Hit>& hits) const;
  // What is equal in all steps, for each hit; nothing where a property is missing.
  std::vector<std::optional<std::string>> KeysOf(const ReadView& view, RowId row,
                                                 const std::vector<Hit>& hits) const;
  // Until when the step may come that follows one at this time; nothing: for ever.
  std::optional<int64_t> LimitAfter(uint32_t step, int64_t time_ms) const;

  BoundSequence bound_;  // steps without their events
  std::vector<EventSet> steps_;
};

class ResumedOperator : public Operator {
 public:
  ResumedOperator(BoundResumed bound, const ReadView& view, Preparation* preparation);

  void Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const override;
  bool Matches(const ReadView& view, RowId row) const override;
  std::optional<Timestamp> NextChange(const ReadView& view, RowId row) const override;
  std::string Describe(const Schema&) const override { return bound_.said; }
  void AddDependencies(Dependencies* dependencies) const override {
    dependencies->events.push_back(events_.event());
  }

 private:
  // Shape: times of one row, ascending.
  bool Holds(const std::vector<int64_t>& times, Timestamp now) const;

  BoundResumed bound_;  // without its events
  EventFilter events_;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_OPERATORS_SEQUENCE_H_
