// SPDX-License-Identifier: Apache-2.0
//
// did "order" where ... at least 2 times within last 30 days; count(order.total) >= 2; did "login"
// on at least 5 days: how many events a profile has, or days with some. Thread rule: as Operator.
#ifndef ROSTER_QUERY_OPERATORS_BEHAVIOUR_H_
#define ROSTER_QUERY_OPERATORS_BEHAVIOUR_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "query/bound.h"
#include "query/cells/calendar_numbers.h"
#include "query/operators/event_filter.h"
#include "query/operators/limits.h"
#include "query/operators/operator.h"

namespace roster::query {

class BehaviourOperator : public Operator {
 public:
  BehaviourOperator(BoundDid bound, const ReadView& view, Preparation* preparation);

  void Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const override;
  bool Matches(const ReadView& view, RowId row) const override;
  std::optional<Timestamp> NextChange(const ReadView& view, RowId row) const override {
    return events_.NextChange(view, row);
  }
  std::string Describe(const Schema& schema) const override;
  void AddDependencies(Dependencies* dependencies) const override {
    events_.AddDependencies(dependencies);
  }

 private:
  // Rows are few when there are so many events for each: a pass over them takes longer then than a
  // look at each row's.
  static constexpr uint64_t kEventsForRow = 64;

  // The chunk's events, where `rows` are few and one time of each tells.
  const EventBlock* BlockOfFew(const ReadView& view, uint32_t chunk, const ChunkBits& rows) const;
  ChunkBits PassingOfFew(const ReadView& view, uint32_t chunk, const EventBlock& block,
                         const ChunkBits& rows) const;
  // Those of `rows` that did it so often, negated or not.
  ChunkBits Passing(const ReadView& view, uint32_t chunk, const ChunkBits& rows) const;
  bool Passes(int64_t count) const {
    return (bound_.min <= count && count <= bound_.max) != bound_.negated;
  }
  BoundDid bound_;  // without its events
  EventSet events_;
  // In which all events lie that pass.
  TimeRange range_{std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()};
  std::optional<CalendarNumbers> days_;  // where different ones count
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_OPERATORS_BEHAVIOUR_H_
