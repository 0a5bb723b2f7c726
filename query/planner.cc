// SPDX-License-Identifier: Apache-2.0
#include "query/planner.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "query/kernels/bits.h"
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
#include "query/statements/two_step.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"
#include "storage/memory/people/own_names.h"

namespace roster::query {
namespace {

struct Planned {
  std::unique_ptr<Operator> op;
  double cost_ns =
      0;             // to evaluate it on all rows: a guess good enough to put the cheap ones first
  double share = 1;  // of the rows that match
};

// Of what nothing is known.
constexpr double kUnknownShare = 0.3;

// What comes first of several: what decides most rows for its cost.
double Rank(ast::LogicOp op, const Planned& planned) {
  const double decided = op == ast::LogicOp::kOr ? planned.share : 1 - planned.share;
  return -decided / std::max(planned.cost_ns, 1e-3);
}

// That a number of which the mean is known, as of things that happen independently, is at most so
// much; 1 for so many that nobody expects them.
double PoissonAtMost(double mean, int64_t most) {
  constexpr int64_t kMost = 1000;
  if (most >= kMost) return 1;
  double share = 0;
  double just = std::exp(-mean);
  for (int64_t count = 0; count <= most; ++count) {
    share += just;
    just *= mean / static_cast<double>(count + 1);
  }
  return std::min(share, 1.0);
}
double PoissonBetween(double mean, int64_t min, int64_t max) {
  const double below = min > 0 ? PoissonAtMost(mean, min - 1) : 0;
  return std::max(0.0, PoissonAtMost(mean, max) - below);
}

// Whether it takes more than to look at what an order goes by.
bool IsDear(double cost_ns, const ReadView& view) {
  constexpr double kDearNsPerRow = 20;
  return cost_ns > kDearNsPerRow * view->num_rows();
}

// An `and` of one, whose part is asked of the first rows only, if it can be.
std::unique_ptr<Operator> AsDearPart(std::unique_ptr<Operator> filter,
                                     const ExecutionLimits& limits) {
  const double rows = filter->estimated_rows();
  const double ns = filter->estimated_ns();
  std::vector<std::unique_ptr<Operator>> parts;
  parts.push_back(std::move(filter));
  auto all = std::make_unique<LogicOperator>(ast::LogicOp::kAnd, std::move(parts), 0, limits);
  all->set_estimates(rows, ns);
  return all;
}

class Planner {
 public:
  Planner(const ReadView& view, const ExecutionLimits& limits, const Planning& planning)
      : view_(view),
        preparation_(view.clock(), limits),
        clock_(limits.clock),
        planning_(planning) {}

  Planned Plan(BoundFilter filter) {
    Planned planned = std::visit([&](auto& node) { return Make(std::move(node)); }, filter.node);
    planned.op->set_estimates(ProfilesOf(planned.share), planned.cost_ns);
    if (planning_.measures) {
      planned.op = std::make_unique<MeasuredOperator>(std::move(planned.op), clock_);
      planned.op->set_estimates(ProfilesOf(planned.share), planned.cost_ns);
    }
    return planned;
  }

  // Errors: TIMEOUT, CANCELLED. What was planned is then not to be run.
  const absl::Status& status() const { return preparation_.status(); }

 private:
  double NumRows() const { return view_->num_rows(); }
  double ProfilesOf(double share) const { return share * static_cast<double>(view_->num_profiles); }

