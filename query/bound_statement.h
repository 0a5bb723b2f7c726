// SPDX-License-Identifier: Apache-2.0
//
// A statement with every name resolved: what is shown of the profiles that pass its filter. Made by
// the binder; read by the planner and by what runs plans. Thread rule: plain values.
#ifndef ROSTER_QUERY_BOUND_STATEMENT_H_
#define ROSTER_QUERY_BOUND_STATEMENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "query/ast.h"
#include "query/bound.h"
#include "query/bound_cells.h"
#include "query/catalog.h"
#include "roster/value.h"
#include "storage/base/ids.h"
#include "storage/memory/read_view.h"

namespace roster::query {

// What a column shows. Shape: of kComputed there is `aggregate`, of kEngagementLevel `engagement`,
// of kCompletedGoals `goals`.
struct BoundColumn {
  enum class Source : uint8_t {
    kId,
    kTrait,
    kTraitThen,  // by its history, as of the view's clock
    kIdentity,
    kComputedTrait,
    kLabels,           // a list
    kStatus,           // "active" or "archived"
    kEngagementLevel,  // the name of a level
    kCompletedGoals,   // a list: those that were completed
  };
  struct Goal {
    std::string name;
    BoundEventSet events;
  };
  Source source = Source::kId;
  TraitId trait;
  NamespaceId name_space;
  std::shared_ptr<const BoundAggregateOf> aggregate;
  std::shared_ptr<const EngagementDefinition> engagement;
  std::shared_ptr<const std::vector<Goal>> goals;
  std::string name;
  ValueInfo info;
};

struct BoundOrder {
  BoundColumn column;
  bool descending = false;
};

struct BoundCount {};

struct BoundFind {
  std::vector<BoundColumn> columns;
  std::vector<BoundOrder> order;
  std::optional<uint64_t> limit;
  uint64_t offset = 0;
  std::optional<ProfileId> after;  // the last one of the page before
};

// How many there are of each combination of values. Shape: traits alone.
struct BoundBreakdown {
  std::vector<BoundOrder> by;
  std::optional<CellPredicate> having;  // of the count, an integer
};

// Shape: a name for each step; `by` holds none or one, a trait.
struct BoundFunnel {
  BoundSequence chain;                   // its limits are those from step to step
  std::optional<ast::Duration> overall;  // from the first step
  std::vector<std::string> names;
  std::vector<BoundOrder> by;
};

struct BoundSearch {
  std::vector<std::string> words;  // folded; at least one
  std::optional<uint64_t> limit;
};

struct BoundIdentityName {
  NamespaceId name_space;
  std::string value;  // in normal form
};
using BoundProfile = std::variant<ProfileId, BoundIdentityName>;

// The row that answers for it; none: there is no such profile.
std::optional<RowId> RowOf(const BoundProfile& profile, const ReadView& view);

// The filter of the statement is the segment's.
struct BoundWhy {
  BoundProfile profile;
  std::string segment;
};

using BoundVerb = std::variant<BoundCount, BoundBreakdown, BoundFind, BoundFunnel, BoundSearch,
                               BoundWhy, ast::Shown>;

struct BoundStatement {
  BoundVerb verb;
  std::optional<Timestamp> as_of;  // the time of the view to be asked
  ast::Explained explained = ast::Explained::kNo;
  std::optional<BoundFilter> where;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_BOUND_STATEMENT_H_
