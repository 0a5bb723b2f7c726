// SPDX-License-Identifier: Apache-2.0
//
// The loop over the chunks that every statement runs, on one thread or two, and the limit of what
// it shows. Thread rule: pure functions of a view.
#ifndef ROSTER_QUERY_STATEMENTS_SCAN_H_
#define ROSTER_QUERY_STATEMENTS_SCAN_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "query/operators/limits.h"
#include "query/plan.h"
#include "query/statements/scan_helper.h"
#include "query/statements/two_step.h"
#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/memory/bitmap.h"
#include "storage/memory/read_view.h"

namespace roster::query {

// Which parts of a filter a scan asks.
enum class FilterPart : uint8_t { kAll, kQuick };

// Rows, by chunk.
using RowSet = std::vector<ChunkBits>;

// The chunks of a view, handed out to whoever asks. Thread rule: any thread.
class ChunkScan {
 public:
  // `among`: the rows that are asked, null: all. Requires: a TwoStepFilter of the plan, for its
  // quick part. Lifetime: all of it outlives this.
  ChunkScan(const Plan& plan, const ReadView& view, const ExecutionLimits& limits,
            FilterPart part = FilterPart::kAll, const RowSet* among = nullptr)
      : plan_(plan),
        view_(view),
        limits_(limits),
        part_(part),
        among_(among),
        in_two_(TwoStepFilter::Of(plan)) {}

  bool IsAtEnd() const { return next_.load(std::memory_order_relaxed) >= view_.num_chunks(); }
  // Calls f(chunk, rows) with the rows of the next chunk that are live and match, if there is one.
  // `drop(chunk, &rows)` may take away rows that are no use for f: it is called before what is dear
  // is asked of them. Errors: TIMEOUT, CANCELLED, LIMIT (memory).
  template <typename Drop, typename F>
  absl::Status Step(Drop&& drop, F&& f) {
    const uint32_t chunk = next_.fetch_add(1, std::memory_order_relaxed);
    if (chunk >= view_.num_chunks()) return absl::OkStatus();
    ROSTER_RETURN_IF_ERROR(limits_.Check());
    ChunkBits rows = view_->live.chunk(chunk);
    if (among_ != nullptr) {
      rows.And((*among_)[chunk]);
      if (!rows.Any()) return absl::OkStatus();
    }
    if (part_ == FilterPart::kQuick) {
      in_two_->EvaluateQuick(view_, chunk, &rows);
    } else if (in_two_) {
      in_two_->Evaluate(view_, chunk, &rows, drop);
    } else if (plan_.filter != nullptr) {
      plan_.filter->Evaluate(view_, chunk, &rows);
    }
    f(chunk, rows);
    return absl::OkStatus();
  }

 private:
  const Plan& plan_;
  const ReadView& view_;
  const ExecutionLimits& limits_;
  const FilterPart part_;
  const RowSet* const among_;
  const std::optional<TwoStepFilter> in_two_;
  std::atomic<uint32_t> next_{0};
};

// Calls f(chunk, rows) for each chunk, in order, with the rows that are live and match.
// Errors: TIMEOUT, CANCELLED, LIMIT (memory), also where they stopped the filter itself.
template <typename F>
absl::Status ForEachChunk(const Plan& plan, const ReadView& view, const ExecutionLimits& limits,
                          F&& f) {
  ChunkScan scan(plan, view, limits);
  const auto keep = [](uint32_t, ChunkBits*) {};
  while (!scan.IsAtEnd()) ROSTER_RETURN_IF_ERROR(scan.Step(keep, f));
  return limits.Check();
}

// The same, with a second thread where one is free and the scan takes long enough to pay for it.
// A result is what takes chunks, in any order: `Take(chunk, rows)`; `Fork()` gives an empty one for
// the other thread, which `Join` adds at the end; `Drop(chunk, &rows)`, if it has it, is that of
// ChunkScan::Step.
template <typename Result>
absl::Status ScanInto(const Plan& plan, const ReadView& view, const ExecutionLimits& limits,
                      Result* result, FilterPart part = FilterPart::kAll) {
  ChunkScan scan(plan, view, limits, part);
  const auto step = [&scan](Result* into) {
    const auto drop = [&](uint32_t chunk, ChunkBits* rows) {
      if constexpr (requires { into->Drop(chunk, rows); }) into->Drop(chunk, rows);
    };
    return scan.Step(drop,
                     [into](uint32_t chunk, const ChunkBits& rows) { into->Take(chunk, rows); });
  };
  const auto now_us = [&] { return limits.clock != nullptr ? limits.clock->MonotonicMicros() : 0; };
  // What is expected to take long asks at once: until the other thread runs is part of the time.
  const double alone_ns = 1e3 * static_cast<double>(limits.alone_us);
  const bool is_long = plan.filter != nullptr && plan.filter->estimated_ns() > alone_ns;
  const int64_t asks_at_us = now_us() + (is_long ? 0 : limits.alone_us);
  std::optional<Result> other;
  absl::Status others = absl::OkStatus();
  {
    std::optional<ScanHelper::Help> help;
    while (!scan.IsAtEnd()) {
      if (limits.helper != nullptr && !help && now_us() >= asks_at_us) {
        other.emplace(result->Fork());
        help.emplace(limits.helper, [&] {
          while (others.ok() && !scan.IsAtEnd()) others = step(&*other);
        });
      }
      ROSTER_RETURN_IF_ERROR(step(result));
    }
  }
  ROSTER_RETURN_IF_ERROR(others);
  if (other) result->Join(*std::move(other));
  return limits.Check();
}

inline absl::Status TooManyRows(uint64_t max_rows) {
  return MakeError(ErrorCode::kLimit, StrCat("a result has more than ", max_rows,
                                             " rows; write `limit` and `offset`"));
}
inline absl::Status TooManyBytes(uint64_t max_bytes, std::string_view advice = "") {
  return MakeError(ErrorCode::kLimit,
                   StrCat("a result has more than ", max_bytes, " bytes (max_bytes)", advice));
}

}  // namespace roster::query

#endif  // ROSTER_QUERY_STATEMENTS_SCAN_H_
