// SPDX-License-Identifier: Apache-2.0
#include "query/steps/same_session.h"

#include <limits>
#include <optional>

#include "absl/container/inlined_vector.h"

namespace roster::query {
namespace {

// The earliest chains that begin with one event of the first step after the other. Each step's
// place only moves forward, so that all of them together read the steps once.
class Chains {
 public:
  explicit Chains(absl::Span<const StepRun> steps) : steps_(steps), next_(steps.size(), 0) {}

  // When the chain ends that begins with this event, not before those asked of earlier; nothing
  // where none does, nor any that begins later.
  std::optional<int64_t> EndFrom(uint32_t first) {
    StepPoint at{steps_[0].TimeAt(first), first};
    for (size_t step = 1; step < steps_.size(); ++step) {
      const std::optional<StepPoint> after = After(step, at);
      if (!after) return std::nullopt;
      at = *after;
    }
    return at.time_ms;
  }

 private:
  std::optional<StepPoint> After(size_t step, const StepPoint& before) {
    const StepRun& run = steps_[step];
    for (uint32_t& next = next_[step]; next < run.size(); ++next) {
      const StepPoint point{run.TimeAt(next), next};
      if (ComesAfter(run, point, steps_[step - 1], before)) return point;
    }
    return std::nullopt;
  }

  const absl::Span<const StepRun> steps_;
  absl::InlinedVector<uint32_t, 8> next_;  // by step, the event that was reached
};

}  // namespace

SameSession::SameSession(const ReadView& view, uint32_t chunk)
    : events_(view, chunk, std::numeric_limits<int64_t>::min()), given_(events_.RowsWithGiven()) {}

std::optional<bool> SameSession::Holds(uint32_t offset, absl::Span<const StepRun> steps) {
  if (given_.Test(offset)) return std::nullopt;
  const auto longest_ms = static_cast<uint64_t>(kSilenceMs) * events_.NumOf(offset);
  bool is_known = true;
  Chains chains(steps);
  for (uint32_t first = 0; first < steps[0].size(); ++first) {
    const std::optional<int64_t> end_ms = chains.EndFrom(first);
    if (!end_ms) break;
    const int64_t begin_ms = steps[0].TimeAt(first);
    const uint64_t length_ms = static_cast<uint64_t>(*end_ms) - static_cast<uint64_t>(begin_ms);
    if (length_ms >= longest_ms) continue;
    switch (events_.Between(offset, begin_ms, *end_ms)) {
      case ChunkEvents::Gap::kNone:
        return true;
      case ChunkEvents::Gap::kSilence:
        break;
      case ChunkEvents::Gap::kOthers:
        is_known = false;
    }
  }
  return is_known ? std::optional(false) : std::nullopt;
}

}  // namespace roster::query
