// SPDX-License-Identifier: Apache-2.0
#include "query/statements/measured.h"

namespace roster::query {
namespace {

uint64_t BytesOf(const Dependencies& reads, const ReadView& view, uint32_t chunk) {
  uint64_t bytes = 0;
  for (const TraitId trait : reads.traits) {
    const Column& column = view->column(trait);
    if (chunk < column.num_chunks()) bytes += column.chunk(chunk).MemoryBytes();
  }
  for (const EventTypeId event : reads.events) {
    const EventPartition& partition = view->partition(event);
    if (chunk >= partition.num_blocks()) continue;
    const EventBlock& block = partition.block(chunk);
    bytes += block.sealed->MemoryBytes() + block.TailBytes();
  }
  return bytes;
}

}  // namespace

void MeasuredOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  const uint32_t candidates = rows->Count();
  const int64_t began_us = clock_ != nullptr ? clock_->MonotonicMicros() : 0;
  inner_->Evaluate(view, chunk, rows);
  if (clock_ != nullptr) took_us_ += clock_->MonotonicMicros() - began_us;
  rows_in_ += candidates;
  rows_ += rows->Count();
  if (candidates != 0) bytes_ += BytesOf(reads_, view, chunk);
}

}  // namespace roster::query
