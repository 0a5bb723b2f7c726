// SPDX-License-Identifier: Apache-2.0
#include "query/operators/event_order.h"

#include <algorithm>

namespace roster::query {

EventPlace PlaceOf(EventTypeId type, const EventBlock& block, EventRef event) {
  return {TimeOf(block, event).ms, IdOf(block, event).value, type.value};
}

std::optional<EventPlace> Chosen(const std::vector<EventFilter>& types, int64_t place,
                                 const ReadView& view, RowId row) {
  std::vector<EventPlace> places;
  for (const EventFilter& type : types) {
    const BoundEvents all{type.event(), {}, {}, {}};
    EventTest(all, view).ForEachOf(row, [&](const EventBlock& block, EventRef event) {
      places.push_back(PlaceOf(type.event(), block, event));
    });
  }
  if (places.empty()) return std::nullopt;
  if (place < 0) return *std::max_element(places.begin(), places.end());
  if (static_cast<uint64_t>(place) > places.size()) return std::nullopt;
  const auto nth = places.begin() + (place - 1);
  std::nth_element(places.begin(), nth, places.end());
  return *nth;
}

}  // namespace roster::query
