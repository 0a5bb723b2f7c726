// SPDX-License-Identifier: Apache-2.0
//
// How somebody was seen: by which channels, on which devices, by which campaigns, and since when
// somebody is known to be behind the profile. Thread rule: pure functions of a view.
// Source: CAPABILITIES.md T1, T3, T7, T11, C33.
#ifndef ROSTER_ENGINE_READING_SEEN_H_
#define ROSTER_ENGINE_READING_SEEN_H_

#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "engine/reading/events.h"
#include "roster/profile.h"
#include "storage/memory/read_view.h"

namespace roster {

// `come`: the events that have come. Each by name.
std::vector<SeenEntry> ChannelsOf(const ReadView& view, RowId row,
                                  absl::Span<const FoundEvent> come);
// Those that are the profile's now, those by which something came, and those that were identified
// on.
std::vector<SeenEntry> DevicesOf(const ReadView& view, RowId row,
                                 absl::Span<const FoundEvent> come);
std::vector<CampaignEntry> CampaignsOf(const State& state, RowId row,
                                       absl::Span<const FoundEvent> come);

// The earliest time at which something came by an identity of a person, else when the profile came
// to be; nothing while it has no such identity.
std::optional<Timestamp> IdentifiedAt(const State& state, RowId row,
                                      absl::Span<const FoundEvent> events);

}  // namespace roster

#endif  // ROSTER_ENGINE_READING_SEEN_H_
