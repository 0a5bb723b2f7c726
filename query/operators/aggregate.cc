// SPDX-License-Identifier: Apache-2.0
#include "query/operators/aggregate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

#include "query/ast.h"
#include "query/cells/cell_test.h"
#include "query/kernels/cell_reader.h"
#include "query/kernels/narrow.h"
#include "query/kernels/runs.h"
#include "query/window.h"
#include "roster/error.h"
#include "storage/base/text.h"
#include "storage/memory/cells.h"

namespace roster::query {

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

namespace {

using ast::AggregateOp;

template <typename T>
int Sign(T a, T b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

Int128 Power10(int exponent) {
  Int128 power = 1;
  for (; exponent > 0; --exponent) power *= 10;
  return power;
}

struct Fraction {
  Int128 over = 0;
  Int128 under = 1;
};

// The sign of a - b, by whole parts and what is left of them: no product is ever too large.
// Requires: under > 0.
int CompareFractions(Fraction a, Fraction b) {
  for (int direction = 1;; direction = -direction) {
    const auto floor = [](const Fraction& f) {
      return f.over / f.under - (f.over % f.under < 0 ? 1 : 0);
    };
    const Int128 whole_a = floor(a);
    const Int128 whole_b = floor(b);
    if (whole_a != whole_b) return direction * Sign(whole_a, whole_b);
    a.over -= whole_a * a.under;
    b.over -= whole_b * b.under;
    if (a.over == 0 || b.over == 0) return direction * Sign(a.over != 0, b.over != 0);
    std::swap(a.over, a.under);
    std::swap(b.over, b.under);
  }
}

// Sums fit 2^96, so that nine more digits fit too.
Fraction AsFraction(const ExactResult& result, uint8_t scale) {
  return {result.sum * Power10(scale - result.scale), result.count};
}

}  // namespace

double AsNumber(const AggregateResult& result) {
  if (const auto* number = std::get_if<double>(&result)) return *number;
  const auto& exact = std::get<ExactResult>(result);
  return static_cast<double>(static_cast<long double>(exact.sum) / exact.count /
                             static_cast<long double>(Power10(exact.scale)));
}

int CompareResults(const AggregateResult& a, const AggregateResult& b) {
  const auto* left = std::get_if<ExactResult>(&a);
  const auto* right = std::get_if<ExactResult>(&b);
  if (left == nullptr || right == nullptr) return Sign(AsNumber(a), AsNumber(b));
  const uint8_t scale = std::max(left->scale, right->scale);
  return CompareFractions(AsFraction(*left, scale), AsFraction(*right, scale));
}

namespace {

bool IsCount(AggregateOp op) { return op == AggregateOp::kCount || op == AggregateOp::kDistinct; }

}  // namespace

ValueInfo ResultInfo(const BoundAggregateOf& of) {
  if (IsCount(of.op)) return {ValueType::kInteger, 0};
  if (of.op == AggregateOp::kAvg) return {ValueType::kNumber, 0};
  return of.info;
}

absl::StatusOr<Value> ShowResult(const BoundAggregateOf& of, const AggregateResult& result) {
  const ValueInfo info = ResultInfo(of);
  if (info.type == ValueType::kNumber) {
    const double number = AsNumber(result);
    if (std::isfinite(number)) return Value(number);
    return MakeError(ErrorCode::kType, "a sum is beyond what a number holds");
  }
  const Int128 cell = std::get<ExactResult>(result).sum;
  if (cell < std::numeric_limits<int64_t>::min() || cell > std::numeric_limits<int64_t>::max()) {
    return MakeError(ErrorCode::kType, "a sum is beyond 64 bits");
  }
  return DecodeCell({.type = info.type, .scale = info.scale, .dictionary = {}},
                    static_cast<int64_t>(cell));
}

struct AggregateReader::ExactTotal {
  bool is_sum = true;
  uint8_t scale = 0;
  Int128 sum = 0;
  int64_t count = 0;
  void Add(int64_t cell) {
    sum += cell;
    ++count;
  }
  void Clear() {
    sum = 0;
    count = 0;
  }
  std::optional<AggregateResult> Result() const {
    if (is_sum) return ExactResult{sum, 1, scale};
    if (count == 0) return std::nullopt;
    return ExactResult{sum, count, scale};
  }
};

struct AggregateReader::NumberTotal {
  bool is_sum = true;
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
  std::optional<AggregateResult> Result() const {
    if (is_sum) return sum.Rounded();
    if (count == 0) return std::nullopt;
    return sum.Rounded() / static_cast<double>(count);
  }
};

struct AggregateReader::Extreme {
  bool greatest = false;
  bool is_number = false;
  uint8_t scale = 0;
  bool any = false;
  int64_t best = 0;

