// SPDX-License-Identifier: Apache-2.0
#include "query/query.h"

#include <utility>

#include "query/bind/bind.h"
#include "query/grammar/grammar.h"
#include "query/planner.h"
#include "storage/base/status_macros.h"

namespace roster::query {

absl::StatusOr<QueryAnswer> Run(std::string_view text, absl::Span<const Value> params,
                                const QueryOptions& options, const ReadView& view,
                                const Catalog& catalog, const ExecutionLimits& limits) {
  ROSTER_ASSIGN_OR_RETURN(const ast::Statement statement, Parse(text));
  ROSTER_ASSIGN_OR_RETURN(
      BoundStatement bound,
      Bind(statement,
           {.text = text, .catalog = &catalog, .params = params, .time_zone = options.time_zone}));
  ROSTER_ASSIGN_OR_RETURN(const Plan plan, MakePlan(std::move(bound), view, limits));
  return Execute(plan, view, limits);
}

}  // namespace roster::query
