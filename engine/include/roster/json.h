// SPDX-License-Identifier: Apache-2.0
//
// The Segment specification's JSON into writes: the one place that knows its field names, used by
// the server and by NDJSON import. Thread rule: pure functions.
#ifndef ROSTER_JSON_H_
#define ROSTER_JSON_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "roster/value.h"
#include "roster/write.h"

namespace roster {

// Parses one call: `{"type":"track","userId":"u1","event":"Order","properties":{...}}`.
// `type` ("identify", "track", ...) stands in for a missing "type" member; of "create", "set",
// "consent", "logout" it says what the object is (of which the profile is left for the caller).
// Understood: userId, anonymousId, messageId, timestamp, event, traits, properties,
// context.integration.name, `identities` ({"email": "..."} for any namespace), source. Traits of
// identify that are named email or phone also identify. Nested objects are flattened with dots;
// lists of plain values become text lists; other lists are kept as Json. Numbers are `number`;
// dates stay text unless the trait says otherwise. Errors: PARSE (not JSON, with the position; not
// a call), TYPE (a member of the wrong type).
absl::StatusOr<WriteItem> ParseWriteJson(std::string_view json, std::string_view type);

// Parses a batch: a list of calls or {"batch":[...],"atomic":true}. An item that is
// not a call gives its error in `item_errors` at its place in the list, the others go on.
struct ParsedBatch {
  Batch batch;
  std::vector<size_t> positions;  // of batch.items in the list
  std::vector<std::pair<size_t, absl::Status>> item_errors;
  size_t num_items = 0;
};
absl::StatusOr<ParsedBatch> ParseBatchJson(std::string_view json);

// Parses one JSON value as a statement parameter: text, integer, number, boolean or list of text.
absl::StatusOr<Value> ParseValueJson(std::string_view json);

// ISO 8601 as clients write it: 2026-11-21, 2026-11-21T10:00:00Z, ...T10:00:00.123+01:00.
absl::StatusOr<Timestamp> ParseTimestamp(std::string_view text);
// "2026-11-21T10:00:00.123Z"; milliseconds are left out when 0.
std::string FormatTimestamp(Timestamp time);
absl::StatusOr<Date> ParseDate(std::string_view text);
std::string FormatDate(Date date);
// "12.50": `scale` digits after the point.
std::string FormatDecimal(Decimal decimal);
// Digits with an optional sign and point; nothing when it is not that or has more than 9 digits
// after the point or does not fit 64 bits.
std::optional<Decimal> ParseDecimal(std::string_view text);

// A value as JSON: dates and times as text, decimals as numbers with all their digits.
void AppendJson(const Value& value, std::string* out);

}  // namespace roster

#endif  // ROSTER_JSON_H_
