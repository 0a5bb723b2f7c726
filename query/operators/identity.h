// SPDX-License-Identifier: Apache-2.0
//
// A question about the identities of a profile in one namespace. Thread rule: as Operator.
#ifndef ROSTER_QUERY_OPERATORS_IDENTITY_H_
#define ROSTER_QUERY_OPERATORS_IDENTITY_H_

#include <string>
#include <vector>

#include "query/bound.h"
#include "query/operators/operator.h"

namespace roster::query {

// `=` and `in` are looked up in the index; other questions read the identities of the candidates.
class IdentityOperator : public Operator {
 public:
  IdentityOperator(BoundIdentity bound, const ReadView& view);

  void Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const override;
  bool Matches(const ReadView& view, RowId row) const override;
  std::optional<Timestamp> NextChange(const ReadView&, RowId) const override {
    return std::nullopt;
  }
  std::string Describe(const Schema& schema) const override;
  void AddDependencies(Dependencies* dependencies) const override;

  // Whether the index answers.
  static bool IsLookup(const BoundIdentity& bound);

 private:
  BoundIdentity bound_;
  std::vector<RowId> found_;  // by the index, ascending
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_OPERATORS_IDENTITY_H_
