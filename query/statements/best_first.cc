// SPDX-License-Identifier: Apache-2.0
#include "query/statements/best_first.h"

#include <algorithm>
#include <utility>

#include "query/statements/scan.h"
#include "query/statements/two_step.h"

namespace roster::query {
namespace {

// So many are asked for each that is wanted, and at least: when they are not enough, a scan asks
// quicker than one after the other.
constexpr size_t kAskedForEach = 8;
constexpr size_t kLeastAsked = 1024;
constexpr size_t kMostWanted = 1024;
// Then it is looked whether they will do.
constexpr size_t kAskedToSee = 256;
// So many are fetched together, and then it is looked whether it has to stop.
constexpr size_t kAskedTogether = 64;
static_assert(kAskedToSee % kAskedTogether == 0);

struct Candidate {
  uint64_t key;
  RowId row;
};

// Of what the quick parts leave those that may be asked, the first ones.
class Candidates {
 public:
  Candidates(const RowOrder& order, std::optional<RowId> behind, uint64_t wanted,
             const ExecutionLimits& limits)
      : order_(order),
        behind_(behind),
        wanted_(wanted),
        limits_(limits),
        num_asked_(std::max(kLeastAsked, wanted * kAskedForEach)) {
    limits_.Take(BytesKept());
  }

  void Take(uint32_t chunk, const ChunkBits& rows) {
    ChunkBits near = rows;
    if (was_cut_) order_.DropBehind(last_.key, chunk, &near);
    keys_.clear();
    order_.KeysOf(chunk, near, &keys_);
    auto key = keys_.begin();
    near.ForEach([&](uint32_t i) { Add({*key++, RowAt(chunk, i)}); });
  }
  Candidates Fork() const { return {order_, behind_, wanted_, limits_}; }
  void Join(const Candidates& other) {
    if (other.was_cut_ && (!was_cut_ || Before(other.last_, last_))) CutBehind(other.last_);
    for (const Candidate& one : other.found_) Add(one);
    limits_.GiveBack(BytesKept());
  }

  // Asks them, the first one first, until enough match. Nothing when there were too few to know.
  absl::StatusOr<std::optional<std::vector<RowId>>> FirstOf(const TwoStepFilter& filter,
                                                            const ReadView& view) {
    std::make_heap(found_.begin(), found_.end(), IsBehind{this});
    std::vector<RowId> rows;
    for (size_t asked = 0; !found_.empty() && rows.size() < wanted_; asked += kAskedTogether) {
      ROSTER_RETURN_IF_ERROR(limits_.Check());
      if (was_cut_ && asked == kAskedToSee && IsHopeless(asked, rows.size())) break;
      const std::vector<RowId> next = TakeNext();
      filter.PrefetchDear(view, next);
      for (const RowId row : next) {
        if (rows.size() < wanted_ && filter.MatchesDear(view, row)) rows.push_back(row);
      }
    }
    limits_.GiveBack(BytesKept());
    if (was_cut_ && rows.size() < wanted_) return std::nullopt;
    return rows;
  }

 private:
  // Whether those that are left will not do, if they match as often.
  bool IsHopeless(size_t asked, size_t found) const { return found * num_asked_ < wanted_ * asked; }
  size_t MostKept() const { return 2 * num_asked_; }
  uint64_t BytesKept() const { return MostKept() * sizeof(Candidate); }
  bool Before(const Candidate& a, const Candidate& b) const {
    return a.key != b.key ? a.key < b.key : order_.Before(a.row, b.row);
  }
  struct IsBehind {
    const Candidates* of;
    bool operator()(const Candidate& a, const Candidate& b) const { return of->Before(b, a); }
  };
  // The first of those that are left. Requires: a heap by IsBehind.
  std::vector<RowId> TakeNext() {
    std::vector<RowId> next;
    while (!found_.empty() && next.size() < kAskedTogether) {
      std::pop_heap(found_.begin(), found_.end(), IsBehind{this});
      next.push_back(found_.back().row);
      found_.pop_back();
    }
    return next;
  }
  void Add(Candidate candidate) {
    if (was_cut_ && Before(last_, candidate)) return;
    if (behind_ && !order_.Before(*behind_, candidate.row)) return;
    found_.push_back(candidate);
    if (found_.size() == MostKept()) Cut();
  }
  // Leaves those that may be asked; what comes behind them is looked at no more.
  void Cut() {
    const auto before = [this](const Candidate& a, const Candidate& b) { return Before(a, b); };
    const auto last = found_.begin() + static_cast<std::ptrdiff_t>(num_asked_ - 1);
    std::nth_element(found_.begin(), last, found_.end(), before);
    CutBehind(*last);
  }
  void CutBehind(Candidate last) {
    last_ = last;
    was_cut_ = true;
    std::erase_if(found_, [this](const Candidate& one) { return Before(last_, one); });
  }

  const RowOrder& order_;
  const std::optional<RowId> behind_;
  const uint64_t wanted_;
  const ExecutionLimits& limits_;
  const size_t num_asked_;
  std::vector<Candidate> found_;
  std::vector<uint64_t> keys_;  // of a chunk, for reuse
  bool was_cut_ = false;
  Candidate last_{};  // if it was cut: what comes behind is not kept
};

}  // namespace

absl::StatusOr<std::optional<std::vector<RowId>>> FindBestFirst(
    const Plan& plan, const RowOrder& order, std::optional<RowId> behind, uint64_t wanted,
    const ReadView& view, const ExecutionLimits& limits) {
  const std::optional<TwoStepFilter> filter = TwoStepFilter::Of(plan);
  if (!filter || !order.IsShareable() || wanted > kMostWanted) return std::nullopt;
  Candidates candidates(order, behind, wanted, limits);
  ROSTER_RETURN_IF_ERROR(ScanInto(plan, view, limits, &candidates, FilterPart::kQuick));
  absl::StatusOr<std::optional<std::vector<RowId>>> rows = std::nullopt;
  filter->MeasureAsked([&] {
    rows = candidates.FirstOf(*filter, view);
    return rows.ok() && *rows ? (*rows)->size() : 0;
  });
  if (rows.ok() && !*rows) filter->ResetMeasures();  // who asks otherwise measures that
  return rows;
}

}  // namespace roster::query
