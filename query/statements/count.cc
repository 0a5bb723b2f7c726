// SPDX-License-Identifier: Apache-2.0
//
// count, also by traits.
#include <utility>
#include <vector>

#include "query/cells/cell_test.h"
#include "query/kernels/bits.h"
#include "query/statements/columns.h"
#include "query/statements/groups.h"
#include "query/statements/run.h"
#include "query/statements/scan.h"

namespace roster::query {

namespace {

struct Counter {
  uint64_t count = 0;

  void Take(uint32_t, const ChunkBits& rows) {
    count += kernels::CountBits(rows.words(), ChunkBits::kWords);
  }
  Counter Fork() const { return {}; }
  void Join(const Counter& other) { count += other.count; }
};

struct GroupCounter {
  Groups<int64_t> groups;

  void Take(uint32_t chunk, const ChunkBits& rows) {
    rows.ForEach([&](uint32_t i) {
      if (int64_t* const count = groups.Of(RowAt(chunk, i))) ++*count;
    });
  }
  GroupCounter Fork() const { return {groups.Fork()}; }
  void Join(const GroupCounter& other) {
    groups.Join(other.groups, [](int64_t* ours, int64_t theirs) { *ours += theirs; });
  }
};

}  // namespace

absl::StatusOr<QueryAnswer> RunVerb(const BoundCount&, const Plan& plan, const ReadView& view,
                                    const ExecutionLimits& limits) {
  Counter counter;
  ROSTER_RETURN_IF_ERROR(ScanInto(plan, view, limits, &counter));
  return CountAnswer{counter.count};
}

absl::StatusOr<QueryAnswer> RunVerb(const BoundBreakdown& breakdown, const Plan& plan,
                                    const ReadView& view, const ExecutionLimits& limits) {
  GroupCounter counter{{breakdown.by, view, limits.max_limited_rows, limits}};
  ROSTER_RETURN_IF_ERROR(ScanInto(plan, view, limits, &counter));
  const Groups<int64_t>& groups = counter.groups;
  if (groups.too_many()) return TooManyRows(limits.max_limited_rows);
  const CellType integer{.type = ValueType::kInteger, .scale = 0, .dictionary = {}};
  std::vector<RowId> rows;
  std::vector<int64_t> counts;
  for (const auto& group : groups.Sorted()) {
    const bool has = !breakdown.having || Holds(*breakdown.having, integer, group.kept, {});
    if (!has) continue;
    rows.push_back(group.row);
    counts.push_back(group.kept);
  }
  if (rows.size() > limits.max_rows) return TooManyRows(limits.max_rows);
  std::vector<BoundColumn> bound;
  for (const BoundOrder& by : breakdown.by) bound.push_back(by.column);
  const Columns columns(bound, view, limits);
  TableAnswer table{columns.Heads(), {}, {}};
  ROSTER_ASSIGN_OR_RETURN(table.rows, columns.Show(rows));
  table.columns.push_back({"count", ValueType::kInteger});
  for (size_t i = 0; i < counts.size(); ++i) table.rows[i].push_back(counts[i]);
  return table;
}

}  // namespace roster::query