  // The share of rows that match, by what it does with some words of rows of one chunk.
  double ShareOf(const Operator& op, uint32_t num_words) const {
    if (view_->num_profiles == 0 || !status().ok()) return kUnknownShare;
    const uint32_t chunk = view_.num_chunks() / 2;
    const uint32_t num_rows = std::min(view_->num_rows() - RowAt(chunk, 0).value, kChunkRows);
    const uint32_t num_used = (num_rows + 63) / 64;
    ChunkBits rows;
    for (uint32_t i = 0; i < std::min(num_words, num_used); ++i) {
      const uint32_t word = i * num_used / std::min(num_words, num_used);
      rows.words()[word] = view_->live.chunk(chunk).words()[word];
    }
    const auto count = [&rows] {
      return static_cast<double>(kernels::CountBits(rows.words(), ChunkBits::kWords));
    };
    const double asked = count();
    op.Evaluate(view_, chunk, &rows);
    return (count() + 0.5) / (asked + 1);
  }
  static constexpr uint32_t kScannedWords = 8;  // of what is asked of 64 rows at once
  static constexpr uint32_t kAskedWords = 1;    // of what is asked of one row after the other

  Planned Make(BoundLogic logic) {
    const ast::LogicOp op = logic.op;
    std::vector<Planned> planned;
    for (BoundFilter& child : logic.children) planned.push_back(Plan(std::move(child)));
    const auto before = [op](const Planned& a, const Planned& b) {
      return Rank(op, a) < Rank(op, b);
    };
    if (planning_.reorders) std::stable_sort(planned.begin(), planned.end(), before);
    double cost_ns = 0;
    double left = 1;  // of the rows, when the next one is asked
    constexpr double kQuickNsPerRow = 1;
    const auto is_dear = [this](const Planned& child) { return IsDear(child.cost_ns, view_); };
    const auto dear = std::find_if(planned.begin(), planned.end(), is_dear);
    const auto num_quick = static_cast<size_t>(dear - planned.begin());
    std::vector<std::unique_ptr<Operator>> children;
    for (Planned& child : planned) {
      // What is quick looks at 64 rows at once, if one of them is left.
      const bool is_scan = child.cost_ns <= kQuickNsPerRow * NumRows();
      cost_ns += std::min(1.0, is_scan ? 64 * left : left) * child.cost_ns;
      left *= op == ast::LogicOp::kAnd ? child.share : 1 - child.share;
      children.push_back(std::move(child.op));
    }
    // The clock is not read before each part of what takes hardly longer than that.
    const bool is_quick = cost_ns <= kQuickNsPerRow * NumRows();
    return {std::make_unique<LogicOperator>(op, std::move(children), num_quick,
                                            is_quick ? ExecutionLimits{} : preparation_.limits()),
            cost_ns, op == ast::LogicOp::kOr ? 1 - left : left};
  }

  Planned Make(BoundTrait trait) {
    auto op = std::make_unique<ColumnOperator>(std::move(trait), view_, &preparation_);
    const double cost_ns = op->CostPerRow();
    const double share = ShareOf(*op, cost_ns > 2 ? kAskedWords : kScannedWords);
    return {std::move(op), cost_ns * NumRows(), share};
  }

  static constexpr double kChainNs = 100;  // to follow the identities of a row

  Planned Make(BoundIdentity identity) {
    if (IdentityOperator::IsLookup(identity)) {
      return {std::make_unique<IdentityOperator>(std::move(identity), view_), 1,
              1 / std::max(NumRows(), 1.0)};
    }
    return Asked(std::make_unique<IdentityOperator>(std::move(identity), view_), kChainNs);
  }
  // What is asked of one row after the other, and takes so long for each.
  Planned Asked(std::unique_ptr<Operator> op, double row_ns) const {
    const double share = ShareOf(*op, kAskedWords);
    return {std::move(op), row_ns * NumRows(), share};
  }

  Planned Make(const BoundNever&) { return {std::make_unique<NeverOperator>(), 0, 0}; }

  static constexpr double kFoldNs = 500;  // over the records of a row, if it has some

