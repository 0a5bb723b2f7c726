// SPDX-License-Identifier: Apache-2.0
//
// Where text stops being JSON: simdjson says that it is not, this says where. Thread rule: pure.
#ifndef ROSTER_ENGINE_JSON_POSITION_H_
#define ROSTER_ENGINE_JSON_POSITION_H_

#include <optional>
#include <string_view>

#include "roster/error.h"

namespace roster {

// The place of the first character that cannot be there (the end when something is missing), or
// nothing when the text is one JSON value. Cost: O(size).
std::optional<ErrorPosition> FindJsonError(std::string_view text);

}  // namespace roster

#endif  // ROSTER_ENGINE_JSON_POSITION_H_
