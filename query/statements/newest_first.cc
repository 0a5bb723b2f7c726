// SPDX-License-Identifier: Apache-2.0
#include "query/statements/newest_first.h"

#include <algorithm>
#include <limits>

#include "query/kernels/bits.h"
#include "query/statements/finder.h"
#include "query/statements/measured.h"
#include "query/statements/scan.h"
#include "query/statements/two_step.h"
#include "storage/memory/traits/seen_order.h"

namespace roster::query {
namespace {

// So many of the newest are looked at at once at least, so many at first at most, for the planner
// guesses, and this part of all in the end: rows that lie apart cost several times what those of a
// scan do.
constexpr double kLeast = 512;
constexpr double kMostAtFirst = 16384;
constexpr double kPartOfAll = 8;
// So many more than seem to be needed are looked at, so that it is the last time, mostly.
constexpr double kMore = 1.3;

// Takes rows out of the kept order, the newest first.
class Walk {
 public:
  // Takes `most` rows at most, none who was seen later than that.
  Walk(const ReadView& view, int64_t last_ms, uint64_t most)
      : view_(view), most_(most), end_(SeenOrder::SpanOf(last_ms) + 1), rows_(view.num_chunks()) {}

  // Takes the rows of the next spans, about so many. False when there are too few left.
  bool Take(uint64_t count) {
    for (ChunkBits& bits : rows_) bits.ClearAll();
    keys_.first = RowOrder::KeyOfSeen(SeenOrder::LastOf(end_ - 1));
    const uint64_t wanted = num_taken_ + count;
    view_->seen_order->ForEachList(end_ - 1, [&](int64_t span, absl::Span<const uint32_t> rows) {
      if (num_taken_ >= wanted && span != end_) return false;
      num_taken_ += rows.size();
      if (num_taken_ > most_) return false;
      for (const uint32_t row : rows) rows_[ChunkOf({row})].Set(OffsetOf({row}));
      end_ = span;
      return true;
    });
    keys_.last = RowOrder::KeyOfSeen(SeenOrder::BeginOf(end_));
    return num_taken_ >= wanted && num_taken_ <= most_;
  }
  // What was taken last: all rows of these keys, and others. Who asks may take some away.
  RowSet* rows() { return &rows_; }
  KeyRange keys() const { return keys_; }
  // Of all times.
  uint64_t num_taken() const { return num_taken_; }

 private:
  const ReadView& view_;
  const uint64_t most_;
  int64_t end_;  // the span behind those that are to be taken
  RowSet rows_;
  KeyRange keys_;
  uint64_t num_taken_ = 0;
};

// Asks the filter of rows out of all chunks: what is dear of many at once, for their cells and
// texts lie far apart.
class Look {
 public:
  // Lifetime: all of it outlives this.
  Look(const Plan& plan, const ReadView& view, const ExecutionLimits& limits)
      : plan_(plan), view_(view), limits_(limits) {}

  // Gives `finder` those of `rows` that are live and match. What stays in `rows` says nothing.
  absl::Status Ask(RowSet* rows, Finder* finder) {
    const std::optional<TwoStepFilter> in_two = TwoStepFilter::Of(plan_);
    if (!in_two) {
      return Scan(FilterPart::kAll, rows,
                  [&](uint32_t chunk) { finder->Take(chunk, (*rows)[chunk]); });
    }
    ROSTER_RETURN_IF_ERROR(Scan(FilterPart::kQuick, rows, [](uint32_t) {}));
    absl::Status status;
    in_two->MeasureAsked([&] {
      status = AskDear(*in_two, rows, finder);
      return num_matched_;
    });
    return status;
  }

 private:
  // So many candidates, or those of a chunk, are fetched before they are asked: their texts stay in
  // the nearer caches.
  static constexpr size_t kFetched = 512;

