// SPDX-License-Identifier: Apache-2.0
//
// What became of a message. Thread rule: pure function. Source: CAPABILITIES.md T11, C30.
#ifndef ROSTER_STORAGE_MEMORY_PEOPLE_TOUCH_H_
#define ROSTER_STORAGE_MEMORY_PEOPLE_TOUCH_H_

#include <string_view>

namespace roster {

// "sent", "seen" or "clicked", where the type of the message's event says so ("Email Opened",
// "message_sent"); else empty.
std::string_view TouchOf(std::string_view type);

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_PEOPLE_TOUCH_H_
