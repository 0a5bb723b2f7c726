// SPDX-License-Identifier: Apache-2.0
//
// One item of a command, looked at by itself: its form, its limits, and its values against the
// types that names have. What passes here is not refused later, whoever it is about, so that a
// batch can be refused whole before anything is done. Thread rule: the writer's.
#ifndef ROSTER_ENGINE_COMMIT_CHECK_ITEM_H_
#define ROSTER_ENGINE_COMMIT_CHECK_ITEM_H_

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/commit/names.h"
#include "engine/commit/resolve.h"
#include "roster/write.h"

namespace roster {

// Who a call is about; times are checked, texts are in NFC.
struct CheckedCall {
  std::vector<UsableIdentity> identities;
  Timestamp time;
  bool time_given = false;
  std::string source;
  std::string channel;
  std::optional<SessionInfo> session;
  bool authenticated = false;
  std::vector<std::string> warnings;
  std::vector<IdentityRef> blocked;  // values that are no identities, as they came
};

// Values have their traits' types; those of new names have their own.
struct CheckedTraits {
  std::vector<Field> fields;
  std::optional<Timestamp> created_at;  // that the client knows of
};

// Adds the names that are new to `names`, unless one is refused.
// Errors: TYPE, LIMIT, PARSE.
absl::StatusOr<CheckedTraits> CheckTraits(const std::vector<Field>& given, Names* names,
                                          std::vector<std::string>* warnings);

// A name that a client may give. `what` says of what. Errors: PARSE, LIMIT.
absl::Status CheckName(std::string_view what, std::string_view name);

// The time given, or that of the receipt. Errors: LIMIT (out of range).
absl::StatusOr<Timestamp> CheckTime(std::optional<Timestamp> given, Timestamp clock);

// A text within its limits, in UTF-8. `what` names it in the error. Errors: PARSE, LIMIT.
absl::Status CheckText(std::string_view what, std::string_view text);

// How a profile came to be, as a client calls it: merges keep it of both sides. Errors: PARSE,
// LIMIT.
absl::Status CheckSource(std::string_view source);

struct CheckedIdentify {
  CheckedCall call;
  CheckedTraits traits;
  EventId id;
};

struct CheckedTrack {
  CheckedCall call;
  std::string event;
  std::vector<Field> properties;
  CheckedTraits traits;
  EventId id;
  bool important = false;
};

struct CheckedRetain {
  EventTypeId event;
  int64_t keep_ms = 0;
};

struct CheckedAlias {
  CheckedCall call;
  std::string previous;
  EventId id;
};

// A command on one profile: what it asks for is looked at when it is done. Lifetime: the batch's.
struct CheckedByHand {
  const WriteItem* item = nullptr;
};

using CheckedItem =
    std::variant<CheckedIdentify, CheckedTrack, CheckedAlias, CheckedRetain, CheckedByHand>;

// Adds the names that the item brings along to `names`. An error leaves them as they were.
// `clock`: the receive time, of items that have none of their own.
// Errors: NOIDENTITY, NOTRAIT, TYPE, LIMIT, PARSE.
absl::StatusOr<CheckedItem> CheckItem(const WriteItem& item, Timestamp clock, EventIdSource* ids,
                                      Names* names);

}  // namespace roster

#endif  // ROSTER_ENGINE_COMMIT_CHECK_ITEM_H_
