// SPDX-License-Identifier: Apache-2.0
#include "query/execute.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "query/cells/cell_test.h"
#include "query/declarations/show.h"
#include "query/row_order.h"
#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/memory/cells.h"
#include "storage/memory/chunk.h"

namespace roster::query {
namespace {

constexpr size_t kRowsPerCheck = 4096;

// Calls f(chunk, rows) for each chunk with the rows that are live and match.
template <typename F>
absl::Status ForEachChunk(const Plan& plan, const ReadView& view, const ExecutionLimits& limits,
                          F&& f) {
  for (uint32_t chunk = 0; chunk < view.num_chunks(); ++chunk) {
    ROSTER_RETURN_IF_ERROR(limits.Check());
    ChunkBits rows = view->live.chunk(chunk);
    if (plan.filter != nullptr) plan.filter->Evaluate(view, chunk, &rows);
    f(chunk, rows);
  }
  return absl::OkStatus();
}

Value Show(const BoundColumn& column, const ReadView& view, RowId row) {
  switch (column.source) {
    case BoundColumn::Source::kId:
      return StrCat("p", view->ProfileAt(row).value);
    case BoundColumn::Source::kTrait:
      return view->column(column.trait).Get(row);
    case BoundColumn::Source::kIdentity:
      break;
  }
  const auto id = view->identities.FirstOfRow(row, column.name_space);
  return id ? Value(std::string(view->identities.NameOf(*id).value)) : Value();
}

// What a value holds beside itself.
uint64_t HeapBytes(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return text->size();
  if (const auto* json = std::get_if<Json>(&value)) return json->text.size();
  uint64_t bytes = 0;
  if (const auto* list = std::get_if<TextList>(&value)) {
    for (const std::string& text : *list) bytes += sizeof(std::string) + text.size();
  }
  return bytes;
}

absl::Status TooManyRows(uint64_t max_rows) {
  return MakeError(ErrorCode::kLimit, StrCat("a result has more than ", max_rows,
                                             " rows; write `limit` and `offset`"));
}

absl::StatusOr<std::vector<std::vector<Value>>> ShowRows(const std::vector<BoundColumn>& columns,
                                                         const ReadView& view,
                                                         absl::Span<const RowId> rows,
                                                         const ExecutionLimits& limits) {
  std::vector<std::vector<Value>> shown;
  uint64_t bytes = 0;
  for (const RowId row : rows) {
    if (shown.size() % kRowsPerCheck == 0) ROSTER_RETURN_IF_ERROR(limits.Check());
    std::vector<Value>& values = shown.emplace_back();
    values.reserve(columns.size());
    bytes += sizeof(std::vector<Value>) + columns.size() * sizeof(Value);
    for (const BoundColumn& column : columns) {
      values.push_back(Show(column, view, row));
      bytes += HeapBytes(values.back());
    }
    // Of each row: a few thousand rows of long texts would already be too many.
    if (bytes > limits.max_bytes) {
      return MakeError(ErrorCode::kLimit,
                       StrCat("a result has more than ", limits.max_bytes,
                              " bytes (max_bytes); name fewer columns or write a lower `limit`"));
    }
  }
  return shown;
}

absl::StatusOr<QueryAnswer> RunShow(ast::Shown what, const ReadView& view,
                                    const ExecutionLimits& limits) {
  TableAnswer table = ShowDeclared(what, view);
  uint64_t bytes = 0;
  for (const std::vector<Value>& row : table.rows) {
    for (const Value& value : row) bytes += sizeof(Value) + HeapBytes(value);
  }
  if (bytes <= limits.max_bytes) return table;
  return MakeError(ErrorCode::kLimit,
                   StrCat("a result has more than ", limits.max_bytes, " bytes (max_bytes)"));
}

absl::StatusOr<QueryAnswer> RunCount(const Plan& plan, const ReadView& view,
                                     const ExecutionLimits& limits) {
  CountAnswer answer;
  ROSTER_RETURN_IF_ERROR(ForEachChunk(
      plan, view, limits, [&](uint32_t, const ChunkBits& rows) { answer.count += rows.Count(); }));
  return answer;
}

// The cells of a row, by which rows are told apart: -0 is 0.
std::vector<std::optional<int64_t>> KeyOf(const BoundBreakdown& breakdown, const ReadView& view,
                                          RowId row) {
  std::vector<std::optional<int64_t>> key;
  for (const BoundOrder& by : breakdown.by) {
    const Column& column = view->column(by.column.trait);
    std::optional<int64_t>& cell = key.emplace_back();
    if (!column.Has(row)) continue;
    cell = column.Bits(row);
    if (by.column.info.type == ValueType::kNumber && DoubleOf(*cell) == 0) cell = 0;
  }
  return key;
}

// A row for each combination of values, in their order; missing ones last.
absl::StatusOr<QueryAnswer> RunBreakdown(const Plan& plan, const ReadView& view,
                                         const ExecutionLimits& limits) {
  const BoundBreakdown& breakdown = *plan.breakdown;
  struct Group {
    RowId row;  // one of them
    int64_t count = 0;
  };
  std::map<std::vector<std::optional<int64_t>>, Group> groups;
  bool too_many = false;
  ROSTER_RETURN_IF_ERROR(
      ForEachChunk(plan, view, limits, [&](uint32_t chunk, const ChunkBits& rows) {
        rows.ForEach([&](uint32_t i) {
          const RowId row = RowAt(chunk, i);
          Group& group = groups.try_emplace(KeyOf(breakdown, view, row), Group{row}).first->second;
          ++group.count;
          too_many |= groups.size() > limits.max_limited_rows;
        });
        if (too_many) groups.clear();
      }));
  if (too_many) return TooManyRows(limits.max_limited_rows);
  const CellType integer{.type = ValueType::kInteger, .scale = 0, .dictionary = {}};
  std::vector<Group> shown;
  for (const auto& [key, group] : groups) {
    const bool has = !breakdown.having || Holds(*breakdown.having, integer, group.count, {});
    if (has) shown.push_back(group);
  }
  if (shown.size() > limits.max_rows) return TooManyRows(limits.max_rows);
  const RowOrder order(breakdown.by, view);
  std::sort(shown.begin(), shown.end(),
            [&](const Group& a, const Group& b) { return order.Before(a.row, b.row); });
  TableAnswer table;
  std::vector<BoundColumn> columns;
  std::vector<RowId> rows;
  for (const BoundOrder& by : breakdown.by) {
    columns.push_back(by.column);
    table.columns.push_back({by.column.name, by.column.info.type});
  }
  for (const Group& group : shown) rows.push_back(group.row);
  ROSTER_ASSIGN_OR_RETURN(table.rows, ShowRows(columns, view, rows, limits));
  table.columns.push_back({"count", ValueType::kInteger});
  for (size_t i = 0; i < shown.size(); ++i) table.rows[i].push_back(shown[i].count);
  return table;
}

absl::StatusOr<QueryAnswer> RunFind(const Plan& plan, const ReadView& view,
                                    const ExecutionLimits& limits) {
  const BoundFind& find = *plan.find;
  const uint64_t max_rows = find.limit ? limits.max_limited_rows : limits.max_rows;
  // One more than allowed, so that too many are seen.
  const uint64_t shown = std::min(find.limit.value_or(max_rows + 1), max_rows + 1);
  const uint64_t num_rows = view->num_rows();
  const uint64_t offset = std::min(find.offset, num_rows);
  const RowOrder order(find.order, view);
  TopRows top(order, std::min(shown + offset, num_rows));
  ROSTER_RETURN_IF_ERROR(
      ForEachChunk(plan, view, limits, [&](uint32_t chunk, const ChunkBits& rows) {
        rows.ForEach([&](uint32_t i) { top.Add(RowAt(chunk, i)); });
      }));
  const std::vector<RowId> rows = top.Take();
  if (rows.size() > offset + max_rows) return TooManyRows(max_rows);

  TableAnswer table;
  for (const BoundColumn& column : find.columns) {
    table.columns.push_back({column.name, column.info.type});
  }
  const size_t first = std::min<size_t>(offset, rows.size());
  ROSTER_ASSIGN_OR_RETURN(
      table.rows, ShowRows(find.columns, view, absl::MakeConstSpan(rows).subspan(first), limits));
  return table;
}

}  // namespace

absl::StatusOr<QueryAnswer> Execute(const Plan& plan, const ReadView& view,
                                    const ExecutionLimits& limits) {
  if (plan.show) return RunShow(*plan.show, view, limits);
  if (plan.breakdown) return RunBreakdown(plan, view, limits);
  return plan.find ? RunFind(plan, view, limits) : RunCount(plan, view, limits);
}

}  // namespace roster::query
