// SPDX-License-Identifier: Apache-2.0
//
// Predicates on a profile as a whole: its labels, identities, channels, consent, segments.
// Thread rule: plain values. Source: LANGUAGE.md, "Who somebody is".
#ifndef ROSTER_QUERY_AST_PEOPLE_H_
#define ROSTER_QUERY_AST_PEOPLE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "query/ast/values.h"

namespace roster::query::ast {

// Shape: one label unless `any`.
struct HasLabel {
  bool any = false;
  std::vector<Literal> labels;
  bool operator==(const HasLabel&) const = default;
};
struct IsIdentified {
  bool identified = true;  // else anonymous
  bool operator==(const IsIdentified&) const = default;
};
struct HasIdentity {
  std::optional<Name> name_space;  // none: `has no identity`
  bool operator==(const HasIdentity&) const = default;
};
struct HasChannel {
  Literal channel;
  bool operator==(const HasChannel&) const = default;
};
struct CreatedVia {
  Literal via;
  bool operator==(const CreatedVia&) const = default;
};
struct KnownFor {
  Duration duration;
  bool operator==(const KnownFor&) const = default;
};

enum class ConsentState : uint8_t { kGranted, kWithdrawn, kUnknown };

struct Consent {
  Name channel;
  ConsentState state = ConsentState::kGranted;
  std::optional<Literal> since;
  std::optional<Literal> policy;
  bool operator==(const Consent&) const = default;
};

struct InSegment {
  Name segment;
  bool operator==(const InSegment&) const = default;
};

// interest "shoes" >= 0.3, of one interest where several are defined.
struct InterestIn {
  std::optional<Name> interest;
  Literal value;
  CompareOp op = CompareOp::kGe;
  Literal share;
  Span span;
  bool operator==(const InterestIn&) const = default;
};

// sample 10% seed "exp1"
struct Sample {
  ExactNumber percent;
  Span percent_span;
  Literal seed;
  bool operator==(const Sample&) const = default;
};

const char* Spelling(ConsentState state);

}  // namespace roster::query::ast

#endif  // ROSTER_QUERY_AST_PEOPLE_H_
