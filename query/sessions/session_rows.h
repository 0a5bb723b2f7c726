// SPDX-License-Identifier: Apache-2.0
//
// The rows of a chunk that pass a question about sessions: first by what it needs of the whole
// profile, then by cutting the sessions of those of whom that is not enough to know, from as few of
// their events as the window asks. Thread rule: immutable.
#ifndef ROSTER_QUERY_SESSIONS_SESSION_ROWS_H_
#define ROSTER_QUERY_SESSIONS_SESSION_ROWS_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "query/bound.h"
#include "query/operators/limits.h"
#include "query/operators/operator.h"
#include "query/sessions/chunk_events.h"
#include "query/sessions/session_test.h"
#include "storage/memory/bitmap.h"

namespace roster::query {

class SessionRows {
 public:
  // Keeps nothing of `bound`.
  SessionRows(const BoundSessions& bound, const PlanOfProfile& plan, const ReadView& view,
              Preparation* preparation);

  // Takes away the rows that do not pass. `passes` is asked about those of which clients said
  // something of sessions, for that may give any session any start. Requires: the view of the
  // planning.
  void Narrow(const ReadView& view, uint32_t chunk, ChunkBits* rows,
              const std::function<bool(RowId)>& passes) const;

 private:
  // What sessions that pass come to.
  bool Passes(int64_t num_meant, int64_t num_passed) const {
    if (all_) return num_meant != 0 && num_passed == num_meant;
    return min_ <= num_passed && num_passed <= max_;
  }
  bool IsKnown(int64_t num_meant, int64_t num_passed) const {
    if (all_) return num_passed < num_meant;
    return num_passed > max_ || (num_passed >= min_ && max_is_open_);
  }
  // Whether one session that passes is enough to know the answer.
  bool OneDecides() const { return !all_ && IsKnown(1, 1); }
  // Takes away what is decided by whole profiles, and puts those that pass in `passed`.
  void Decide(const ReadView& view, uint32_t chunk, ChunkBits* undecided, ChunkBits* passed) const;
  // The same by how many events rows have, at most.
  void DecideByNumbers(const ChunkEvents& events, ChunkBits* undecided, ChunkBits* passed) const;
  // Of the row that was read.
  bool PassesCut(ChunkEvents* events, uint32_t offset, const CutSessionTest& test) const;

  const bool all_;
  const int64_t min_;
  const int64_t max_;
  const bool max_is_open_;
  const TimeRange range_;  // in which sessions begin
  const ExecutionLimits limits_;
  const bool is_ever_;
  const int64_t least_to_pass_;  // events of a session
  const int64_t least_to_fail_;
  std::unique_ptr<Operator> needed_;   // but for these no session passes
  std::unique_ptr<Operator> enough_;   // of these one does; may be null
  std::unique_ptr<Operator> failing_;  // but for these none fails; may be null
  std::unique_ptr<SessionTest> test_;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_SESSIONS_SESSION_ROWS_H_
