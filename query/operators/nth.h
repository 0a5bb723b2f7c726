// SPDX-License-Identifier: Apache-2.0
//
// first | last | nth 3 "order" where ...: one event of those that somebody did is chosen, then
// asked. Thread rule: as Operator. Source: LANGUAGE.md "Meaning", 5.
#ifndef ROSTER_QUERY_OPERATORS_NTH_H_
#define ROSTER_QUERY_OPERATORS_NTH_H_

#include <cstdint>
#include <optional>
#include <string>

#include "query/bound.h"
#include "query/operators/event_filter.h"
#include "query/operators/limits.h"
#include "query/operators/operator.h"
#include "query/steps/step_run.h"

namespace roster::query {

class NthOperator : public Operator {
 public:
  NthOperator(BoundNth bound, const ReadView& view, Preparation* preparation);

  void Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const override;
  bool Matches(const ReadView& view, RowId row) const override;
  std::optional<Timestamp> NextChange(const ReadView& view, RowId row) const override {
    return events_.NextChange(view, row);
  }
  std::string Describe(const Schema&) const override { return said_; }
  void AddDependencies(Dependencies* dependencies) const override {
    events_.AddDependencies(dependencies);
  }

 private:
  // Whether the one that is chosen among all events of a row is one of those that pass.
  bool Holds(const StepRun& passed, const StepRun& all) const;

  int64_t place_;
  std::string said_;
  EventSet all_;
  EventSet events_;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_OPERATORS_NTH_H_
