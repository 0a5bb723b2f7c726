// SPDX-License-Identifier: Apache-2.0
//
// The events of one row that pass one step of a chain, in their order: read where they are sealed,
// or from a list that was made of them. Thread rule: plain values. Lifetime: of what they point at.
#ifndef ROSTER_QUERY_STEPS_STEP_RUN_H_
#define ROSTER_QUERY_STEPS_STEP_RUN_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "query/operators/event_order.h"
#include "storage/memory/events/block.h"

namespace roster::query {

// An event that passes a step.
struct StepHit {
  EventPlace place;
  uint32_t filter = 0;  // of the step
  const EventBlock* block = nullptr;
  EventRef event;
};

inline void SortByPlace(std::vector<StepHit>* hits) {
  std::sort(hits->begin(), hits->end(),
            [](const StepHit& a, const StepHit& b) { return a.place < b.place; });
}

// Ascending by place. Invariant: either all of a run of sealed events, or a list.
class StepRun {
 public:
  StepRun() = default;
  explicit StepRun(const std::vector<StepHit>& hits)
      : size_(static_cast<uint32_t>(hits.size())), hits_(hits.data()) {}
  // The sealed events [begin, end) of a block, all of one row.
  StepRun(EventTypeId type, const EventBlock& block, uint32_t begin, uint32_t end)
      : begin_(begin), size_(end - begin), type_(type), block_(&block) {}

  uint32_t size() const { return size_; }
  int64_t TimeAt(uint32_t i) const {
    return hits_ != nullptr ? hits_[i].place.time_ms : block_->sealed->times.Get(begin_ + i);
  }
  EventPlace PlaceAt(uint32_t i) const {
    return hits_ != nullptr ? hits_[i].place : PlaceOf(type_, *block_, {false, begin_ + i});
  }
  StepHit HitAt(uint32_t i) const {
    if (hits_ != nullptr) return hits_[i];
    return {PlaceAt(i), 0, block_, {false, begin_ + i}};
  }

 private:
  uint32_t begin_ = 0;
  uint32_t size_ = 0;
  EventTypeId type_;
  const EventBlock* block_ = nullptr;
  const StepHit* hits_ = nullptr;
};

// An event of a run that counts: its time at hand, for that decides nearly always.
struct StepPoint {
  int64_t time_ms = 0;
  uint32_t index = 0;  // in its run
};

// The place of the event that is chosen: counted from the first (1, 2, ...) or the last (-1).
// Source: LANGUAGE.md "Meaning", 5.
inline std::optional<EventPlace> Chosen(const StepRun& all, int64_t place) {
  if (all.size() == 0 || place > int64_t{all.size()}) return std::nullopt;
  return all.PlaceAt(place < 0 ? all.size() - 1 : static_cast<uint32_t>(place - 1));
}

using StepPoints = absl::InlinedVector<StepPoint, 16>;

// Whether the event `b` comes after `a`; those of one place are the same event.
inline bool ComesAfter(const StepRun& b_run, StepPoint b, const StepRun& a_run, StepPoint a) {
  if (a.time_ms != b.time_ms) return b.time_ms > a.time_ms;
  return b_run.PlaceAt(b.index) > a_run.PlaceAt(a.index);
}

}  // namespace roster::query

#endif  // ROSTER_QUERY_STEPS_STEP_RUN_H_
