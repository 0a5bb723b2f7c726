// SPDX-License-Identifier: Apache-2.0
//
// Members of a dump's lines, each checked as what it is: foreign text. Thread rule: pure functions.
// Errors of all: PARSE.
#ifndef ROSTER_ENGINE_MAINTENANCE_DUMP_VALUES_H_
#define ROSTER_ENGINE_MAINTENANCE_DUMP_VALUES_H_

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "roster/value.h"

namespace roster {

absl::Status BadLine(std::string_view what);
absl::StatusOr<std::string_view> TextOf(simdjson::dom::object line, const char* name);
absl::StatusOr<int64_t> NumberOf(simdjson::dom::object line, const char* name, int64_t min,
                                 int64_t max);
// A member that is not there is false.
bool IsTrue(simdjson::dom::object line, const char* name);
absl::StatusOr<Timestamp> TimeMember(simdjson::dom::object line, const char* name);
absl::StatusOr<ValueType> TypeMember(simdjson::dom::object line);
// 0 where it is not there.
absl::StatusOr<uint8_t> ScaleMember(simdjson::dom::object line);
// The forms of ValueJson in dump_writer.cc; nothing for another one.
std::optional<Value> ParseValue(simdjson::dom::element element, ValueType type, uint8_t scale);

}  // namespace roster

#endif  // ROSTER_ENGINE_MAINTENANCE_DUMP_VALUES_H_
