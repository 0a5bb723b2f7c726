// SPDX-License-Identifier: Apache-2.0
//
// find: the first rows in an order, or those behind a cursor; show: what is declared.
#include <algorithm>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "query/declarations/show.h"
#include "query/row_order.h"
#include "query/statements/best_first.h"
#include "query/statements/columns.h"
#include "query/statements/finder.h"
#include "query/statements/newest_first.h"
#include "query/statements/run.h"
#include "query/statements/scan.h"

namespace roster::query {

namespace {

// The first so many rows behind a cursor that match, in order.
absl::StatusOr<std::vector<RowId>> FirstRows(const Plan& plan, const RowOrder& order,
                                             std::optional<RowId> behind, uint64_t wanted,
                                             const ReadView& view, const ExecutionLimits& limits) {
  for (const auto find : {FindNewestFirst, FindBestFirst}) {
    ROSTER_ASSIGN_OR_RETURN(std::optional<std::vector<RowId>> rows,
                            find(plan, order, behind, wanted, view, limits));
    if (rows) return *std::move(rows);
  }
  Finder finder(order, behind, wanted, limits);
  ExecutionLimits on = limits;
  if (!order.IsShareable()) on.helper = nullptr;
  ROSTER_RETURN_IF_ERROR(ScanInto(plan, view, on, &finder));
  return finder.top().Take();
}

}  // namespace

absl::StatusOr<QueryAnswer> RunVerb(const BoundFind& find, const Plan& plan, const ReadView& view,
                                    const ExecutionLimits& limits) {
  const uint64_t max_rows = find.limit ? limits.max_limited_rows : limits.max_rows;
  // One more than is shown, so that it is seen whether there are more; than allowed, if too many.
  const uint64_t wanted = std::min(find.limit.value_or(max_rows + 1), max_rows + 1);
  const uint64_t num_rows = view->num_rows();
  const uint64_t offset = std::min(find.offset, num_rows);
  const RowOrder order(find.order, view, limits);
  const std::optional<RowId> behind = find.after ? view->FindProfile(*find.after) : std::nullopt;
  const uint64_t first_rows = std::min(wanted + offset + 1, num_rows);
  ROSTER_ASSIGN_OR_RETURN(const std::vector<RowId> rows,
                          FirstRows(plan, order, behind, first_rows, view, limits));
  const uint64_t end = std::min<uint64_t>(rows.size(), offset + wanted);
  if (end > offset + max_rows) return TooManyRows(max_rows);

  const Columns columns(find.columns, view, limits);
  TableAnswer table{columns.Heads(), {}, {}};
  const uint64_t first = std::min<uint64_t>(offset, end);
  ROSTER_ASSIGN_OR_RETURN(table.rows,
                          columns.Show(absl::MakeConstSpan(rows).subspan(first, end - first)));
  if (end < rows.size() && end > first) table.next_after = view->ProfileAt(rows[end - 1]);
  return table;
}

absl::StatusOr<QueryAnswer> RunVerb(ast::Shown shown, const Plan&, const ReadView& view,
                                    const ExecutionLimits& limits) {
  TableAnswer table = ShowDeclared(shown, view);
  uint64_t bytes = 0;
  for (const std::vector<Value>& row : table.rows) {
    for (const Value& value : row) bytes += sizeof(Value) + HeapBytes(value);
  }
  if (bytes <= limits.max_bytes) return table;
  return TooManyBytes(limits.max_bytes);
}

}  // namespace roster::query
