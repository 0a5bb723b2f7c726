// SPDX-License-Identifier: Apache-2.0
#include "query/planner.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "query/operators/aggregate.h"
#include "query/operators/behaviour.h"
#include "query/operators/column.h"
#include "query/operators/history.h"
#include "query/operators/identity.h"
#include "query/operators/logic.h"
#include "query/operators/measures.h"
#include "query/operators/nth.h"
#include "query/operators/sequence.h"
#include "query/operators/sessions.h"
#include "query/operators/standing.h"
#include "query/statements/measured.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"

namespace roster::query {
namespace {

// What an operator reads, in cells: a guess good enough to put the cheap ones first.
struct Planned {
  std::unique_ptr<Operator> op;
  double cost = 0;
};

class Planner {
 public:
  // `measures`: what running each operator takes is to be known.
  Planner(const ReadView& view, const ExecutionLimits& limits, bool measures)
      : view_(view),
        preparation_(view.clock(), limits),
        clock_(limits.clock),
        measures_(measures) {}

  Planned Plan(BoundFilter filter) {
    Planned planned = std::visit([&](auto& node) { return Make(std::move(node)); }, filter.node);
    if (measures_) {
      planned.op = std::make_unique<MeasuredOperator>(std::move(planned.op), clock_);
    }
    return planned;
  }

  // Errors: TIMEOUT, CANCELLED. What was planned is then not to be run.
  const absl::Status& status() const { return preparation_.status(); }

 private:
  double NumRows() const { return view_->num_rows(); }

  Planned Make(BoundLogic logic) {
    std::vector<Planned> planned;
    double cost = 0;
    for (BoundFilter& child : logic.children) {
      planned.push_back(Plan(std::move(child)));
      cost += planned.back().cost;
    }
    std::stable_sort(planned.begin(), planned.end(),
                     [](const Planned& a, const Planned& b) { return a.cost < b.cost; });
    std::vector<std::unique_ptr<Operator>> children;
    for (Planned& child : planned) children.push_back(std::move(child.op));
    return {std::make_unique<LogicOperator>(logic.op, std::move(children), preparation_.limits()),
            cost};
  }

  Planned Make(BoundTrait trait) {
    return {std::make_unique<ColumnOperator>(std::move(trait), view_, &preparation_), NumRows()};
  }

  static constexpr double kChainCost = 20;  // cells, to follow the identities of a row

  Planned Make(BoundIdentity identity) {
    const double cost = IdentityOperator::IsLookup(identity) ? 1 : kChainCost * NumRows();
    return {std::make_unique<IdentityOperator>(std::move(identity), view_), cost};
  }

  Planned Make(const BoundNever&) { return {std::make_unique<NeverOperator>(), 0}; }

  // A fold over records for some rows: more than a column, less than events.
  static constexpr double kFoldCost = 2;

  Planned Make(BoundLabel label) {
    return {std::make_unique<LabelOperator>(std::move(label)), kFoldCost * NumRows()};
  }
  Planned Make(BoundMembers members) {
    const auto cost = static_cast<double>(members.ids.size());
    return {std::make_unique<MembersOperator>(std::move(members), view_), cost};
  }
  Planned Make(BoundHasIdentity has) {
    return {std::make_unique<HasIdentityOperator>(has), kChainCost * NumRows()};
  }
  Planned Make(BoundConsent consent) {
    return {std::make_unique<ConsentOperator>(std::move(consent)), kFoldCost * NumRows()};
  }
  Planned Make(BoundSample sample) {
    return {std::make_unique<SampleOperator>(std::move(sample)), kFoldCost * NumRows()};
  }

  // Times, rows and a counter for each event, and a counter for each row.
  double EventCost(const BoundEvents& events) const {
    return NumRows() + 3.0 * static_cast<double>(view_->partition(events.event).num_events());
  }
  double EventCost(const BoundEventSet& events) const {
    double cost = 0;
    for (const BoundEvents& one : events) cost += EventCost(one);
    return cost;
  }

  Planned Make(BoundDid did) {
    const double cost = EventCost(did.events);
    return {std::make_unique<BehaviourOperator>(std::move(did), view_, &preparation_), cost};
  }

  Planned Make(BoundNth nth) {
    const double cost = 2 * EventCost(nth.events);
    return {std::make_unique<NthOperator>(std::move(nth), view_, &preparation_), cost};
  }

  Planned Make(BoundAggregate aggregate) {
    double cost = 2 * EventCost(aggregate.of.events);
    if (const auto* other = std::get_if<AggregateCompare>(&aggregate.test)) {
      cost += 2 * EventCost(other->right.events);
    }
    return {std::make_unique<AggregateOperator>(std::move(aggregate), view_, &preparation_), cost};
  }

  Planned Make(BoundSequence sequence) {
    double cost = 0;
    for (const BoundStep& step : sequence.steps) cost += 2 * EventCost(step.events);
    return {std::make_unique<SequenceOperator>(std::move(sequence), view_, &preparation_), cost};
  }
  Planned Make(BoundResumed resumed) {
    const double cost = 2 * EventCost(resumed.events);
    return {std::make_unique<ResumedOperator>(std::move(resumed), view_, &preparation_), cost};
  }
  Planned Make(BoundHistory history) {
    return {std::make_unique<HistoryOperator>(std::move(history)), kChainCost * NumRows()};
  }
  // All events of all candidates, put together: after everything else.
  Planned Make(BoundSessions sessions) {
    const double cost = kChainCost * (NumRows() + static_cast<double>(view_->num_events()));
    const auto plan = [this](BoundFilter filter) { return Plan(std::move(filter)).op; };
    return {std::make_unique<SessionsOperator>(std::move(sessions), plan, preparation_.limits()),
            cost};
  }
  Planned Make(BoundInterest interest) {
    double cost = 0;
    for (const BoundEventProperty& of : interest.interest.properties) {
      cost += kChainCost * EventCost(BoundEvents{of.event, {}, {}, {}});
    }
    return {std::make_unique<InterestOperator>(std::move(interest)), cost};
  }
  Planned Make(BoundEngagement engagement) {
    double cost = 0;
    for (const auto& points : engagement.engagement.points) cost += 3 * EventCost(points.events);
    return {std::make_unique<EngagementOperator>(std::move(engagement)), cost};
  }
  // Stands in the condition on a session, which that operator plans.
  Planned Make(const BoundSessionTest&) const { ROSTER_CHECK(false); }

  // Properties stand in conditions on events, which EventFilter plans.
  Planned Make(const BoundProperty&) const { ROSTER_CHECK(false); }

  const ReadView& view_;
  Preparation preparation_;
  Clock* const clock_;
  const bool measures_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Operator>> PlanFilter(BoundFilter filter, const ReadView& view,
                                                     const ExecutionLimits& limits, bool measures) {
  Planner planner(view, limits, measures);
  std::unique_ptr<Operator> planned = planner.Plan(std::move(filter)).op;
  ROSTER_RETURN_IF_ERROR(planner.status());
  return planned;
}

absl::StatusOr<Plan> MakePlan(BoundStatement statement, const ReadView& view,
                              const ExecutionLimits& limits) {
  Plan plan{nullptr, std::move(statement.verb), statement.explained};
  if (statement.where) {
    const bool measures = statement.explained == ast::Explained::kAnalyzed;
    ROSTER_ASSIGN_OR_RETURN(plan.filter,
                            PlanFilter(*std::move(statement.where), view, limits, measures));
  }
  return plan;
}

}  // namespace roster::query
