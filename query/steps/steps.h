// SPDX-License-Identifier: Apache-2.0
//
// The steps of a chain, which events of a row pass them, and what has to be equal in all of them.
// What sequences and funnels have in common. Thread rule: as Operator.
// Source: LANGUAGE.md "Meaning", 5 and 6.
#ifndef ROSTER_QUERY_STEPS_STEPS_H_
#define ROSTER_QUERY_STEPS_STEPS_H_

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "query/bound.h"
#include "query/operators/event_filter.h"
#include "query/operators/limits.h"
#include "query/operators/operator.h"
#include "query/steps/chunk_steps.h"
#include "query/steps/same_session.h"
#include "query/steps/step_run.h"

namespace roster::query {

class Steps {
 public:
  static constexpr int64_t kForEver = std::numeric_limits<int64_t>::max();

  Steps(BoundSequence bound, const ReadView& view, Preparation* preparation);

  uint32_t size() const { return static_cast<uint32_t>(bound_.steps.size()); }
  const EventSet& events(uint32_t step) const { return events_[step]; }
  bool IsNegated(uint32_t step) const { return bound_.steps[step].negated; }
  absl::TimeZone zone() const { return bound_.zone; }

  // Calls f(row offset, runs), a run for each step, for those of a chunk's rows that have an event
  // of each of the first `num_required` steps. Where the place of the first event matters a run
  // follows of all events among which it is chosen. Rows of which no session can hold such a chain
  // are left out, where all steps are to be of one. Rows that have a chain of these steps, were
  // nothing asked of it but how long it takes, may go to `found` instead, unless it is null.
  // Requires: the view of the planning.
  template <typename F>
  void ForEachRow(uint32_t num_required, const ReadView& view, uint32_t chunk,
                  const ChunkBits& rows, ChunkBits* found, F&& f) const {
    std::vector<const EventSet*> all;
    for (const EventSet& set : events_) all.push_back(&set);
    ChunkSteps steps(all, num_required, view, chunk, rows);
    if (num_required > 1) {
      steps.TakeChains(absl::MakeConstSpan(most_ms_).first(num_required),
                       bound_.same_session ? nullptr : found);
    }
    if (num_required < 2 || !bound_.same_session) return steps.ForEachRow(std::forward<F>(f));
    SameSession session(view, chunk);
    steps.ForEachRow([&](uint32_t offset, absl::Span<const StepRun> runs) {
      const std::optional<bool> holds = session.Holds(offset, runs.first(num_required));
      if (holds == false) return;
      if (holds == true && found != nullptr && has_no_lengths_) return found->Set(offset);
      f(offset, runs);
    });
  }
  // Whether the steps, their order and lengths of time are all that is asked of a chain, and maybe
  // that it is of one session.
  bool IsPlain() const;
  // The same of one row, by another road.
  std::vector<std::vector<StepHit>> HitsOf(const ReadView& view, RowId row) const;

  // Calls f(runs) for each set of the row's events that are equal in what has to be; those that
  // lack it are in none.
  template <typename F>
  void ForEachGroup(const ReadView& view, RowId row, absl::Span<const StepRun> runs, F&& f) const {
    if (!has_keys_ && !bound_.same_session) return f(runs);
    for (const auto& [key, hits] : GroupsOf(view, row, runs)) f(RunsOf(hits));
  }
  static std::vector<StepRun> RunsOf(const std::vector<std::vector<StepHit>>& hits) {
    return {hits.begin(), hits.end()};
  }

  // Until when the step may come that follows one at this time; kForEver: no end.
  int64_t LimitAfter(uint32_t step, int64_t time_ms) const {
    const std::optional<int64_t>& length_ms = lengths_ms_[step + 1];
    if (!length_ms) return LimitByCalendar(step, time_ms);
    return time_ms > kForEver - *length_ms ? kForEver : time_ms + *length_ms;
  }

  void AddDependencies(Dependencies* dependencies) const;

 private:
  using Groups = std::map<std::string, std::vector<std::vector<StepHit>>>;  // by what is equal
  Groups GroupsOf(const ReadView& view, RowId row, absl::Span<const StepRun> runs) const;
  // The values that have to be equal, but for the session; nothing where one is missing.
  std::optional<std::string> KeyOf(const ReadView& view, uint32_t step, const StepHit& hit) const;

  int64_t LimitByCalendar(uint32_t step, int64_t time_ms) const;

  BoundSequence bound_;           // steps without their events
  std::vector<EventSet> events_;  // by step, and those among which the first is chosen
  std::vector<std::optional<int64_t>> lengths_ms_;  // of limits that are always as long
  std::vector<uint64_t> most_ms_;                   // the same, no end for others
  bool has_no_lengths_ = true;
  bool has_keys_ = false;  // values have to be equal
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_STEPS_STEPS_H_
