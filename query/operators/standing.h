// SPDX-License-Identifier: Apache-2.0
//
// Who somebody is as a whole: labels, identities at all, consent; and nobody. Each is a fold that
// the profile shows too. Thread rule: as Operator. Source: CAPABILITIES.md C6, C17, C28;
// IDENTITY.md R6.
#ifndef ROSTER_QUERY_OPERATORS_STANDING_H_
#define ROSTER_QUERY_OPERATORS_STANDING_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "query/bound.h"
#include "query/operators/operator.h"

namespace roster::query {

// What time alone does not change.
class TimelessOperator : public Operator {
 public:
  std::optional<Timestamp> NextChange(const ReadView&, RowId) const final { return std::nullopt; }
};

class NeverOperator : public TimelessOperator {
 public:
  void Evaluate(const ReadView&, uint32_t, ChunkBits* rows) const override { rows->ClearAll(); }
  bool Matches(const ReadView&, RowId) const override { return false; }
  std::string Describe(const Schema&) const override { return "nobody"; }
  void AddDependencies(Dependencies*) const override {}
};

class LabelOperator : public TimelessOperator {
 public:
  explicit LabelOperator(BoundLabel bound) : bound_(std::move(bound)) {}

  void Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const override;
  bool Matches(const ReadView& view, RowId row) const override;
  std::string Describe(const Schema& schema) const override;
  void AddDependencies(Dependencies* dependencies) const override;

 private:
  BoundLabel bound_;
};

class MembersOperator : public Operator {
 public:
  MembersOperator(BoundMembers bound, const ReadView& view);

  void Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const override;
  bool Matches(const ReadView& view, RowId row) const override;
  std::optional<Timestamp> NextChange(const ReadView&, RowId) const override {
    return std::nullopt;
  }
  std::string Describe(const Schema&) const override;
  // Merges move members; who they are is of identities.
  void AddDependencies(Dependencies* dependencies) const override {
    dependencies->identities = true;
  }

 private:
  BoundMembers bound_;
  std::vector<RowId> rows_;  // of the members, in the view of the planning; sorted
};

class HasIdentityOperator : public TimelessOperator {
 public:
  explicit HasIdentityOperator(BoundHasIdentity bound) : bound_(bound) {}

  void Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const override;
  bool Matches(const ReadView& view, RowId row) const override;
  std::string Describe(const Schema& schema) const override;
  void AddDependencies(Dependencies* dependencies) const override;

 private:
  BoundHasIdentity bound_;
};

class ConsentOperator : public TimelessOperator {
 public:
  explicit ConsentOperator(BoundConsent bound) : bound_(std::move(bound)) {}

  void Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const override;
  bool Matches(const ReadView& view, RowId row) const override;
  std::string Describe(const Schema& schema) const override;
  void AddDependencies(Dependencies* dependencies) const override;

 private:
  BoundConsent bound_;
};

// A number of the profile and the seed, the same for ever, among all that there are.
class SampleOperator : public TimelessOperator {
 public:
  explicit SampleOperator(BoundSample bound) : bound_(std::move(bound)) {}

  void Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const override;
  bool Matches(const ReadView& view, RowId row) const override;
  std::string Describe(const Schema& schema) const override;
  void AddDependencies(Dependencies*) const override {}

 private:
  BoundSample bound_;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_OPERATORS_STANDING_H_
