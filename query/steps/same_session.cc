// SPDX-License-Identifier: Apache-2.0
#include "query/steps/same_session.h"

#include <limits>
#include <optional>

namespace roster::query {
namespace {

// When the earliest chain ends that begins with an event of the first step, if any does.
std::optional<int64_t> EndOfChain(absl::Span<const StepRun> steps, uint32_t first) {
  StepPoint at{steps[0].TimeAt(first), first};
  for (size_t step = 1; step < steps.size(); ++step) {
    const StepRun& run = steps[step];
    StepPoint next;
    for (; next.index < run.size(); ++next.index) {
      next.time_ms = run.TimeAt(next.index);
      if (ComesAfter(run, next, steps[step - 1], at)) break;
    }
    if (next.index == run.size()) return std::nullopt;
    at = next;
  }
  return at.time_ms;
}

}  // namespace

SameSession::SameSession(const ReadView& view, uint32_t chunk)
    : events_(view, chunk, std::numeric_limits<int64_t>::min()), given_(events_.RowsWithGiven()) {}

std::optional<bool> SameSession::Holds(uint32_t offset, absl::Span<const StepRun> steps) {
  if (given_.Test(offset)) return std::nullopt;
  const auto longest_ms = static_cast<uint64_t>(kSilenceMs) * events_.NumOf(offset);
  bool is_known = true;
  for (uint32_t first = 0; first < steps[0].size(); ++first) {
    const std::optional<int64_t> end_ms = EndOfChain(steps, first);
    if (!end_ms) break;  // nor does any begin later
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
