// SPDX-License-Identifier: Apache-2.0
#include "query/operators/column.h"

#include <string_view>
#include <utility>
#include <vector>

#include "query/cells/cell_test.h"
#include "query/kernels/bits.h"
#include "storage/memory/people/own_names.h"

namespace roster::query {

ColumnOperator::ColumnOperator(BoundTrait bound, const ReadView& view, Preparation* preparation)
    : bound_(std::move(bound)),
      filter_(Prepare(bound_.predicate, view->column(bound_.trait).type(), preparation)) {}

void ColumnOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  const Column& column = view->column(bound_.trait);
  if (chunk >= column.num_chunks()) return rows->ClearAll();
  const ColumnChunk& cells = column.chunk(chunk);
  kernels::AndBits(cells.present.words(), ChunkBits::kWords, rows->words());
  if (const PackedInts* const array = cells.cells.array()) {
    return filter_.Narrow(*array, cells.bounds, rows->words());
  }
  rows->ForEach([&](uint32_t i) {
    if (!Holds(bound_.predicate, column.type(), cells.cells.Get(i), view.clock())) rows->Clear(i);
  });
}

void ColumnOperator::Prefetch(const ReadView& view, absl::Span<const RowId> rows) const {
  const Column& column = view->column(bound_.trait);
  const Dictionary* const texts = column.type().dictionary.get();
  if (texts == nullptr || !filter_.AsksEach()) return;
  std::vector<uint32_t> codes;
  codes.reserve(rows.size());
  for (const RowId row : rows) {
    if (column.Has(row)) codes.push_back(static_cast<uint32_t>(column.Bits(row)));
  }
  for (const uint32_t code : codes) texts->Prefetch(code);
}

bool ColumnOperator::Matches(const ReadView& view, RowId row) const {
  const Column& column = view->column(bound_.trait);
  return column.Has(row) && Holds(bound_.predicate, column.type(), column.Bits(row), view.clock());
}

std::optional<Timestamp> ColumnOperator::NextChange(const ReadView& view, RowId row) const {
  const Column& column = view->column(bound_.trait);
  if (!column.Has(row)) return std::nullopt;
  return query::NextChange(bound_.predicate, column.type(), column.Bits(row), view.clock());
}

std::string ColumnOperator::Describe(const Schema& schema) const {
  const std::string_view name = schema.trait(bound_.trait).name;
  return query::Describe(bound_.predicate, IsOwnName(name) ? name.substr(1) : name, bound_.info);
}

void ColumnOperator::AddDependencies(Dependencies* dependencies) const {
  dependencies->traits.push_back(bound_.trait);
}

}  // namespace roster::query
