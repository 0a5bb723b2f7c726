// SPDX-License-Identifier: Apache-2.0
#include "query/operators/aggregate.h"

#include <algorithm>
#include <optional>
#include <variant>

#include "query/ast.h"
#include "query/operators/cell_test.h"
#include "storage/base/text.h"

namespace roster::query {
namespace {

bool Accepts(ast::CompareOp op, int sign) {
  switch (op) {
    case ast::CompareOp::kEq:
      return sign == 0;
    case ast::CompareOp::kNe:
      return sign != 0;
    case ast::CompareOp::kLt:
      return sign < 0;
    case ast::CompareOp::kLe:
      return sign <= 0;
    case ast::CompareOp::kGt:
      return sign > 0;
    case ast::CompareOp::kGe:
      return sign >= 0;
  }
  return false;
}

}  // namespace

struct AggregateOperator::ExactTotal {
  Int128 sum = 0;
  int64_t count = 0;
  void Add(int64_t cell) {
    sum += cell;
    ++count;
  }
  void Clear() { *this = {}; }
};

struct AggregateOperator::NumberTotal {
  ExactSum sum;
  int64_t count = 0;
  void Add(int64_t cell) {
    sum.Add(DoubleOf(cell));
    ++count;
  }
  void Clear() {
    sum.Clear();
    count = 0;
  }
};

struct AggregateOperator::Extreme {
  bool greatest = false;
  bool is_number = false;
  std::optional<int64_t> best;

  bool Before(int64_t a, int64_t b) const { return is_number ? DoubleOf(a) < DoubleOf(b) : a < b; }
  void Add(int64_t cell) {
    if (!best || (greatest ? Before(*best, cell) : Before(cell, *best))) best = cell;
  }
  void Clear() { best.reset(); }
};

AggregateOperator::AggregateOperator(BoundAggregate bound, const ReadView& view,
                                     Preparation* preparation)
    : bound_(std::move(bound)), events_(std::move(bound_.events), view, preparation) {}

bool AggregateOperator::Passes(const ExactTotal& total, const ReadView&) const {
  if (total.count == 0 && !is_sum()) return false;  // the average of nothing is missing
  const auto& compare = std::get<ExactCompare>(bound_.test);
  return Accepts(compare.op, compare.threshold.Compare(total.sum, is_sum() ? 1 : total.count));
}

bool AggregateOperator::Passes(const NumberTotal& total, const ReadView& view) const {
  if (total.count == 0 && !is_sum()) return false;
  const double sum = total.sum.Rounded();
  const double result = is_sum() ? sum : sum / static_cast<double>(total.count);
  return Holds(std::get<CellPredicate>(bound_.test), {.type = ValueType::kNumber, .dictionary = {}},
               BitsOf(result), view.clock());
}

bool AggregateOperator::Passes(const Extreme& extreme, const ReadView& view) const {
  return extreme.best &&
         Holds(std::get<CellPredicate>(bound_.test),
               {.type = bound_.info.type, .scale = bound_.info.scale, .dictionary = {}},
               *extreme.best, view.clock());
}

template <typename F>
auto AggregateOperator::WithTotal(F&& f) const {
  const bool is_number = bound_.info.type == ValueType::kNumber;
  if (bound_.op == ast::AggregateOp::kMin || bound_.op == ast::AggregateOp::kMax) {
    return f(Extreme{bound_.op == ast::AggregateOp::kMax, is_number, {}});
  }
  return is_number ? f(NumberTotal()) : f(ExactTotal());
}

std::vector<std::pair<uint32_t, int64_t>> AggregateOperator::TailCells(
    const ReadView& view, const EventBlock& block) const {
  std::vector<std::pair<uint32_t, int64_t>> cells;
  events_.ForEachInTail(view, block, [&](uint32_t t) {
    if (const auto cell = PropertyOf(block, {true, t}, bound_.property)) {
      cells.emplace_back(block.tail[t].row_offset, *cell);
    }
  });
  std::sort(cells.begin(), cells.end());
  return cells;
}

template <typename Total>
void AggregateOperator::NarrowBy(Total total, const ReadView& view, const EventBlock& block,
                                 ChunkBits* rows) const {
  EventBits selected = events_.SelectSealed(view, block);
  const SealedProperty* const property = block.sealed->property(bound_.property);
  if (property == nullptr) {
    selected.ClearAll();
  } else if (!property->present.empty()) {
    selected.And(property->present.data());
  }
  const std::vector<std::pair<uint32_t, int64_t>> tail = TailCells(view, block);
  const std::vector<uint32_t>& runs = block.sealed->run_begin;
  size_t t = 0;
  rows->ForEach([&](uint32_t offset) {
    total.Clear();
    for (uint32_t i = runs[offset]; i < runs[offset + 1]; ++i) {
      if (selected.Test(i)) total.Add(property->cells.Get(i));
    }
    while (t < tail.size() && tail[t].first < offset) ++t;
    for (; t < tail.size() && tail[t].first == offset; ++t) total.Add(tail[t].second);
    if (!Passes(total, view)) rows->Clear(offset);
  });
}

void AggregateOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  if (!rows->Any()) return;
  const EventBlock* const block = events_.BlockOf(view, chunk);
  WithTotal([&](auto total) {
    if (block != nullptr) return NarrowBy(std::move(total), view, *block, rows);
    if (!Passes(total, view)) rows->ClearAll();
  });
}

bool AggregateOperator::Matches(const ReadView& view, RowId row) const {
  return WithTotal([&](auto total) {
    events_.ForEachOf(view, row, [&](const EventBlock& block, EventRef event) {
      if (const auto cell = PropertyOf(block, event, bound_.property)) total.Add(*cell);
    });
    return Passes(total, view);
  });
}

std::string AggregateOperator::Describe(const Schema& schema) const {
  const EventTypeInfo& event = schema.event(events_.event());
  const std::string what = StrCat(ast::Spelling(bound_.op), "(", ast::QuoteText(event.name), ".",
                                  ast::QuoteName(event.properties[bound_.property.value].name),
                                  events_.DescribeCondition(schema), ")", events_.DescribeWindow());
  if (const auto* exact = std::get_if<ExactCompare>(&bound_.test)) {
    return StrCat(what, " ", ast::Spelling(exact->op), " ", exact->threshold.number().ToText());
  }
  return StrCat(what, " ", query::DescribeTest(std::get<CellPredicate>(bound_.test), bound_.info));
}

void AggregateOperator::AddDependencies(Dependencies* dependencies) const {
  dependencies->events.push_back(events_.event());
}

}  // namespace roster::query
