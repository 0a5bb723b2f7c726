// SPDX-License-Identifier: Apache-2.0
#include "query/query.h"

#include <memory>
#include <utility>

#include "query/bind/bind.h"
#include "query/bind/bind_values.h"
#include "query/declarations/names.h"
#include "query/declarations/retention.h"
#include "query/errors.h"
#include "query/grammar/grammar.h"
#include "query/planner.h"
#include "query/sql/sql.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"

namespace roster::query {

namespace {

// Whether the view still knows all that was so then. `at`: where the time stands.
absl::Status CheckThen(Timestamp then, ast::Span at, std::string_view text, const ReadView& view,
                       const Dependencies& reads) {
  const auto error = [&](ErrorCode code, std::string_view message) {
    return ErrorAt(code, text, at, message);
  };
  if (then > view.clock()) return error(ErrorCode::kType, "`as of` asks about the past");
  const auto is_gone = [&](int64_t keep_ms) {
    return keep_ms != 0 && then.ms < view.clock().ms - keep_ms;
  };
  if (is_gone(DefinedRetentionMs(view.state(), kHistoryRetention))) {
    return error(ErrorCode::kNoHistory, "the history of traits does not reach so far back");
  }
  const auto kept = [&](const EventTypeInfo& event) {
    if (!is_gone(event.keep_ms)) return absl::OkStatus();
    return error(ErrorCode::kNoHistory,
                 StrCat("events `", event.name, "` are not kept for so long"));
  };
  for (const EventTypeId event : reads.events) {
    ROSTER_RETURN_IF_ERROR(kept(view.schema().event(event)));
  }
  if (!reads.sessions) return absl::OkStatus();
  for (const EventTypeInfo& event : view.schema().events()) ROSTER_RETURN_IF_ERROR(kept(event));
  return absl::OkStatus();
}

std::optional<SqlDialect> DialectOf(ast::Explained explained) {
  if (explained == ast::Explained::kAsDuckDb) return SqlDialect::kDuckDb;
  if (explained == ast::Explained::kAsClickHouse) return SqlDialect::kClickHouse;
  return std::nullopt;
}

void AddReads(const BoundEventSet& events, Dependencies* reads) {
  for (const BoundEvents& one : events) reads->events.push_back(one.event);
}

void AddReads(const BoundColumn& column, Dependencies* reads) {
  if (column.aggregate != nullptr) reads->events.push_back(column.aggregate->events.event);
  if (column.engagement != nullptr) {
    for (const auto& points : column.engagement->points) {
      reads->events.push_back(points.events.event);
    }
  }
  if (column.goals != nullptr) {
    for (const BoundColumn::Goal& goal : *column.goals) AddReads(goal.events, reads);
  }
}

// The types of events that a verb counts besides its filter.
void AddReads(const BoundVerb& verb, Dependencies* reads) {
  if (const auto* funnel = std::get_if<BoundFunnel>(&verb)) {
    for (const BoundStep& step : funnel->chain.steps) AddReads(step.events, reads);
    reads->sessions |= funnel->chain.same_session;
  }
  const auto* find = std::get_if<BoundFind>(&verb);
  if (find == nullptr) return;
  for (const BoundColumn& column : find->columns) AddReads(column, reads);
  for (const BoundOrder& by : find->order) AddReads(by.column, reads);
}

}  // namespace

absl::StatusOr<QueryAnswer> Run(std::string_view text, absl::Span<const Value> params,
                                const QueryOptions& options, const ReadView& view,
                                const Catalog& catalog, const ExecutionLimits& limits) {
  ROSTER_ASSIGN_OR_RETURN(const ast::Statement statement, Parse(text));
  return Run(statement, text, params, options, view, catalog, limits);
}

absl::StatusOr<QueryAnswer> Run(const ast::Statement& statement, std::string_view text,
                                absl::Span<const Value> params, const QueryOptions& options,
                                const ReadView& view, const Catalog& catalog,
                                const ExecutionLimits& given) {
  const auto now_us = [&] { return given.clock != nullptr ? given.clock->MonotonicMicros() : 0; };
  const int64_t began_us = now_us();
  ExecutionLimits limits = given;
  limits.memory = std::make_shared<StatementMemory>(limits.max_bytes);
  ROSTER_ASSIGN_OR_RETURN(
      BoundStatement bound,
      Bind(statement,
           {.text = text, .catalog = &catalog, .params = params, .time_zone = options.time_zone}));
  if (const auto dialect = DialectOf(bound.explained)) {
    ROSTER_ASSIGN_OR_RETURN(std::string sql, EmitSql(bound, view.schema(), *dialect, view.clock()));
    return TableAnswer{{{"sql", ValueType::kText}}, {{std::move(sql)}}, {}};
  }
  const int64_t bound_us = now_us();
  if (auto* find = std::get_if<BoundFind>(&bound.verb)) find->after = options.after;
  const std::optional<Timestamp> as_of = bound.as_of;
  const ReadView then = as_of ? view.At(*as_of) : view;
  ROSTER_ASSIGN_OR_RETURN(const Plan plan, MakePlan(std::move(bound), then, limits));
  if (as_of) {
    Dependencies reads;
    if (plan.filter != nullptr) plan.filter->AddDependencies(&reads);
    AddReads(plan.verb, &reads);
    ROSTER_RETURN_IF_ERROR(CheckThen(*as_of, statement.as_of->span, text, view, reads));
  }
  const int64_t planned_us = now_us();
  absl::StatusOr<QueryAnswer> answer = Execute(plan, then, limits);
  if (answer.ok() && plan.explained == ast::Explained::kAnalyzed) {
    auto& stages = std::get<PlanAnswer>(*answer).stages;
    stages.insert(stages.begin(), {{"parse", options.parsed_us},
                                   {"view", options.viewed_us},
                                   {"bind", bound_us - began_us},
                                   {"plan", planned_us - bound_us}});
  }
  return answer;
}

absl::StatusOr<std::string> TextOf(const ast::Literal& literal, std::string_view text,
                                   absl::Span<const Value> params) {
  return ValueBinder(text, params, absl::UTCTimeZone()).BindText(literal);
}

}  // namespace roster::query
