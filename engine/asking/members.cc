// SPDX-License-Identifier: Apache-2.0
#include "engine/asking/members.h"

#include <utility>

#include "engine/asking/view_catalog.h"
#include "query/bind/bind_values.h"
#include "query/errors.h"
#include "query/query.h"
#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"

namespace roster {
namespace {

namespace ast = query::ast;
using Ids = std::vector<std::string>;

absl::StatusOr<Ids> Listed(const ast::DefineStatic& made, query::BindContext context,
                           const ReadView& view) {
  const ViewCatalog catalog(view.state());
  context.catalog = &catalog;
  Ids ids;
  for (const ast::Literal& named : made.members) {
    ROSTER_ASSIGN_OR_RETURN(const query::BoundProfile profile, query::BindProfile(named, context));
    const std::optional<RowId> row = query::RowOf(profile, view);
    if (!row) {
      return query::ErrorAt(ErrorCode::kNoProfile, context.text, named.span, "no such profile");
    }
    ids.push_back(StrCat("p", view->ProfileAt(*row).value));
  }
  return ids;
}

absl::StatusOr<Ids> ShownBy(ast::Statement from, const query::BindContext& context,
                            const ReadView& view, Clock* stopwatch) {
  auto* const find = std::get_if<ast::Find>(&from.verb);
  const bool shows =
      find != nullptr ? !find->after : std::holds_alternative<ast::Search>(from.verb);
  if (!shows) {
    return MakeError(ErrorCode::kType, "members come from a list, a `find` or a `search`");
  }
  if (find != nullptr) {
    find->view.reset();
    find->columns = {{"id", {}}};
  }
  query::ExecutionLimits limits;
  limits.clock = stopwatch;
  if (stopwatch != nullptr) limits.deadline_us = stopwatch->MonotonicMicros() + kMaxFillMs * 1000;
  limits.max_rows = limits.max_limited_rows = query::kMaxListValues;
  ROSTER_ASSIGN_OR_RETURN(query::QueryAnswer answer,
                          query::Run(from, context.text, {}, {.time_zone = context.time_zone}, view,
                                     ViewCatalog(view.state()), limits));
  Ids ids;
  for (auto& row : std::get<query::TableAnswer>(answer).rows) {
    ids.push_back(std::get<std::string>(std::move(row[0])));
  }
  return ids;
}

}  // namespace

absl::StatusOr<Ids> MembersOf(const ast::DefineStatic& made, const query::BindContext& context,
                              const ReadView& view, Clock* stopwatch) {
  ROSTER_ASSIGN_OR_RETURN(Ids ids, made.from.empty()
                                       ? Listed(made, context, view)
                                       : ShownBy(made.from[0], context, view, stopwatch));
  if (ids.size() <= query::kMaxListValues) return ids;
  return MakeError(ErrorCode::kLimit,
                   StrCat("a static segment has more than ", query::kMaxListValues, " members"));
}

}  // namespace roster
