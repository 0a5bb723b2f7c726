// SPDX-License-Identifier: Apache-2.0
//
// The order of a profile's events over several types, and which one of them a place means.
// Thread rule: pure functions. Source: LANGUAGE.md "Meaning", 6.
#ifndef ROSTER_QUERY_OPERATORS_EVENT_ORDER_H_
#define ROSTER_QUERY_OPERATORS_EVENT_ORDER_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <vector>

#include "query/operators/event_filter.h"
#include "storage/base/ids.h"
#include "storage/memory/events/block.h"
#include "storage/memory/read_view.h"

namespace roster::query {

// By (time, event id); of the same id by its type.
struct EventPlace {
  int64_t time_ms = 0;
  uint64_t id = 0;
  uint16_t type = 0;
  auto operator<=>(const EventPlace&) const = default;
};

EventPlace PlaceOf(EventTypeId type, const EventBlock& block, EventRef event);

// The place of the event that is chosen among all events of the types that have come, whatever is
// asked of them: counted from the first (1, 2, ...) or the last (-1).
std::optional<EventPlace> Chosen(const std::vector<EventFilter>& types, int64_t place,
                                 const ReadView& view, RowId row);

}  // namespace roster::query

#endif  // ROSTER_QUERY_OPERATORS_EVENT_ORDER_H_
