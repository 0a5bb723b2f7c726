// SPDX-License-Identifier: Apache-2.0
#include "query/statements/measured.h"

#include "query/operators/logic.h"

namespace roster::query {

void MeasuredOperator::AddBytes(const ReadView& view, uint32_t chunk) const {
  for (const TraitId trait : reads_.traits) {
    const Column& column = view->column(trait);
    if (chunk < column.num_chunks()) bytes_ += column.chunk(chunk).MemoryBytes();
  }
  for (const EventTypeId event : reads_.events) {
    const EventPartition& partition = view->partition(event);
    if (chunk >= partition.num_blocks()) continue;
    const EventBlock& block = partition.block(chunk);
    bytes_ += block.sealed->MemoryBytes() + block.TailBytes();
  }
}

void ResetMeasures(const Operator& tree) {
  const auto* measured = dynamic_cast<const MeasuredOperator*>(&tree);
  if (measured != nullptr) measured->Reset();
  const auto* logic =
      dynamic_cast<const LogicOperator*>(measured != nullptr ? &measured->inner() : &tree);
  if (logic == nullptr) return;
  for (const auto& child : logic->children()) ResetMeasures(*child);
}

bool MeasuredOperator::Matches(const ReadView& view, RowId row) const {
  const int64_t began_us = NowMicros();
  const bool matches = inner_->Matches(view, row);
  took_us_ += NowMicros() - began_us;
  ++rows_in_;
  if (matches) ++rows_;
  return matches;
}

}  // namespace roster::query
