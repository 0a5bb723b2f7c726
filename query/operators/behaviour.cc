// SPDX-License-Identifier: Apache-2.0
#include "query/operators/behaviour.h"

#include <limits>
#include <utility>
#include <vector>

#include "query/ast.h"
#include "storage/base/text.h"

namespace roster::query {

BehaviourOperator::BehaviourOperator(BoundDid bound, const ReadView& view, Preparation* preparation)
    : events_(std::move(bound.events), view, preparation),
      min_(bound.min),
      max_(bound.max),
      negated_(bound.negated) {}

void BehaviourOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  if (!rows->Any()) return;
  const EventBlock* const block = events_.BlockOf(view, chunk);
  if (block == nullptr) {
    if (!Passes(0)) rows->ClearAll();
    return;
  }
  std::vector<uint32_t> counts(kChunkRows);
  const uint16_t* const row_of = block->sealed->rows.data();
  events_.SelectSealed(view, *block).ForEach([&](size_t i) { ++counts[row_of[i]]; });
  events_.ForEachInTail(view, *block, [&](uint32_t t) { ++counts[block->tail[t].row_offset]; });

  for (uint32_t w = 0; w < ChunkBits::kWords; ++w) {
    uint64_t passed = 0;
    if (rows->words()[w] == 0) continue;
    for (uint32_t i = 0; i < 64; ++i) {
      passed |= static_cast<uint64_t>(Passes(counts[w * 64 + i])) << i;
    }
    rows->words()[w] &= passed;
  }
}

bool BehaviourOperator::Matches(const ReadView& view, RowId row) const {
  int64_t count = 0;
  events_.ForEachOf(view, row, [&](const EventBlock&, EventRef) { ++count; });
  return Passes(count);
}

std::string BehaviourOperator::Describe(const Schema& schema) const {
  std::string times;
  if (min_ == max_) {
    times = StrCat(" exactly ", min_, " times");
  } else if (max_ == std::numeric_limits<int64_t>::max()) {
    times = StrCat(" at least ", min_, " times");
  } else if (min_ <= 0) {
    times = StrCat(" at most ", max_, " times");
  } else {
    times = StrCat(" ", min_, " to ", max_, " times");
  }
  return StrCat(negated_ ? "not " : "", "did ", ast::QuoteText(schema.event(events_.event()).name),
                events_.DescribeCondition(schema), times, events_.DescribeWindow());
}

void BehaviourOperator::AddDependencies(Dependencies* dependencies) const {
  dependencies->events.push_back(events_.event());
}

}  // namespace roster::query
