// SPDX-License-Identifier: Apache-2.0
//
// Values into the type that their trait or property has, where nothing is lost by it.
// Thread rule: pure functions. Source: LANGUAGE.md "Meaning", 7.
#ifndef ROSTER_ENGINE_COERCE_H_
#define ROSTER_ENGINE_COERCE_H_

#include <optional>
#include <string_view>

#include "roster/value.h"

namespace roster {

// The value in the type, or nothing when it does not fit without loss: integers and numbers into
// each other and into decimals, text into dates and timestamps where it is ISO 8601, dates and
// timestamps into text. A scalar never becomes a list, text never a number.
// `scale` is of a decimal.
std::optional<Value> Coerce(const Value& value, ValueType type, uint8_t scale);

// "integer", "text list": how messages name a type.
std::string_view TypeName(ValueType type);

}  // namespace roster

#endif  // ROSTER_ENGINE_COERCE_H_
