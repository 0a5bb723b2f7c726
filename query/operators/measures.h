// SPDX-License-Identifier: Apache-2.0
//
// interest "shoes" >= 0.3, engagement >= "high": what definitions compute of a profile's events, as
// the profile shows it too. Thread rule: pure functions of a view; as Operator.
// Source: CAPABILITIES.md T8, T32; LANGUAGE.md "Declarations".
#ifndef ROSTER_QUERY_OPERATORS_MEASURES_H_
#define ROSTER_QUERY_OPERATORS_MEASURES_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "query/bound.h"
#include "query/operators/operator.h"
#include "storage/memory/read_view.h"

namespace roster::query {

// The shares of all values, by value; they sum up to 1. Empty: nothing was shown.
std::vector<std::pair<std::string, double>> SharesOf(const InterestDefinition& interest,
                                                     const ReadView& view, RowId row);
double PointsOf(const EngagementDefinition& engagement, const ReadView& view, RowId row);
// The place of the level that so many points reach. Requires: there are levels.
size_t LevelOf(const EngagementDefinition& engagement, double points);

class InterestOperator : public Operator {
 public:
  explicit InterestOperator(BoundInterest bound) : bound_(std::move(bound)) {}

  void Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const override;
  bool Matches(const ReadView& view, RowId row) const override;
  std::optional<Timestamp> NextChange(const ReadView& view, RowId row) const override;
  std::string Describe(const Schema&) const override { return bound_.said; }
  void AddDependencies(Dependencies* dependencies) const override;

 private:
  BoundInterest bound_;
};

class EngagementOperator : public Operator {
 public:
  explicit EngagementOperator(BoundEngagement bound) : bound_(std::move(bound)) {}

  void Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const override;
  bool Matches(const ReadView& view, RowId row) const override;
  std::optional<Timestamp> NextChange(const ReadView& view, RowId row) const override;
  std::string Describe(const Schema&) const override { return bound_.said; }
  void AddDependencies(Dependencies* dependencies) const override;

 private:
  BoundEngagement bound_;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_OPERATORS_MEASURES_H_
