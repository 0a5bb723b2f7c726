// SPDX-License-Identifier: Apache-2.0
//
// funnel: how many profiles came to each step, in one pass over each profile's events of each
// step. Source: LANGUAGE.md "Funnels".
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "query/statements/columns.h"
#include "query/statements/groups.h"
#include "query/statements/run.h"
#include "query/statements/scan.h"
#include "query/steps/steps.h"
#include "query/window.h"

namespace roster::query {
namespace {

// Profiles by how many steps they came through.
using Reached = std::vector<int64_t>;

// How far the events of one profile go.
class Walk {
 public:
  Walk(const Steps& steps, std::optional<ast::Duration> overall)
      : steps_(steps), overall_(overall) {}

  uint32_t Of(const ReadView& view, RowId row, absl::Span<const StepRun> runs) const {
    uint32_t furthest = 0;
    steps_.ForEachGroup(view, row, runs, [&](absl::Span<const StepRun> group) {
      furthest = std::max(furthest, Furthest(group));
    });
    return furthest;
  }

 private:
  // An event to which a chain came.
  struct Arrival {
    StepPoint at;
    int64_t limit_ms = 0;  // until when the next step counts
  };
  using Arrivals = absl::InlinedVector<Arrival, 16>;

  // From the first step to the last: of each those events are kept to which a chain came. Of the
  // chains that come before an event one counts, the one that leaves the most time: mostly the
  // latest, but a month ends on the same day for several.
  uint32_t Furthest(absl::Span<const StepRun> runs) const {
    Arrivals before;
    for (uint32_t i = 0; i < runs[0].size(); ++i) {
      const int64_t time_ms = runs[0].TimeAt(i);
      before.push_back(
          {{time_ms, i},
           overall_ ? After({time_ms}, *overall_, steps_.zone()) : LimitAfter(0, time_ms)});
    }
    for (uint32_t step = 1; step < runs.size(); ++step) {
      if (before.empty()) return step - 1;
      before = Step(step, runs, before);
    }
    return steps_.size() - (before.empty() ? 1 : 0);
  }

  Arrivals Step(uint32_t step, absl::Span<const StepRun> runs, const Arrivals& before) const {
    Arrivals kept;
    size_t num_before = 0;
    int64_t limit_ms = 0;
    for (uint32_t i = 0; i < runs[step].size(); ++i) {
      const StepPoint point{runs[step].TimeAt(i), i};
      for (; num_before < before.size(); ++num_before) {
        const Arrival& one = before[num_before];
        if (!ComesAfter(runs[step], point, runs[step - 1], one.at)) break;
        limit_ms = num_before == 0 ? one.limit_ms : std::max(limit_ms, one.limit_ms);
      }
      if (num_before == 0 || point.time_ms > limit_ms) continue;
      kept.push_back({point, overall_ ? limit_ms : LimitAfter(step, point.time_ms)});
    }
    return kept;
  }

  int64_t LimitAfter(uint32_t step, int64_t time_ms) const {
    return step + 1 == steps_.size() ? Steps::kForEver : steps_.LimitAfter(step, time_ms);
  }

  const Steps& steps_;
  const std::optional<ast::Duration> overall_;
};

// How far the profiles of each group come.
struct Arrivals {
  const Steps* steps;
  const Walk* walk;
  const ReadView* view;
  const ExecutionLimits* limits;
  Groups<Reached> groups;

  void Take(uint32_t chunk, const ChunkBits& rows) {
    steps->ForEachRow(1, *view, chunk, rows, nullptr,
                      [&](uint32_t i, absl::Span<const StepRun> runs) {
                        const RowId row = RowAt(chunk, i);
                        const uint32_t furthest = walk->Of(*view, row, runs);
                        Reached* const reached = furthest == 0 ? nullptr : groups.Of(row);
                        if (reached == nullptr) return;
                        if (reached->empty()) limits->Take(steps->size() * sizeof(int64_t));
                        reached->resize(steps->size());
                        for (uint32_t step = 0; step < furthest; ++step) ++(*reached)[step];
                      });
  }
  Arrivals Fork() const { return {steps, walk, view, limits, groups.Fork()}; }
  void Join(const Arrivals& other) {
    groups.Join(other.groups, [](Reached* ours, const Reached& theirs) {
      ours->resize(theirs.size());
      for (size_t step = 0; step < theirs.size(); ++step) (*ours)[step] += theirs[step];
    });
  }
};

// The part that one number is of another; missing of nothing.
Value Share(int64_t part, int64_t whole) {
  if (whole == 0) return Value();
  return Value(static_cast<double>(part) / static_cast<double>(whole));
}

void AddRows(const BoundFunnel& funnel, const Reached& reached, const std::vector<Value>& group,
             TableAnswer* table) {
  for (size_t step = 0; step < reached.size(); ++step) {
    std::vector<Value>& row = table->rows.emplace_back(group);
    row.emplace_back(static_cast<int64_t>(step + 1));
    row.emplace_back(funnel.names[step]);
    row.emplace_back(reached[step]);
    row.push_back(Share(reached[step], reached[0]));
    row.push_back(step == 0 ? Value() : Share(reached[step], reached[step - 1]));
  }
}

}  // namespace

absl::StatusOr<QueryAnswer> RunVerb(const BoundFunnel& funnel, const Plan& plan,
                                    const ReadView& view, const ExecutionLimits& limits) {
  Preparation preparation(view.clock(), limits);
  const Steps steps(funnel.chain, view, &preparation);
  ROSTER_RETURN_IF_ERROR(preparation.status());
  const Walk walk(steps, funnel.overall);
  Arrivals arrivals{
      &steps, &walk, &view, &limits, {funnel.by, view, limits.max_rows / steps.size(), limits}};
  ROSTER_RETURN_IF_ERROR(ScanInto(plan, view, limits, &arrivals));
  const Groups<Reached>& groups = arrivals.groups;
  if (groups.too_many()) return TooManyRows(limits.max_rows);
  std::vector<BoundColumn> bound;
  for (const BoundOrder& by : funnel.by) bound.push_back(by.column);
  const Columns columns(bound, view, limits);
  TableAnswer table{columns.Heads(), {}, {}};
  const auto sorted = groups.Sorted();
  for (const auto& group : sorted) {
    const RowId rows[] = {group.row};
    ROSTER_ASSIGN_OR_RETURN(const auto values, columns.Show(rows));
    AddRows(funnel, group.kept, values[0], &table);
  }
  if (sorted.empty() && bound.empty()) AddRows(funnel, Reached(steps.size()), {}, &table);
  table.columns.insert(table.columns.end(), {{"step", ValueType::kInteger},
                                             {"event", ValueType::kText},
                                             {"profiles", ValueType::kInteger},
                                             {"of_first", ValueType::kNumber},
                                             {"of_previous", ValueType::kNumber}});
  return table;
}

}  // namespace roster::query
