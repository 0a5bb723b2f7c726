// SPDX-License-Identifier: Apache-2.0
//
// did "order" where ... at least 2 times within last 30 days; count(order.total) >= 2: how many
// events a profile has. Thread rule: as Operator.
#ifndef ROSTER_QUERY_OPERATORS_BEHAVIOUR_H_
#define ROSTER_QUERY_OPERATORS_BEHAVIOUR_H_

#include <cstdint>
#include <string>

#include "query/bound.h"
#include "query/operators/event_filter.h"
#include "query/operators/limits.h"
#include "query/operators/operator.h"

namespace roster::query {

class BehaviourOperator : public Operator {
 public:
  BehaviourOperator(BoundDid bound, const ReadView& view, Preparation* preparation);

  void Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const override;
  bool Matches(const ReadView& view, RowId row) const override;
  std::string Describe(const Schema& schema) const override;
  void AddDependencies(Dependencies* dependencies) const override;

 private:
  bool Passes(int64_t count) const { return (min_ <= count && count <= max_) != negated_; }

  EventFilter events_;
  int64_t min_;
  int64_t max_;
  bool negated_;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_OPERATORS_BEHAVIOUR_H_
