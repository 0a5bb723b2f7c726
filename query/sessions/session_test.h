// SPDX-License-Identifier: Apache-2.0
//
// The condition on a session for many of them: each leaf is asked once of all events of a chunk,
// or of all its rows, and of a session then only which of their bits it has. For sessions of which
// no client said anything. Thread rule: immutable; what is made for a chunk belongs to one
// evaluation. Source: LANGUAGE.md "Sessions".
#ifndef ROSTER_QUERY_SESSIONS_SESSION_TEST_H_
#define ROSTER_QUERY_SESSIONS_SESSION_TEST_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "query/bound.h"
#include "query/operators/limits.h"
#include "query/operators/operator.h"
#include "query/sessions/chunk_events.h"

namespace roster::query {

// The events [begin, end) of a row. Lifetime: until the next row is read.
struct CutSession {
  const ChunkEvents& events;
  uint32_t offset;  // of the row
  size_t begin;
  size_t end;
};
using CutSessionTest = std::function<bool(const CutSession&)>;

// What a chunk is asked of. Lifetime: all outlive the test that is made.
struct AskedChunk {
  const ReadView& view;
  uint32_t chunk;
  const ChunkEvents& events;
  const ChunkBits& rows;  // of which sessions will be asked about
};

class SessionTest {
 public:
  virtual ~SessionTest() = default;
  // Requires: the view of the planning.
  virtual CutSessionTest In(const AskedChunk& asked) const = 0;
};

// `plan` makes an operator of what is asked about the profile.
using PlanOfProfile = std::function<std::unique_ptr<Operator>(BoundFilter)>;
std::unique_ptr<SessionTest> MakeSessionTest(const BoundFilter& condition,
                                             const PlanOfProfile& plan, const ReadView& view,
                                             Preparation* preparation);

}  // namespace roster::query

#endif  // ROSTER_QUERY_SESSIONS_SESSION_TEST_H_
