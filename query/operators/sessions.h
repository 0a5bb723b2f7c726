// SPDX-License-Identifier: Apache-2.0
//
// any session (channel = "web" and duration > 60 s and did "order"): how many sessions of a profile
// pass a condition. Sessions are the fold that the profile shows. Thread rule: as Operator.
// Source: LANGUAGE.md "Sessions"; CAPABILITIES.md C15, C31.
#ifndef ROSTER_QUERY_OPERATORS_SESSIONS_H_
#define ROSTER_QUERY_OPERATORS_SESSIONS_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "query/bound.h"
#include "query/operators/limits.h"
#include "query/operators/operator.h"

namespace roster::query {

class SessionCondition;
class SessionRows;

class SessionsOperator : public Operator {
 public:
  // `plan` makes an operator of what is asked about the profile.
  using Plan = std::function<std::unique_ptr<Operator>(BoundFilter)>;
  SessionsOperator(BoundSessions bound, const Plan& plan, const ReadView& view,
                   Preparation* preparation);
  ~SessionsOperator() override;

  void Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const override;
  bool Matches(const ReadView& view, RowId row) const override;
  std::optional<Timestamp> NextChange(const ReadView& view, RowId row) const override;
  std::string Describe(const Schema&) const override { return bound_.said; }
  void AddDependencies(Dependencies* dependencies) const override;

 private:
  bool Passes(const ReadView& view, RowId row) const;

  BoundSessions bound_;                // without its condition
  std::unique_ptr<SessionRows> rows_;  // of Evaluate
  std::unique_ptr<SessionCondition> condition_;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_OPERATORS_SESSIONS_H_
