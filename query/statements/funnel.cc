// SPDX-License-Identifier: Apache-2.0
//
// funnel: how many profiles came to each step, in one pass over each profile's events in their
// order. Source: LANGUAGE.md "Funnels".
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "query/operators/steps.h"
#include "query/statements/columns.h"
#include "query/statements/groups.h"
#include "query/statements/run.h"
#include "query/statements/scan.h"
#include "query/window.h"

namespace roster::query {
namespace {

// Profiles by how many steps they came through.
using Reached = std::vector<int64_t>;

// A chain that came to a step. `limit_ms`: until when the next one counts; none: for ever.
struct Chain {
  int64_t since_ms = 0;  // of the step, or of the first one under an overall limit
  std::optional<int64_t> limit_ms;
};

// How far the events of one profile go. Of the chains to a step only one counts, the one that
// leaves the most time for what follows: mostly the latest, but a month ends on the same day for
// several.
class Walk {
 public:
  Walk(const Steps& steps, std::optional<ast::Duration> overall)
      : steps_(steps), overall_(overall) {}

  uint32_t Of(const ReadView& view, RowId row, const std::vector<StepHit>& hits) const {
    const std::vector<std::optional<std::string>> keys = steps_.KeysOf(view, row, hits);
    std::map<std::string, std::vector<std::optional<Chain>>> chains;
    uint32_t furthest = 0;
    for (size_t begin = 0, end = 0; begin < hits.size(); begin = end) {
      while (end < hits.size() && hits[end].place == hits[begin].place) ++end;
      // From the last step to the first: one event serves one step.
      for (size_t h = end; h-- > begin;) {
        if (!keys[h]) continue;
        auto& reached = chains.try_emplace(*keys[h], steps_.size()).first->second;
        if (Goes(hits[h], &reached)) furthest = std::max(furthest, hits[h].step + 1);
      }
    }
    return furthest;
  }

 private:
  // Whether an event takes a chain to its step. `reached`: by step.
  bool Goes(const StepHit& hit, std::vector<std::optional<Chain>>* reached) const {
    const int64_t time_ms = hit.place.time_ms;
    const Chain* before = nullptr;
    if (hit.step > 0) {
      if (!(*reached)[hit.step - 1]) return false;
      before = &*(*reached)[hit.step - 1];
      if (before->limit_ms && time_ms > *before->limit_ms) return false;
    }
    const Chain chain = overall_ && before != nullptr ? *before : StartingAt(hit.step, time_ms);
    std::optional<Chain>& kept = (*reached)[hit.step];
    if (!kept || !chain.limit_ms || *chain.limit_ms >= kept->limit_ms) kept = chain;
    return true;
  }

  Chain StartingAt(uint32_t step, int64_t time_ms) const {
    if (overall_) return {time_ms, After({time_ms}, *overall_, steps_.zone())};
    if (step + 1 == steps_.size()) return {time_ms, std::nullopt};
    return {time_ms, steps_.LimitAfter(step, time_ms)};
  }

  const Steps& steps_;
  const std::optional<ast::Duration> overall_;
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
  Groups<Reached> groups(funnel.by, view, limits.max_rows / steps.size(), limits);
  ROSTER_RETURN_IF_ERROR(
      ForEachChunk(plan, view, limits, [&](uint32_t chunk, const ChunkBits& rows) {
        steps.ForEachRow(view, chunk, rows, [&](uint32_t i, const std::vector<StepHit>& hits) {
          if (hits.empty()) return;
          const RowId row = RowAt(chunk, i);
          const uint32_t furthest = walk.Of(view, row, hits);
          Reached* const reached = furthest == 0 ? nullptr : groups.Of(row);
          if (reached == nullptr) return;
          if (reached->empty()) limits.Take(steps.size() * sizeof(int64_t));
          reached->resize(steps.size());
          for (uint32_t step = 0; step < furthest; ++step) ++(*reached)[step];
        });
      }));
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