  bool Before(int64_t a, int64_t b) const { return is_number ? DoubleOf(a) < DoubleOf(b) : a < b; }
  void Add(int64_t cell) {
    if (!any || (greatest ? Before(best, cell) : Before(cell, best))) best = cell;
    any = true;
  }
  void Clear() { any = false; }
  std::optional<AggregateResult> Result() const {
    if (!any) return std::nullopt;
    if (is_number) return DoubleOf(best);
    return ExactResult{best, 1, scale};
  }
};

struct AggregateReader::Counter {
  int64_t count = 0;
  void Add(int64_t) { ++count; }
  void Clear() { count = 0; }
  std::optional<AggregateResult> Result() const { return ExactResult{count, 1, 0}; }
};

struct AggregateReader::Distinct {
  static constexpr uint64_t kCellBytes = sizeof(int64_t) + 3 * sizeof(void*);
  bool is_number = false;
  StatementMemory* memory = nullptr;  // may be null
  std::unordered_set<int64_t> cells = {};
  void Add(int64_t cell) {
    // -0 is 0.
    const bool is_new = cells.insert(is_number && DoubleOf(cell) == 0 ? 0 : cell).second;
    if (is_new && memory != nullptr) memory->Take(kCellBytes);
  }
  void Clear() {
    if (memory != nullptr) memory->GiveBack(kCellBytes * cells.size());
    cells.clear();
  }
  std::optional<AggregateResult> Result() const {
    return ExactResult{static_cast<int64_t>(cells.size()), 1, 0};
  }
};

AggregateReader::AggregateReader(BoundAggregateOf bound, const ReadView& view,
                                 Preparation* preparation)
    : bound_(std::move(bound)),
      events_(std::exchange(bound_.events, {}), view, preparation),
      memory_(preparation->memory()) {}

template <typename F>
auto AggregateReader::WithTotal(F&& f) const {
  const bool is_number = bound_.info.type == ValueType::kNumber;
  const bool is_sum = bound_.op == AggregateOp::kSum;
  switch (bound_.op) {
    case AggregateOp::kMin:
    case AggregateOp::kMax:
      return f(Extreme{bound_.op == AggregateOp::kMax, is_number, bound_.info.scale});
    case AggregateOp::kCount:
      return f(Counter());
    case AggregateOp::kDistinct:
      return f(Distinct{is_number, memory_.get()});
    case AggregateOp::kSum:
    case AggregateOp::kAvg:
      break;
  }
  return is_number ? f(NumberTotal{is_sum, {}}) : f(ExactTotal{is_sum, bound_.info.scale});
}

std::optional<int64_t> AggregateReader::CellOf(const EventBlock& block, EventRef event) const {
  if (!bound_.property) return 0;
  return PropertyOf(block, event, *bound_.property);
}

EventBits AggregateReader::SelectSealed(const ReadView& view, uint32_t chunk,
                                        const EventBlock& block, const ChunkBits& rows) const {
  EventBits selected = events_.SelectSealed(view, chunk, block, rows);
  if (!bound_.property) return selected;
  const SealedProperty* const property = PropertyIn(block);
  if (property == nullptr) {
    selected.ClearAll();
  } else if (!property->present.empty()) {
    selected.And(property->present.data());
  }
  return selected;
}

std::vector<std::pair<uint32_t, int64_t>> AggregateReader::TailCells(
    const ReadView& view, uint32_t chunk, const EventBlock& block) const {
  std::vector<std::pair<uint32_t, int64_t>> cells;  // (row offset, cell)
  events_.ForEachInTail(view, chunk, block, [&](uint32_t t) {
    if (const auto cell = CellOf(block, {true, t})) {
      cells.emplace_back(block.tail[t].row_offset, *cell);
    }
  });
  std::sort(cells.begin(), cells.end());
  return cells;
}

template <typename F>
void AggregateReader::ForEachResult(const ReadView& view, uint32_t chunk, const ChunkBits& rows,
                                    F&& f) const {
  const EventBlock* const block = events_.BlockOf(view, chunk);
  WithTotal([&](auto total) {
    if (block == nullptr) return rows.ForEach([&](uint32_t offset) { f(offset, total.Result()); });
    const EventBits selected = SelectSealed(view, chunk, *block, rows);
    const SealedProperty* const property = PropertyIn(*block);
    const auto tail = TailCells(view, chunk, *block);
    const std::vector<uint32_t>& runs = block->sealed->run_begin;
    size_t t = 0;
    rows.ForEach([&](uint32_t offset) {
      total.Clear();
      selected.ForEachWhile(runs[offset], runs[offset + 1], [&](size_t i) {
        total.Add(property != nullptr ? property->cells.Get(i) : 0);
        return true;
      });
      while (t < tail.size() && tail[t].first < offset) ++t;
      for (; t < tail.size() && tail[t].first == offset; ++t) total.Add(tail[t].second);
      f(offset, total.Result());
    });
    total.Clear();
  });
}

ChunkBits AggregateReader::ActiveRows(const ReadView& view, uint32_t chunk) const {
  ChunkBits active;
  const EventBlock* const block = events_.BlockOf(view, chunk);
  if (block == nullptr) return active;
  ChunkBits all;
  all.SetAll();
  kernels::AddNonEmpty(block->sealed->run_begin.data(), ChunkBits::kWords, all.words(),
                       active.words());
  for (uint32_t t = 0; t < block->tail.size(); ++t) active.Set(block->tail[t].row_offset);
  return active;
}

std::optional<AggregateResult> AggregateReader::ResultOfNothing() const {
  return WithTotal([](const auto& total) { return total.Result(); });
}

bool AggregateReader::AddSums(const ReadView& view, uint32_t chunk, const ChunkBits& rows,
                              uint64_t* sums) const {
  const EventBlock* const block = events_.BlockOf(view, chunk);
  if (block == nullptr) return true;
  const auto magnitude = [](Int128 cell) { return cell < 0 ? -cell : cell; };
  const SealedProperty* const property = PropertyIn(*block);
  const auto tail = TailCells(view, chunk, *block);
  Int128 most = 0;
  if (property != nullptr) {
    const IntBounds& bounds = property->bounds;
    most = std::max(magnitude(bounds.low), magnitude(bounds.high)) * block->sealed->size();
  }
  for (const auto& [offset, cell] : tail) most += magnitude(cell);
  if (most > std::numeric_limits<int64_t>::max()) return false;
  for (const auto& [offset, cell] : tail) sums[offset] += static_cast<uint64_t>(cell);
  if (property == nullptr) return true;
  const uint16_t* const row_of = block->sealed->rows.data();
  const EventBits selected = SelectSealed(view, chunk, *block, rows);
  kernels::WithReader(property->cells, [&](auto cell_of) {
    selected.ForEach([&](size_t i) { sums[row_of[i]] += static_cast<uint64_t>(cell_of(i)); });
  });
  return true;
}

std::optional<AggregateResult> AggregateReader::ResultOf(const ReadView& view, RowId row) const {
  return WithTotal([&](auto total) {
    events_.ForEachOf(view, row, [&](const EventBlock& block, EventRef event) {
      if (const auto cell = CellOf(block, event)) total.Add(*cell);
    });
    std::optional<AggregateResult> result = total.Result();
    total.Clear();
    return result;
  });
}

std::string AggregateReader::Describe(const Schema& schema) const {
  const EventTypeInfo& event = schema.event(events_.event());
  std::string what = StrCat(ast::Spelling(bound_.op), "(", ast::QuoteText(event.name));
  if (bound_.property) {
    what += StrCat(".", ast::QuoteName(event.properties[bound_.property->value].name));
  }
  return StrCat(what, events_.DescribeCondition(schema), ")", events_.DescribeWindow());
}

namespace {

// `scale`: of the cells that are summed.
SumRange RangeOf(const ExactCompare& compare, uint8_t scale) {
  constexpr Int128 kMost = Int128{1} << 126;
  const auto [floor, is_sum] = compare.threshold.number().ScaledTo(scale);
  switch (compare.op) {
    case ast::CompareOp::kEq:
    case ast::CompareOp::kNe:
      return {floor, is_sum ? floor : floor - 1, compare.op == ast::CompareOp::kNe};
    case ast::CompareOp::kLt:
      return {-kMost, is_sum ? floor - 1 : floor};
    case ast::CompareOp::kLe:
      return {-kMost, floor};
    case ast::CompareOp::kGt:
      return {floor + 1, kMost};
    case ast::CompareOp::kGe:
      return {is_sum ? floor : floor + 1, kMost};
  }
  return {};
}

}  // namespace

AggregateOperator::AggregateOperator(BoundAggregate bound, const ReadView& view,
                                     Preparation* preparation)
    : left_(std::move(bound.of), view, preparation) {
  if (auto* other = std::get_if<AggregateCompare>(&bound.test)) {
    right_.emplace(std::move(other->right), view, preparation);
    test_ = other->op;
  } else if (auto* exact = std::get_if<ExactCompare>(&bound.test)) {
    if (left_.bound().op == AggregateOp::kSum) {
      sum_range_ = RangeOf(*exact, left_.bound().info.scale);
    }
    test_ = std::move(*exact);
  } else {
    test_ = std::get<CellPredicate>(std::move(bound.test));
  }
}

bool AggregateOperator::Passes(const AggregateResult& result, const ReadView& view) const {
  if (const auto* compare = std::get_if<ExactCompare>(&test_)) {
    const auto& exact = std::get<ExactResult>(result);
    return Accepts(compare->op, compare->threshold.Compare(exact.sum, exact.count));
  }
  const auto& predicate = std::get<CellPredicate>(test_);
  const auto* number = std::get_if<double>(&result);
  if (number != nullptr) {
    return Holds(predicate, {.type = ValueType::kNumber, .dictionary = {}}, BitsOf(*number),
                 view.clock());
  }
  const ValueInfo& info = left_.bound().info;
  return Holds(predicate, {.type = info.type, .scale = info.scale, .dictionary = {}},
               static_cast<int64_t>(std::get<ExactResult>(result).sum), view.clock());
}

bool AggregateOperator::EvaluateSums(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  constexpr Int128 kMin = std::numeric_limits<int64_t>::min();
  constexpr Int128 kMax = std::numeric_limits<int64_t>::max();
  // Each sum less kMin, so that they compare without a sign.
  std::vector<uint64_t> sums(kChunkRows, static_cast<uint64_t>(kMin));
  if (!left_.AddSums(view, chunk, *rows, sums.data())) return false;
  const Int128 low = std::max(sum_range_->low, kMin);
  const Int128 high = std::min(sum_range_->high, kMax);
  if (low > high) {
    if (!sum_range_->negated) rows->ClearAll();
    return true;
  }
  const kernels::RawRange<uint64_t> range{static_cast<uint64_t>(low - kMin),
                                          static_cast<uint64_t>(high - low)};
  kernels::NarrowByRanges(sums.data(), kChunkRows, {range}, sum_range_->negated, rows->words());
  return true;
}

void AggregateOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  if (!rows->Any()) return;
  if (sum_range_ && EvaluateSums(view, chunk, rows)) return;
  if (!right_) return EvaluateAlone(view, chunk, rows);
  std::vector<std::optional<AggregateResult>> left;  // of the rows, in their order
  left_.ForEachResult(view, chunk, *rows,
                      [&](uint32_t, const auto& result) { left.push_back(result); });
  size_t next = 0;
  right_->ForEachResult(view, chunk, ChunkBits(*rows), [&](uint32_t offset, const auto& result) {
    const std::optional<AggregateResult>& other = left[next++];
    const bool passes = other && result &&
                        Accepts(std::get<ast::CompareOp>(test_), CompareResults(*other, *result));
    if (!passes) rows->Clear(offset);
  });
}

void AggregateOperator::EvaluateAlone(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  ChunkBits active = *rows;
  active.And(left_.ActiveRows(view, chunk));
  const std::optional<AggregateResult> of_nothing = left_.ResultOfNothing();
  if (!of_nothing || !Passes(*of_nothing, view)) *rows = active;
  left_.ForEachResult(view, chunk, active, [&](uint32_t offset, const auto& result) {
    if (!result || !Passes(*result, view)) rows->Clear(offset);
  });
}

bool AggregateOperator::Matches(const ReadView& view, RowId row) const {
  const std::optional<AggregateResult> result = left_.ResultOf(view, row);
  if (!result) return false;
  if (!right_) return Passes(*result, view);
  const std::optional<AggregateResult> other = right_->ResultOf(view, row);
  return other && Accepts(std::get<ast::CompareOp>(test_), CompareResults(*result, *other));
}

std::optional<Timestamp> AggregateOperator::NextChange(const ReadView& view, RowId row) const {
  const std::optional<Timestamp> next = left_.events().NextChange(view, row);
  return right_ ? Earlier(next, right_->events().NextChange(view, row)) : next;
}

std::string AggregateOperator::Describe(const Schema& schema) const {
  const std::string what = left_.Describe(schema);
  if (right_) {
    return StrCat(what, " ", ast::Spelling(std::get<ast::CompareOp>(test_)), " ",
                  right_->Describe(schema));
  }
  if (const auto* exact = std::get_if<ExactCompare>(&test_)) {
    return StrCat(what, " ", ast::Spelling(exact->op), " ", exact->threshold.number().ToText());
  }
  const bool is_count = left_.bound().op == AggregateOp::kDistinct;
  const ValueInfo info = is_count ? ValueInfo{ValueType::kInteger, 0} : left_.bound().info;
  return StrCat(what, " ", query::DescribeTest(std::get<CellPredicate>(test_), info));
}

void AggregateOperator::AddDependencies(Dependencies* dependencies) const {
  for (const AggregateReader* reader : {&left_, right_ ? &*right_ : nullptr}) {
    if (reader == nullptr) continue;
    dependencies->events.push_back(reader->events().event());
    if (reader->events().bound().after_first_seen) dependencies->traits.push_back(kFirstSeen);
  }
}

}  // namespace roster::query
