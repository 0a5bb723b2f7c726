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
  // Whether the events of one row hold such a sequence. Shape: runs as of Steps.
  bool Holds(const ReadView& view, RowId row, absl::Span<const StepRun> runs) const;

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
    events_.AddDependencies(dependencies);
  }

 private:
  // Of the events of one row.
  bool Holds(const StepRun& run, Timestamp now) const;

  BoundResumed bound_;  // without its events
  EventSet events_;     // of one type
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_OPERATORS_SEQUENCE_H_
