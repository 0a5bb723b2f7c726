// SPDX-License-Identifier: Apache-2.0
//
// What became of the messages that a person got: events of several types joined by the id of the
// message. Derived: a function of types, properties and times, so that arrival does not change it,
// and a step that nobody told of is no obstacle. Thread rule: pure functions of an immutable state.
// Source: CAPABILITIES.md C30; server/PROTOCOL.md "Messages".
#ifndef ROSTER_ENGINE_READING_MESSAGES_H_
#define ROSTER_ENGINE_READING_MESSAGES_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "engine/reading/events.h"
#include "roster/profile.h"
#include "storage/memory/read_view.h"

namespace roster {

enum class MessageStep : uint8_t { kSent, kDelivered, kOpened, kClicked, kFailed };

// Which step events of a type tell of, by the last word of its name; nothing of all other types.
std::optional<MessageStep> StepOf(std::string_view type);

// The messages that began last, newest first. `come`: the events that have come.
// Cost: O(n), and the properties of those events that tell of a step.
std::vector<MessageEntry> MessagesOf(const State& state, RowId row,
                                     absl::Span<const FoundEvent> come, uint32_t limit);

}  // namespace roster

#endif  // ROSTER_ENGINE_READING_MESSAGES_H_