  // Leaves the rows that match a part, and calls then(chunk), of each chunk with live candidates.
  template <typename F>
  absl::Status Scan(FilterPart part, RowSet* rows, F&& then) {
    ChunkScan scan(plan_, view_, limits_, part, rows);
    const auto keep = [](uint32_t, ChunkBits*) {};
    while (!scan.IsAtEnd()) {
      ROSTER_RETURN_IF_ERROR(scan.Step(keep, [&](uint32_t chunk, const ChunkBits& left) {
        (*rows)[chunk] = left;
        then(chunk);
      }));
    }
    return limits_.Check();
  }
  absl::Status AskDear(const TwoStepFilter& filter, RowSet* rows, Finder* finder) {
    std::vector<RowId> fetched;
    const auto num_chunks = static_cast<uint32_t>(rows->size());
    for (uint32_t begin = 0, end = 0; begin < num_chunks; begin = end) {
      ROSTER_RETURN_IF_ERROR(limits_.Check());
      fetched.clear();
      for (; end < num_chunks && fetched.size() < kFetched; ++end) {
        ChunkBits& candidates = (*rows)[end];
        if (!candidates.Any()) continue;
        candidates.And(view_->live.chunk(end));
        finder->Drop(end, &candidates);
        candidates.ForEach([&](uint32_t i) { fetched.push_back(RowAt(end, i)); });
      }
      filter.PrefetchDear(view_, fetched);
      for (uint32_t chunk = begin; chunk < end; ++chunk) {
        ChunkBits& candidates = (*rows)[chunk];
        if (!candidates.Any()) continue;
        filter.EvaluateDear(view_, chunk, &candidates);
        num_matched_ += kernels::CountBits(candidates.words(), ChunkBits::kWords);
        finder->Take(chunk, candidates);
      }
    }
    return limits_.Check();
  }

  const Plan& plan_;
  const ReadView& view_;
  const ExecutionLimits& limits_;
  uint64_t num_matched_ = 0;
};

// Where the order begins; nothing where that is among those who were never seen.
std::optional<int64_t> FirstTime(std::optional<RowId> behind, const ReadView& view) {
  if (!behind) return std::numeric_limits<int64_t>::max();
  const Column& last_seen = view->column(kLastSeen);
  if (!last_seen.Has(*behind)) return std::nullopt;
  return last_seen.Bits(*behind);
}

double MostRows(const ReadView& view) { return static_cast<double>(view->num_rows()) / kPartOfAll; }

// How many rows have to be looked at, as the planner expects it.
double ExpectedRows(const Operator* filter, uint64_t wanted, const ReadView& view) {
  const auto found = static_cast<double>(wanted);
  if (filter == nullptr) return found;
  return found * static_cast<double>(view->num_rows()) / filter->estimated_rows();
}

}  // namespace

bool TriesNewestFirst(const Operator* filter, const std::vector<BoundOrder>& by, uint64_t wanted,
                      const ReadView& view) {
  return IsNewestFirst(by) && MostRows(view) >= kLeast &&
         ExpectedRows(filter, wanted, view) <= MostRows(view);
}

absl::StatusOr<std::optional<std::vector<RowId>>> FindNewestFirst(
    const Plan& plan, const RowOrder& order, std::optional<RowId> behind, uint64_t wanted,
    const ReadView& view, const ExecutionLimits& limits) {
  const std::optional<int64_t> last_ms = FirstTime(behind, view);
  if (!last_ms || !TriesNewestFirst(plan.filter.get(), order.by(), wanted, view)) {
    return std::nullopt;
  }
  const double most = MostRows(view);
  const uint64_t bytes = view.num_chunks() * sizeof(ChunkBits);
  limits.Take(bytes);
  Walk walk(view, *last_ms, static_cast<uint64_t>(2 * most));  // spans are taken whole
  Look looks(plan, view, limits);
  Finder finder(order, behind, wanted, limits);
  const double expected = kMore * ExpectedRows(plan.filter.get(), wanted, view);
  double look = std::min(most, std::clamp(expected, kLeast, kMostAtFirst));
  bool goes_on = true;
  while (goes_on && finder.top().size() < wanted) {
    const double left = most - static_cast<double>(walk.num_taken());
    goes_on = look <= left && walk.Take(static_cast<uint64_t>(look));
    if (!goes_on) break;
    finder.Only(walk.keys());
    ROSTER_RETURN_IF_ERROR(looks.Ask(walk.rows(), &finder));
    const auto found = static_cast<double>(finder.top().size());
    const double each = static_cast<double>(walk.num_taken()) / std::max(found, 0.5);
    look = std::max(kLeast, kMore * each * (static_cast<double>(wanted) - found));
  }
  limits.GiveBack(bytes);
  std::vector<RowId> rows = finder.top().Take();  // which gives back what they took
  if (goes_on) return rows;
  if (plan.filter != nullptr) ResetMeasures(*plan.filter);  // a scan of all measures that
  return std::nullopt;
}

}  // namespace roster::query
