// SPDX-License-Identifier: Apache-2.0
//
// The vocabulary of the public contract: ids, times and values. Every layer may include this
// header (with error.h the only two that all share); it includes the standard library only.
// Thread rule: plain values, no shared state.
#ifndef ROSTER_VALUE_H_
#define ROSTER_VALUE_H_

#include <compare>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace roster {

// A profile's stable public id; never reused. Written `p` and the number: `p4711`. 0 is no profile.
struct ProfileId {
  uint64_t value = 0;
  auto operator<=>(const ProfileId&) const = default;
};

// Log sequence number: each commit has one, ascending. 0 is the empty store.
struct Lsn {
  uint64_t value = 0;
  auto operator<=>(const Lsn&) const = default;
};

// An instant. Units: milliseconds since 1970-01-01T00:00:00Z.
struct Timestamp {
  int64_t ms = 0;
  auto operator<=>(const Timestamp&) const = default;
};

// A calendar day without a time zone. Units: days since 1970-01-01.
struct Date {
  int32_t days = 0;
  auto operator<=>(const Date&) const = default;
};

// An exact number for money: `unscaled` / 10^`scale`. `scale` is 0 to 9.
struct Decimal {
  int64_t unscaled = 0;
  uint8_t scale = 0;
  auto operator<=>(const Decimal&) const = default;  // for a total order of values, not by size
};

// JSON text that is kept and shown as it came, never queried (arrays of objects, values of a
// type that their property does not have).
struct Json {
  std::string text;
  auto operator<=>(const Json&) const = default;
};

using TextList = std::vector<std::string>;

// The types that a trait or a property can have. The numbers stand in files; do not renumber.
enum class ValueType : uint8_t {
  kNone = 0,
  kText = 1,
  kInteger = 2,
  kNumber = 3,
  kBoolean = 4,
  kDate = 5,
  kTimestamp = 6,
  kDecimal = 7,
  kTextList = 8,
  kJson = 9,
};

// One value, or none (`std::monostate`: missing in a result, "clear it" in a write). The order of
// the alternatives is the order of ValueType, so that TypeOf is an index.
using Value = std::variant<std::monostate, std::string, int64_t, double, bool, Date, Timestamp,
                           Decimal, TextList, Json>;

inline ValueType TypeOf(const Value& value) { return static_cast<ValueType>(value.index()); }
inline bool IsMissing(const Value& value) { return value.index() == 0; }

}  // namespace roster

#endif  // ROSTER_VALUE_H_
