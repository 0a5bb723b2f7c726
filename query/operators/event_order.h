// SPDX-License-Identifier: Apache-2.0
//
// The order of a profile's events over several types.
// Thread rule: pure functions. Source: LANGUAGE.md "Meaning", 6.
#ifndef ROSTER_QUERY_OPERATORS_EVENT_ORDER_H_
#define ROSTER_QUERY_OPERATORS_EVENT_ORDER_H_

#include <compare>
#include <cstdint>

#include "storage/base/ids.h"
#include "storage/memory/events/block.h"

namespace roster::query {

// By (time, event id); of the same id by its type.
struct EventPlace {
  int64_t time_ms = 0;
  uint64_t id = 0;
  uint16_t type = 0;
  auto operator<=>(const EventPlace&) const = default;
};

inline EventPlace PlaceOf(EventTypeId type, const EventBlock& block, EventRef event) {
  return {TimeOf(block, event).ms, IdOf(block, event).value, type.value};
}

}  // namespace roster::query

#endif  // ROSTER_QUERY_OPERATORS_EVENT_ORDER_H_
