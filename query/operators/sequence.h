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

#include "absl/types/span.h"
#include "query/bound.h"
#include "query/operators/event_filter.h"
#include "query/operators/limits.h"
#include "query/operators/operator.h"
#include "query/steps/steps.h"

namespace roster::query {

class SequenceOperator : public Operator {
 public:
  SequenceOperator(BoundSequence bound, const ReadView& view, Preparation* preparation);

  void Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const override;
  bool Matches(const ReadView& view, RowId row) const override;
  std::optional<Timestamp> NextChange(const ReadView& view, RowId row) const override;
  std::string Describe(const Schema&) const override { return said_; }
  void AddDependencies(Dependencies* dependencies) const override {
    steps_.AddDependencies(dependencies);
  }

 private:
  // Whether the events of one row hold such a sequence. Shape: a run for each step.
  bool Holds(const ReadView& view, RowId row, absl::Span<const StepRun> runs) const;
  // How many first events begin a chain; where one is enough no more is counted. `chosen`: the only
  // one that counts; null: each does.
  size_t NumBegun(Timestamp now, absl::Span<const StepRun> runs, const EventPlace* chosen) const;
  // Whether what comes next, from the limit on or not at all, is what the step is to be followed
  // by.
  bool Follows(uint32_t step, Timestamp now, int64_t limit_ms, const StepPoint* next) const;

  ast::Start start_;
  int64_t place_;
  std::string said_;
  Steps steps_;
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
