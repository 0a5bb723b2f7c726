// SPDX-License-Identifier: Apache-2.0
//
// sum(order.total where ...) within last 90 days >= 500, and avg, min, max: a property over the
// events of a profile that have it. Thread rule: as Operator. Source: LANGUAGE.md "Meaning", 7.
#ifndef ROSTER_QUERY_OPERATORS_AGGREGATE_H_
#define ROSTER_QUERY_OPERATORS_AGGREGATE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "query/bound.h"
#include "query/operators/event_filter.h"
#include "query/operators/exact_sum.h"
#include "query/operators/limits.h"
#include "query/operators/operator.h"

namespace roster::query {

// Sums of integers and decimals run in 128 bits, sums of numbers in an ExactSum: no order of events
// changes a result.
class AggregateOperator : public Operator {
 public:
  AggregateOperator(BoundAggregate bound, const ReadView& view, Preparation* preparation);

  void Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const override;
  bool Matches(const ReadView& view, RowId row) const override;
  std::string Describe(const Schema& schema) const override;
  void AddDependencies(Dependencies* dependencies) const override;

 private:
  // What the events of one row come to. Each has Add(cell) and Clear().
  struct ExactTotal;
  struct NumberTotal;
  struct Extreme;

  bool Passes(const ExactTotal& total, const ReadView& view) const;
  bool Passes(const NumberTotal& total, const ReadView& view) const;
  bool Passes(const Extreme& extreme, const ReadView& view) const;

  // Calls f with an empty total of the kind that the aggregate needs.
  template <typename F>
  auto WithTotal(F&& f) const;
  // (row offset, cell) of the tail's events that pass, by row offset.
  std::vector<std::pair<uint32_t, int64_t>> TailCells(const ReadView& view,
                                                      const EventBlock& block) const;
  template <typename Total>
  void NarrowBy(Total total, const ReadView& view, const EventBlock& block, ChunkBits* rows) const;

  bool is_sum() const { return bound_.op == ast::AggregateOp::kSum; }

  BoundAggregate bound_;
  EventFilter events_;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_OPERATORS_AGGREGATE_H_
