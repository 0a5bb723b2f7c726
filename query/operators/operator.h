// SPDX-License-Identifier: Apache-2.0
//
// The interface of every predicate of a plan. Thread rule: an operator is immutable once planned;
// any number of threads may evaluate it.
#ifndef ROSTER_QUERY_OPERATORS_OPERATOR_H_
#define ROSTER_QUERY_OPERATORS_OPERATOR_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "storage/base/ids.h"
#include "storage/memory/bitmap.h"
#include "storage/memory/read_view.h"
#include "storage/memory/schema.h"

namespace roster::query {

// What an answer depends on beside the clock. May hold repeats.
struct Dependencies {
  std::vector<TraitId> traits;
  std::vector<EventTypeId> events;
  bool identities = false;
  bool labels = false;
  bool consent = false;
  bool sessions = false;  // with events of all types
};

// Whether changes that change no answer will go on like that for ever: only anniversaries come
// round without end, and the calendar repeats itself, so what nothing did within a cycle nothing
// does.
class Recurrence {
 public:
  explicit Recurrence(Timestamp begin);
  // `next`: the next change, each later than the one before.
  bool ComesRound(Timestamp next);

 private:
  int64_t cycle_ms_;
  int64_t before_ms_ = std::numeric_limits<int64_t>::min();
};

// Invariants: (1) for every row Evaluate and Matches agree; (2) a row's answer depends on that row
// alone.
class Operator {
 public:
  virtual ~Operator() = default;

  // Takes from `rows`, the candidates of one chunk, those that do not match. What it needs of
  // dictionaries and windows was worked out when it was planned.
  // Requires: the view that it was planned for; chunk < view.num_chunks().
  // When the limits of the planning stop it, all rows may go: who evaluates checks them behind it.
  // Cost: what it reads of the chunk; little when there are no candidates.
  virtual void Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const = 0;

  // Has the processor fetch what Evaluate or Matches will read of some rows, where that is one read
  // after the other: so many of them wait at the same time. Changes no answer. Requires: as
  // Evaluate.
  virtual void Prefetch(const ReadView& /*view*/, absl::Span<const RowId> /*rows*/) const {}

  // Whether one row matches, by another road than Evaluate: it works on cells and texts, not on
  // what was prepared. Requires: any view of the store that it was planned for, then or later.
  virtual bool Matches(const ReadView& view, RowId row) const = 0;

  // The earliest moment after the view's clock at which the row's answer may change with no write;
  // none: it stays for ever. Requires: as Matches.
  virtual std::optional<Timestamp> NextChange(const ReadView& view, RowId row) const = 0;
  // The moment at which it does change; none: never. Exact, but of logic, where it is never later
  // than that, and where time alone has more than 1,000 occasions to change the answer without
  // doing so: then it is one at which to look again.
  virtual std::optional<Timestamp> NextFlip(const ReadView& view, RowId row) const;

  // One line in words of the language.
  virtual std::string Describe(const Schema& schema) const = 0;

  virtual void AddDependencies(Dependencies* dependencies) const = 0;

  // What the planner expects: how many rows match, and how long Evaluate of all takes one thread.
  // Set before anybody else has the operator.
  double estimated_rows() const { return estimated_rows_; }
  double estimated_ns() const { return estimated_ns_; }
  void set_estimates(double rows, double ns) {
    estimated_rows_ = rows;
    estimated_ns_ = ns;
  }

 private:
  double estimated_rows_ = 0;
  double estimated_ns_ = 0;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_OPERATORS_OPERATOR_H_
