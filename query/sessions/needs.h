// SPDX-License-Identifier: Apache-2.0
//
// What a condition on sessions says of the whole profile: filters that are quick to evaluate and
// that decide most profiles before any session is cut. Of profiles of which no client said anything
// of sessions. Thread rule: pure functions.
#ifndef ROSTER_QUERY_SESSIONS_NEEDS_H_
#define ROSTER_QUERY_SESSIONS_NEEDS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "query/bound.h"
#include "storage/memory/schema.h"

namespace roster::query {

// Whether a window is all time.
bool IsEver(const Window& window);

// Those with an event of any type in the window.
BoundFilter WithEvents(const Schema& schema, const Window& window);

// Events of all types with a channel that passes all tests.
BoundEventSet EventsOfChannel(const std::vector<CellPredicate>& tests, const Schema& schema,
                              const Window& window);
// A text that is not empty.
CellPredicate NotEmpty();

// What some sessions of a profile have to do: they begin in the window, and each passes (or, unless
// `passes`, fails) a condition.
struct WantedSessions {
  const Schema& schema;
  const Window& window;
  bool passes = true;
  int64_t times = 1;  // how many at least
};
// Profiles but for which there are no such sessions; nothing where there may be of any.
std::optional<BoundFilter> NeededFor(const BoundFilter& condition, const WantedSessions& wanted);

// How many events a session has at least that passes, or fails.
int64_t LeastEventsFor(const BoundFilter& condition, bool passes);

// Profiles of which one session passes for sure, of those that have one; nothing where nobody
// knows.
std::optional<BoundFilter> EnoughFor(const BoundFilter& condition);

}  // namespace roster::query

#endif  // ROSTER_QUERY_SESSIONS_NEEDS_H_
