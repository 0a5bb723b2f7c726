// SPDX-License-Identifier: Apache-2.0
//
// An operator that notes what running it takes, for `explain analyze`. Thread rule: as Operator.
#ifndef ROSTER_QUERY_STATEMENTS_MEASURED_H_
#define ROSTER_QUERY_STATEMENTS_MEASURED_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "query/kernels/bits.h"
#include "query/operators/operator.h"
#include "storage/base/environment.h"

namespace roster::query {

// Of all chunks so far.
struct Measures {
  uint64_t rows_in = 0;  // candidates
  uint64_t rows = 0;     // that passed
  int64_t took_us = 0;   // its parts included; of two threads both
  uint64_t bytes = 0;    // of columns and events in the chunks that it looked at as a whole
};

class MeasuredOperator : public Operator {
 public:
  // `clock`: null measures no time.
  MeasuredOperator(std::unique_ptr<Operator> inner, Clock* clock)
      : inner_(std::move(inner)), clock_(clock) {
    inner_->AddDependencies(&reads_);
  }

  const Operator& inner() const { return *inner_; }
  Measures measures() const {
    return {rows_in_.load(), rows_.load(), took_us_.load(), bytes_.load()};
  }

  void Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const override {
    Measure(view, chunk, rows, [&] { inner_->Evaluate(view, chunk, rows); });
  }
  void Prefetch(const ReadView& view, absl::Span<const RowId> rows) const override {
    inner_->Prefetch(view, rows);
  }
  bool Matches(const ReadView& view, RowId row) const override;
  // Notes what narrow(), which takes from `rows` of a chunk, takes.
  template <typename F>
  void Measure(const ReadView& view, uint32_t chunk, ChunkBits* rows, F&& narrow) const {
    const uint64_t candidates = kernels::CountBits(rows->words(), ChunkBits::kWords);
    const int64_t began_us = NowMicros();
    narrow();
    took_us_ += NowMicros() - began_us;
    rows_in_ += candidates;
    rows_ += kernels::CountBits(rows->words(), ChunkBits::kWords);
    if (candidates != 0) AddBytes(view, chunk);
  }
  // Of rows that were asked one by one: so many of all are left, which took so long besides.
  void AddAsked(uint64_t rows, int64_t took_us) const {
    rows_ = rows;
    took_us_ += took_us;
  }
  void Reset() const {
    rows_in_ = 0;
    rows_ = 0;
    took_us_ = 0;
    bytes_ = 0;
  }
  int64_t NowMicros() const { return clock_ != nullptr ? clock_->MonotonicMicros() : 0; }
  std::optional<Timestamp> NextChange(const ReadView& view, RowId row) const override {
    return inner_->NextChange(view, row);
  }
  std::optional<Timestamp> NextFlip(const ReadView& view, RowId row) const override {
    return inner_->NextFlip(view, row);
  }
  std::string Describe(const Schema& schema) const override { return inner_->Describe(schema); }
  void AddDependencies(Dependencies* dependencies) const override {
    inner_->AddDependencies(dependencies);
  }

 private:
  void AddBytes(const ReadView& view, uint32_t chunk) const;

  const std::unique_ptr<Operator> inner_;
  Clock* const clock_;
  Dependencies reads_;
  mutable std::atomic<uint64_t> rows_in_ = 0;
  mutable std::atomic<uint64_t> rows_ = 0;
  mutable std::atomic<int64_t> took_us_ = 0;
  mutable std::atomic<uint64_t> bytes_ = 0;
};

// Forgets what was measured of a tree.
void ResetMeasures(const Operator& tree);

}  // namespace roster::query

#endif  // ROSTER_QUERY_STATEMENTS_MEASURED_H_
