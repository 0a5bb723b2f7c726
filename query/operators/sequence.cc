// SPDX-License-Identifier: Apache-2.0
#include "query/operators/sequence.h"

#include <algorithm>
#include <map>
#include <utility>

#include "query/window.h"

namespace roster::query {

SequenceOperator::SequenceOperator(BoundSequence bound, const ReadView& view,
                                   Preparation* preparation)
    : start_(bound.start),
      place_(bound.place),
      said_(bound.said),
      steps_(std::move(bound), view, preparation) {}

void SequenceOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  if (!rows->Any()) return;
  const ChunkBits candidates = *rows;
  steps_.ForEachRow(view, chunk, candidates,
                    [&](uint32_t offset, const std::vector<StepHit>& hits) {
                      if (!Holds(view, RowAt(chunk, offset), hits)) rows->Clear(offset);
                    });
}

bool SequenceOperator::Matches(const ReadView& view, RowId row) const {
  return Holds(view, row, steps_.HitsOf(view, row));
}

// From the last event to the first: what counts of what follows is, for each step, the earliest
// event that begins the rest of a chain, for no later one is nearer.
bool SequenceOperator::Holds(const ReadView& view, RowId row,
                             const std::vector<StepHit>& hits) const {
  using Places = std::vector<std::optional<EventPlace>>;  // by step
  if (hits.empty()) return false;
  const std::vector<std::optional<std::string>> keys = steps_.KeysOf(view, row, hits);
  std::optional<EventPlace> chosen;
  if (start_ == ast::Start::kNth) {
    chosen = Chosen(steps_.events(0).filters(), place_, view, row);
  }
  std::map<std::string, Places> following;
  const auto begins = [&](const StepHit& hit, const Places& next) {
    if (hit.step + 1 == steps_.size()) return true;
    const std::optional<int64_t> limit_ms = steps_.LimitAfter(hit.step, hit.place.time_ms);
    const std::optional<EventPlace>& after = next[hit.step + 1];
    const bool comes = after && (!limit_ms || after->time_ms <= *limit_ms);
    if (!steps_.IsNegated(hit.step + 1)) return comes;
    return !comes && limit_ms && view.clock().ms >= *limit_ms;
  };
  bool any = false;
  bool every = true;
  for (size_t end = hits.size(); end > 0;) {
    size_t begin = end;  // the hits of one event
    while (begin > 0 && hits[begin - 1].place == hits[end - 1].place) --begin;
    std::vector<size_t> valid;
    for (size_t h = begin; h < end; ++h) {
      const bool is_first = hits[h].step == 0;
      bool holds = false;
      if (keys[h]) {
        Places& next = following.try_emplace(*keys[h], steps_.size()).first->second;
        holds = begins(hits[h], next);
      }
      if (holds) valid.push_back(h);
      if (!is_first || (start_ == ast::Start::kNth && hits[h].place != chosen)) continue;
      any |= holds;
      every &= holds;
    }
    for (const size_t h : valid) following[*keys[h]][hits[h].step] = hits[h].place;
    end = begin;
  }
  return any && (start_ != ast::Start::kEvery || every);
}

std::optional<Timestamp> SequenceOperator::NextChange(const ReadView& view, RowId row) const {
  std::optional<Timestamp> next;
  for (uint32_t s = 0; s < steps_.size(); ++s) {
    next = Earlier(next, steps_.events(s).NextChange(view, row));
  }
  if (!steps_.IsNegated(steps_.size() - 1)) return next;
  // What did not come is known when its time is over.
  const auto last = steps_.size() - 2;
  steps_.events(last).ForEachOf(view, row, [&](const EventBlock& block, EventRef event) {
    const std::optional<int64_t> limit_ms = steps_.LimitAfter(last, TimeOf(block, event).ms);
    if (limit_ms && *limit_ms > view.clock().ms) next = Earlier(next, Timestamp{*limit_ms});
  });
  return next;
}

// --- Resumed ---

ResumedOperator::ResumedOperator(BoundResumed bound, const ReadView& view, Preparation* preparation)
    : bound_(std::move(bound)), events_(std::exchange(bound_.events, {}), view, preparation) {}

bool ResumedOperator::Holds(const std::vector<int64_t>& times, Timestamp now) const {
  const TimeRange range = bound_.window.UntilNow(now);
  for (size_t i = 1; i < times.size(); ++i) {
    if (!range.Contains(times[i])) continue;
    if (After({times[i - 1]}, bound_.silence, bound_.zone) <= times[i]) return true;
  }
  return false;
}

void ResumedOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  if (!rows->Any()) return;
  std::vector<std::pair<uint32_t, int64_t>> times;
  events_.ForEachIn(view, chunk, *rows,
                    [&](uint32_t offset, const EventBlock& block, EventRef event) {
                      if (rows->Test(offset)) times.emplace_back(offset, TimeOf(block, event).ms);
                    });
  std::sort(times.begin(), times.end());
  size_t next = 0;
  rows->ForEach([&](uint32_t offset) {
    std::vector<int64_t> of_row;
    for (; next < times.size() && times[next].first == offset; ++next) {
      of_row.push_back(times[next].second);
    }
    if (!Holds(of_row, view.clock())) rows->Clear(offset);
  });
}

bool ResumedOperator::Matches(const ReadView& view, RowId row) const {
  std::vector<int64_t> times;
  events_.ForEachOf(view, row, [&](const EventBlock& block, EventRef event) {
    times.push_back(TimeOf(block, event).ms);
  });
  std::sort(times.begin(), times.end());
  return Holds(times, view.clock());
}

std::optional<Timestamp> ResumedOperator::NextChange(const ReadView& view, RowId row) const {
  std::optional<Timestamp> next = events_.NextChange(view, row);
  events_.ForEachOf(view, row, [&](const EventBlock& block, EventRef event) {
    next = Earlier(next, bound_.window.NextChange(view.clock(), TimeOf(block, event).ms));
  });
  return next;
}

}  // namespace roster::query