  Planned Make(BoundLabel label) {
    const double row_ns = kFoldNs * RecordsPerRow(kLabelRecords);
    return Asked(std::make_unique<LabelOperator>(std::move(label)), row_ns);
  }
  Planned Make(BoundConsent consent) {
    const double row_ns = kFoldNs * RecordsPerRow(kConsentRecords);
    return Asked(std::make_unique<ConsentOperator>(std::move(consent)), row_ns);
  }
  double RecordsPerRow(std::string_view records) const {
    const std::optional<EventTypeId> type = view_.schema().FindEvent(records);
    return type ? EventsPerRow(*type) : 0;
  }
  Planned Make(BoundMembers members) {
    const auto num_members = static_cast<double>(members.ids.size());
    return {std::make_unique<MembersOperator>(std::move(members), view_), num_members,
            std::min(1.0, num_members / std::max(NumRows(), 1.0))};
  }
  Planned Make(BoundHasIdentity has) {
    return Asked(std::make_unique<HasIdentityOperator>(has), kChainNs);
  }
  Planned Make(BoundSample sample) {
    return Asked(std::make_unique<SampleOperator>(std::move(sample)), kChainNs);
  }

  double EventsPerRow(EventTypeId event) const {
    return static_cast<double>(view_->partition(event).num_events()) / std::max(NumRows(), 1.0);
  }
  // To find the events that are meant and whose they are.
  double EventCost(const BoundEvents& events) const {
    const double event_ns = events.where.empty() ? 0.2 : 0.4;
    return (0.05 + event_ns * EventsPerRow(events.event)) * NumRows();
  }
  // To look at each event of its type besides.
  double EachEventCost(const BoundEvents& events, double event_ns) const {
    return EventCost(events) + event_ns * EventsPerRow(events.event) * NumRows();
  }
  double EachEventCost(const BoundEventSet& events, double event_ns) const {
    double cost_ns = 0;
    for (const BoundEvents& one : events) cost_ns += EachEventCost(one, event_ns);
    return cost_ns;
  }
  static constexpr double kDayNs = 1;   // of an event
  static constexpr double kSumNs = 1;   // of an event, also least, greatest and last ones
  static constexpr double kStepNs = 4;  // of an event, in a sequence

  // How many events of a row are meant, were they all spread evenly over the time that a block in
  // the middle knows.
  double EventsMeant(const BoundEvents& events) const {
    const EventPartition& partition = view_->partition(events.event);
    if (partition.num_blocks() == 0) return 0;
    const IntBounds& bounds = partition.block(partition.num_blocks() / 2).sealed->time_bounds;
    const TimeRange range = events.window.UntilNow(view_.clock());
    const double span = static_cast<double>(bounds.high) - static_cast<double>(bounds.low);
    const double within = static_cast<double>(std::min(range.high, bounds.high)) -
                          static_cast<double>(std::max(range.low, bounds.low));
    const double share = span > 0 ? std::clamp(within / span, 0.0, 1.0) : 1;
    return EventsPerRow(events.event) * share * (events.where.empty() ? 1 : kUnknownShare);
  }
  double ShareOf(const BoundDid& did) const {
    double mean = 0;
    for (const BoundEvents& one : did.events) mean += EventsMeant(one);
    const double share = PoissonBetween(mean, did.min, did.max);
    return did.negated ? 1 - share : share;
  }

  Planned Make(BoundDid did) {
    const double cost_ns = EachEventCost(did.events, did.on ? kDayNs : 0);
    const double share = ShareOf(did);
    return {std::make_unique<BehaviourOperator>(std::move(did), view_, &preparation_), cost_ns,
            share};
  }

  Planned Make(BoundNth nth) {
    const double cost_ns = EachEventCost(nth.events, kSumNs);
    return {std::make_unique<NthOperator>(std::move(nth), view_, &preparation_), cost_ns,
            kUnknownShare};
  }

  Planned Make(BoundAggregate aggregate) {
    double cost_ns = EachEventCost(aggregate.of.events, kSumNs);
    if (const auto* other = std::get_if<AggregateCompare>(&aggregate.test)) {
      cost_ns += EachEventCost(other->right.events, kSumNs);
    }
    return {std::make_unique<AggregateOperator>(std::move(aggregate), view_, &preparation_),
            cost_ns, kUnknownShare};
  }

