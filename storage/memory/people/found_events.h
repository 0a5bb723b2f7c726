// SPDX-License-Identifier: Apache-2.0
//
// A profile's events over all types in one order, found before any of their properties is looked
// at. Thread rule: pure functions of an immutable state.
#ifndef ROSTER_STORAGE_MEMORY_PEOPLE_FOUND_EVENTS_H_
#define ROSTER_STORAGE_MEMORY_PEOPLE_FOUND_EVENTS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "roster/value.h"
#include "storage/memory/read_view.h"

namespace roster {

// Properties with a meaning of their own.
inline constexpr std::string_view kChannelProperty = "channel";
inline constexpr std::string_view kSessionProperty = "session";
inline constexpr std::string_view kCampaignProperty = "campaign";

// An event that is found and not yet read.
struct FoundEvent {
  Timestamp time;
  EventId id;
  EventTypeId type;
  EventRef ref;
};

// What somebody did, without records of the store's own: by (time, id, name of the type), oldest
// first, also what is to come. Cost: O(n log n), without properties.
std::vector<FoundEvent> FindEvents(const State& state, RowId row);

// Those that have come: events of the future count when their time comes.
absl::Span<const FoundEvent> ComeBy(absl::Span<const FoundEvent> events, Timestamp clock);

// One text property of events of any type. Lifetime: the state's.
class TextOfEvents {
 public:
  TextOfEvents(const State& state, RowId row, std::string_view property);
  // Nothing where there is none, or it is no text. Lifetime: the state's.
  std::optional<std::string_view> Of(const FoundEvent& event) const;

 private:
  const State& state_;
  const RowId row_;
  std::vector<std::optional<PropertyId>> property_of_type_;
};

// 16 hexadecimal digits.
std::string EventIdText(EventId id);

IdentityId OriginOf(const State& state, RowId row, const FoundEvent& event);

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_PEOPLE_FOUND_EVENTS_H_
