// SPDX-License-Identifier: Apache-2.0
#include "query/statements/best_first.h"

#include <algorithm>
#include <utility>

#include "query/statements/scan.h"
#include "query/statements/two_step.h"

namespace roster::query {
namespace {

// Of more candidates, and of more that do not match, a scan asks quicker than one after the other.
constexpr size_t kMaxCandidates = 1 << 17;
constexpr size_t kMaxAsked = 1 << 12;
// So often it is looked whether it has to stop.
constexpr size_t kAskedPerCheck = 64;

struct Candidate {
  uint64_t key;
  RowId row;
};

// What the quick parts leave.
struct Candidates {
  const RowOrder* order;
  std::optional<RowId> behind;
  const ExecutionLimits* limits;
  std::vector<Candidate> found = {};
  std::vector<uint64_t> keys = {};  // of a chunk, for reuse

  void Take(uint32_t chunk, const ChunkBits& rows) {
    if (found.size() > kMaxCandidates) return;
    const size_t before = found.size();
    keys.clear();
    order->KeysOf(chunk, rows, &keys);
    auto key = keys.begin();
    rows.ForEach([&](uint32_t i) {
      const RowId row = RowAt(chunk, i);
      if (!behind || order->Before(*behind, row)) found.push_back({*key, row});
      ++key;
    });
    limits->Take((found.size() - before) * sizeof(Candidate));
  }
  Candidates Fork() const { return {order, behind, limits}; }
  void Join(const Candidates& other) {
    found.insert(found.end(), other.found.begin(), other.found.end());
  }
};

}  // namespace

absl::StatusOr<std::optional<std::vector<RowId>>> FindBestFirst(const Plan& plan,
                                                                const RowOrder& order,
                                                                std::optional<RowId> behind,
                                                                uint64_t wanted,
                                                                const ReadView& view,
                                                                const ExecutionLimits& limits) {
  const std::optional<TwoStepFilter> filter = TwoStepFilter::Of(plan);
  const bool is_better = filter && order.IsShareable() && wanted <= kMaxAsked &&
                         filter->QuickRows(view) <= static_cast<double>(kMaxCandidates);
  if (!is_better) return std::nullopt;
  Candidates candidates{&order, behind, &limits};
  ROSTER_RETURN_IF_ERROR(ScanInto(plan, view, limits, &candidates, FilterPart::kQuick));
  std::vector<Candidate>& left = candidates.found;
  const auto is_behind = [&order](const Candidate& a, const Candidate& b) {
    return a.key != b.key ? a.key > b.key : order.Before(b.row, a.row);
  };
  std::vector<RowId> rows;
  const size_t num_candidates = left.size();
  if (num_candidates <= kMaxCandidates) {
    std::make_heap(left.begin(), left.end(), is_behind);
    for (size_t asked = 0; !left.empty() && rows.size() < wanted; ++asked) {
      if (asked == kMaxAsked) break;
      if (asked % kAskedPerCheck == 0) ROSTER_RETURN_IF_ERROR(limits.Check());
      std::pop_heap(left.begin(), left.end(), is_behind);
      if (filter->MatchesDear(view, left.back().row)) rows.push_back(left.back().row);
      left.pop_back();
    }
  }
  limits.GiveBack(num_candidates * sizeof(Candidate));
  if (!left.empty() && rows.size() < wanted) return std::nullopt;
  filter->SetFound(rows.size());
  return rows;
}

}  // namespace roster::query
