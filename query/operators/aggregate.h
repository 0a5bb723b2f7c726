// SPDX-License-Identifier: Apache-2.0
//
// sum(order.total where ...) within last 90 days >= 500, and avg, min, max, distinct: a property
// over the events of a profile that have it, compared with a value or with another aggregate.
// Thread rule: as Operator. Source: LANGUAGE.md "Meaning", 7.
#ifndef ROSTER_QUERY_OPERATORS_AGGREGATE_H_
#define ROSTER_QUERY_OPERATORS_AGGREGATE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "query/bound.h"
#include "query/operators/event_filter.h"
#include "query/operators/exact_sum.h"
#include "query/operators/limits.h"
#include "query/operators/operator.h"

namespace roster::query {

// Whether a comparison holds, by the sign of its left side less its right one.
bool Accepts(ast::CompareOp op, int sign);

// sum / count, each with so many digits after the point: exactly an integer or decimal, or the
// average of some.
struct ExactResult {
  Int128 sum = 0;
  int64_t count = 1;
  uint8_t scale = 0;
};
// Of an integer or decimal, of numbers, or of dates and times (in units of their cells).
using AggregateResult = std::variant<ExactResult, double>;

// Of two results that may be compared: below 0 where a is less.
int CompareResults(const AggregateResult& a, const AggregateResult& b);
// The double nearest to it, or about.
double AsNumber(const AggregateResult& result);
// The type of what an aggregate shows, and the value. Errors: TYPE (a sum that its type does not
// hold).
ValueInfo ResultInfo(const BoundAggregateOf& of);
absl::StatusOr<Value> ShowResult(const BoundAggregateOf& of, const AggregateResult& result);

// One aggregate over the events of a row. Sums of integers and decimals run in 128 bits, sums of
// numbers in an ExactSum: no order of events changes a result.
class AggregateReader {
 public:
  AggregateReader(BoundAggregateOf bound, const ReadView& view, Preparation* preparation);

  // Calls f(row offset, its result or null) for each of the rows of a chunk; by another road than
  // ResultOf. Requires: the view of the planning.
  template <typename F>
  void ForEachResult(const ReadView& view, uint32_t chunk, const ChunkBits& rows, F&& f) const;
  // The rows of a chunk that may have events, and what it comes to for the others.
  ChunkBits ActiveRows(const ReadView& view, uint32_t chunk) const;
  std::optional<AggregateResult> ResultOfNothing() const;
  // Adds to each row's place in `sums` what its events come to, if no sum can leave 64 bits; false
  // when one might. Requires: as above; a sum of integers or decimals. Shape: kChunkRows places.
  bool AddSums(const ReadView& view, uint32_t chunk, const ChunkBits& rows, uint64_t* sums) const;
  // Nothing where there is none: the average, least or greatest of nothing.
  std::optional<AggregateResult> ResultOf(const ReadView& view, RowId row) const;

  const EventFilter& events() const { return events_; }
  const BoundAggregateOf& bound() const { return bound_; }
  std::string Describe(const Schema& schema) const;

 private:
  // What the events of one row come to. Each has Add(cell), Clear() and Result().
  struct ExactTotal;
  struct NumberTotal;
  struct Extreme;
  struct Counter;
  struct Distinct;

  // Calls f with an empty total of the kind that the aggregate needs.
  template <typename F>
  auto WithTotal(F&& f) const;
  // The sealed events that pass and have the property; the cells of those in the tail, by row.
  EventBits SelectSealed(const ReadView& view, uint32_t chunk, const EventBlock& block,
                         const ChunkBits& rows) const;
  std::vector<std::pair<uint32_t, int64_t>> TailCells(const ReadView& view, uint32_t chunk,
                                                      const EventBlock& block) const;
  const SealedProperty* PropertyIn(const EventBlock& block) const {
    return bound_.property ? block.sealed->property(*bound_.property) : nullptr;
  }
  // The cell of an event, 0 where no property is asked for; nothing when it has none.
  std::optional<int64_t> CellOf(const EventBlock& block, EventRef event) const;

  BoundAggregateOf bound_;  // without its events
  EventFilter events_;
  std::shared_ptr<StatementMemory> memory_;  // counts sets; may be null
};

// The sums that pass: those within the ends; negated: the others.
struct SumRange {
  Int128 low = 0;
  Int128 high = 0;
  bool negated = false;
};

class AggregateOperator : public Operator {
 public:
  AggregateOperator(BoundAggregate bound, const ReadView& view, Preparation* preparation);

  void Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const override;
  bool Matches(const ReadView& view, RowId row) const override;
  std::optional<Timestamp> NextChange(const ReadView& view, RowId row) const override;
  std::string Describe(const Schema& schema) const override;
  void AddDependencies(Dependencies* dependencies) const override;

 private:
  using Test = std::variant<CellPredicate, ExactCompare, ast::CompareOp>;

  bool Passes(const AggregateResult& result, const ReadView& view) const;
  // Compared with a value.
  void EvaluateAlone(const ReadView& view, uint32_t chunk, ChunkBits* rows) const;
  // False when nothing was done: a sum might not fit 64 bits.
  bool EvaluateSums(const ReadView& view, uint32_t chunk, ChunkBits* rows) const;

  AggregateReader left_;
  std::optional<AggregateReader> right_;
  Test test_;                          // a CompareOp with the other one
  std::optional<SumRange> sum_range_;  // the test again, of a sum of integers or decimals
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_OPERATORS_AGGREGATE_H_