  Planned Make(BoundSequence sequence) {
    double cost_ns = 0;
    for (const BoundStep& step : sequence.steps) cost_ns += EachEventCost(step.events, kStepNs);
    return {std::make_unique<SequenceOperator>(std::move(sequence), view_, &preparation_), cost_ns,
            kUnknownShare};
  }
  Planned Make(BoundResumed resumed) {
    const double cost_ns = EachEventCost(resumed.events, kStepNs);
    return {std::make_unique<ResumedOperator>(std::move(resumed), view_, &preparation_), cost_ns,
            kUnknownShare};
  }
  Planned Make(BoundHistory history) {
    constexpr double kCellNs = 5;
    const auto records = view_.schema().trait(history.trait).records;
    auto op = std::make_unique<HistoryOperator>(std::move(history), view_, &preparation_);
    const double folded = !op->AsksCells() ? 1
                          : records        ? std::min(1.0, EventsPerRow(*records))
                                           : 0;
    return {std::move(op), (kCellNs + folded * kFoldNs) * NumRows(), kUnknownShare};
  }
  // All events of all candidates, put together: after everything else.
  Planned Make(BoundSessions sessions) {
    constexpr double kCutNs = 20;  // of an event
    const double cost_ns = kCutNs * (NumRows() + static_cast<double>(view_->num_events()));
    const auto plan = [this](BoundFilter filter) { return Plan(std::move(filter)).op; };
    return {std::make_unique<SessionsOperator>(std::move(sessions), plan, view_, &preparation_),
            cost_ns, kUnknownShare};
  }
  Planned Make(BoundInterest interest) {
    double cost_ns = 0;
    for (const BoundEventProperty& of : interest.interest.properties) {
      cost_ns += kChainNs * EventCost(BoundEvents{of.event, {}, {}, {}});
    }
    return {std::make_unique<InterestOperator>(std::move(interest)), cost_ns, kUnknownShare};
  }
  Planned Make(BoundEngagement engagement) {
    double cost_ns = 0;
    for (const auto& points : engagement.engagement.points) {
      cost_ns += EachEventCost(points.events, kSumNs);
    }
    return {std::make_unique<EngagementOperator>(std::move(engagement)), cost_ns, kUnknownShare};
  }
  // Stands in the condition on a session, which that operator plans.
  Planned Make(const BoundSessionTest&) const { ROSTER_CHECK(false); }

  // Properties stand in conditions on events, which EventFilter plans.
  Planned Make(const BoundProperty&) const { ROSTER_CHECK(false); }

  const ReadView& view_;
  Preparation preparation_;
  Clock* const clock_;
  const Planning planning_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Operator>> PlanFilter(BoundFilter filter, const ReadView& view,
                                                     const ExecutionLimits& limits,
                                                     const Planning& planning) {
  Planner planner(view, limits, planning);
  std::unique_ptr<Operator> planned = planner.Plan(std::move(filter)).op;
  ROSTER_RETURN_IF_ERROR(planner.status());
  return planned;
}

absl::StatusOr<Plan> MakePlan(BoundStatement statement, const ReadView& view,
                              const ExecutionLimits& limits) {
  Plan plan{nullptr, std::move(statement.verb), statement.explained};
  if (statement.where) {
    const bool measures = statement.explained == ast::Explained::kAnalyzed;
    ROSTER_ASSIGN_OR_RETURN(
        plan.filter, PlanFilter(*std::move(statement.where), view, limits, {.measures = measures}));
  }
  const bool finds = std::holds_alternative<BoundFind>(plan.verb);
  if (finds && plan.filter != nullptr && IsDear(plan.filter->estimated_ns(), view) &&
      !TwoStepFilter::Of(plan)) {
    plan.filter = AsDearPart(std::move(plan.filter), limits);
  }
  return plan;
}

}  // namespace roster::query
