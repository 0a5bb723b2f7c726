// SPDX-License-Identifier: Apache-2.0
#include "engine/commit/check_item.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cmath>

#include "engine/coerce.h"
#include "engine/commit/anonymous.h"
#include "engine/limits.h"
#include "engine/normalise.h"
#include "query/declarations/names.h"
#include "query/errors.h"
#include "query/schema_catalog.h"
#include "roster/error.h"
#include "roster/json.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/base/unicode.h"

namespace roster {
namespace {

// Limits of single values; texts become NFC.
absl::StatusOr<Value> CleanValue(std::string_view key, const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    ROSTER_RETURN_IF_ERROR(CheckText(key, *text));
    return ToNfc(*text);
  }
  if (const auto* list = std::get_if<TextList>(&value)) {
    TextList clean;
    for (const std::string& element : *list) {
      ROSTER_RETURN_IF_ERROR(CheckText(key, element));
      clean.push_back(ToNfc(element));
    }
    return clean;
  }
  if (const auto* json = std::get_if<Json>(&value)) {
    ROSTER_RETURN_IF_ERROR(CheckText(key, json->text));
  }
  if (const auto* number = std::get_if<double>(&value); number && !std::isfinite(*number)) {
    return MakeError(ErrorCode::kType, StrCat("number is not finite, in: ", key));
  }
  if (const auto* decimal = std::get_if<Decimal>(&value); decimal && decimal->scale > 9) {
    return MakeError(ErrorCode::kLimit, StrCat("more than 9 digits after the point, in: ", key));
  }
  return value;
}

absl::StatusOr<std::vector<Field>> CleanFields(const std::vector<Field>& fields) {
  if (fields.size() > kMaxItemFields) {
    return MakeError(ErrorCode::kLimit,
                     StrCat("more than ", kMaxItemFields, " fields in one item"));
  }
  std::vector<Field> clean;
  clean.reserve(fields.size());
  for (const Field& field : fields) {
    ROSTER_RETURN_IF_ERROR(CheckName("trait or property", field.key));
    ROSTER_ASSIGN_OR_RETURN(Value value, CleanValue(field.key, field.value));
    clean.push_back({ToNfc(field.key), std::move(value)});
  }
  return clean;
}

uint8_t ScaleOf(const Value& value) {
  const auto* decimal = std::get_if<Decimal>(&value);
  return decimal != nullptr ? decimal->scale : 0;
}

// What filters and columns call the profile's id: no trait can have the name.
constexpr std::string_view kProfileIdName = "id";

absl::StatusOr<std::optional<SessionInfo>> CheckSession(const std::optional<SessionInfo>& given,
                                                        Timestamp clock) {
  if (!given) return std::nullopt;
  SessionInfo session = *given;
  if (session.id.empty()) return MakeError(ErrorCode::kParse, "session without an id");
  for (std::string* text :
       {&session.id, &session.kind, &session.channel, &session.name, &session.platform}) {
    ROSTER_RETURN_IF_ERROR(CheckText("session", *text));
    *text = ToNfc(*text);
  }
  for (const std::optional<Timestamp>& time : {session.start, session.end}) {
    if (time) ROSTER_RETURN_IF_ERROR(CheckTime(time, clock).status());
  }
  if (session.start && session.end && *session.start > *session.end) {
    return MakeError(ErrorCode::kParse, "session ends before it starts");
  }
  ROSTER_ASSIGN_OR_RETURN(session.properties, CleanFields(session.properties));
  return session;
}

// What identify, the events and alias have in common; a member that an item has not is left empty.
template <typename Item>
absl::StatusOr<CheckedCall> CheckCall(const Item& item, Timestamp clock, Names* names) {
  CheckedCall call;
  auto usable = UsableIdentities(names->state(), item.identities, &call.warnings, &call.blocked);
  names->CountBlocked(call.blocked.size());
  ROSTER_ASSIGN_OR_RETURN(call.identities, std::move(usable));
  std::optional<Timestamp> time = item.time;
  if (item.ago_ms && *item.ago_ms >= -kMaxFutureMs && *item.ago_ms <= clock.ms - kMinTimeMs) {
    time = Timestamp{clock.ms - *item.ago_ms};
  } else if (item.ago_ms) {
    return MakeError(ErrorCode::kLimit, "time out of range");
  }
  ROSTER_ASSIGN_OR_RETURN(call.time, CheckTime(time, clock));
  call.time_given = time.has_value();
  std::string event;
  if constexpr (requires { item.event; }) event = ToNfc(item.event);
  ROSTER_RETURN_IF_ERROR(CheckAnonymous(call.identities, call.time, event, *names));
  if constexpr (requires { item.source; }) {
    ROSTER_RETURN_IF_ERROR(CheckSource(item.source));
    ROSTER_RETURN_IF_ERROR(CheckText("channel", item.channel));
    call.source = item.source;
    call.channel = ToNfc(item.channel);
    ROSTER_ASSIGN_OR_RETURN(call.session, CheckSession(item.session, clock));
  }
  if constexpr (requires { item.authenticated; }) call.authenticated = item.authenticated;
  return call;
}

// What is kept would hide what is computed.
bool IsComputed(const State& state, std::string_view trait) {
  const query::SchemaCatalog catalog(*state.schema, &*state.definitions);
  return catalog.FindDefinition(query::kComputed, trait).has_value();
}

// The value in the trait's type; nothing when the field is left out.
absl::StatusOr<std::optional<Value>> CheckTrait(const Field& field,
                                                const std::optional<TraitShape>& shape,
                                                std::vector<std::string>* warnings) {
  if (field.key == kProfileIdName) {
    warnings->push_back("trait name is the profile's own id, left out: id");
    return std::nullopt;
  }
  if (!shape) {
    // Nothing to clear, else it will be of the value's type.
    return IsMissing(field.value) ? std::nullopt : std::optional(field.value);
  }
  if (shape->system && !shape->is_created_at) {
    warnings->push_back(StrCat("trait is kept by the store, left out: ", field.key));
    return std::nullopt;
  }
  if (IsMissing(field.value)) return std::optional(Value());
  std::optional<Value> value = Coerce(field.value, shape->type, shape->scale);
  if (value) return value;
  return MakeError(ErrorCode::kType,
                   StrCat("wrong type for trait `", field.key, "`: it is ", TypeName(shape->type),
                          ", got ", TypeName(TypeOf(field.value))));
}

// A message id is known for ever by its hash.
EventId IdOfCall(const std::string& message_id, Timestamp clock, EventIdSource* ids) {
  if (message_id.empty()) return ids->Next(clock);
  return {XXH3_64bits(message_id.data(), message_id.size())};
}

absl::Status Undeclared(std::string_view name, const Schema& schema) {
  const std::vector<std::string_view> known = query::SchemaCatalog(schema).TraitNames();
  return MakeError(ErrorCode::kNoTrait,
                   StrCat("unknown trait `", name, "`", query::DidYouMean(name, known),
                          "; new ones are declared first"));
}

absl::StatusOr<CheckedItem> Check(const Identify& item, Timestamp clock, EventIdSource* ids,
                                  Names* names) {
  CheckedIdentify checked;
  checked.id = IdOfCall(item.message_id, clock, ids);
  ROSTER_ASSIGN_OR_RETURN(checked.call, CheckCall(item, clock, names));
  ROSTER_ASSIGN_OR_RETURN(checked.traits, CheckTraits(item.traits, names, &checked.call.warnings));
  return checked;
}

absl::StatusOr<CheckedItem> Check(const Track& item, Timestamp clock, EventIdSource* ids,
                                  Names* names) {
  CheckedTrack checked;
  ROSTER_RETURN_IF_ERROR(CheckName("event", item.event));
  ROSTER_ASSIGN_OR_RETURN(checked.call, CheckCall(item, clock, names));
  ROSTER_ASSIGN_OR_RETURN(checked.properties, CleanFields(item.properties));
  ROSTER_ASSIGN_OR_RETURN(checked.traits, CheckTraits(item.traits, names, &checked.call.warnings));
  checked.event = ToNfc(item.event);
  if (!names->HasEvent(checked.event)) {
    if (names->num_events() >= kMaxEventTypes) {
      return MakeError(ErrorCode::kLimit, StrCat("more than ", kMaxEventTypes,
                                                 " event types; new type: ", checked.event));
    }
    names->AddEvent(checked.event);
  }
  checked.important = item.important;
  checked.id = item.event_id ? EventId{*item.event_id} : IdOfCall(item.message_id, clock, ids);
  return checked;
}

absl::StatusOr<CheckedItem> Check(const Retain& item, Timestamp, EventIdSource*, Names* names) {
  const std::optional<EventTypeId> event = names->schema().FindEvent(ToNfc(item.event));
  if (!event || names->schema().event(*event).own) {
    return MakeError(ErrorCode::kNoTrait, StrCat("unknown event type: ", item.event));
  }
  if (item.keep_ms < 0 || item.keep_ms > kMaxKeepMs) {
    return MakeError(ErrorCode::kLimit, StrCat("retention out of range, in ms: ", item.keep_ms));
  }
  return CheckedRetain{*event, item.keep_ms};
}

absl::StatusOr<CheckedItem> Check(const Alias& item, Timestamp clock, EventIdSource* ids,
                                  Names* names) {
  CheckedAlias checked;
  // No identify has its id.
  const std::string id = item.message_id.empty() ? "" : StrCat("alias ", item.message_id);
  checked.id = IdOfCall(id, clock, ids);
  ROSTER_ASSIGN_OR_RETURN(checked.call, CheckCall(item, clock, names));
  if (item.previous.empty()) return MakeError(ErrorCode::kParse, "alias without previousId");
  // Which of the two it is is known when it is done.
  for (const char* space : {"external_id", "anonymous_id"}) {
    const IdentityRef previous{space, item.previous};
    ROSTER_RETURN_IF_ERROR(CheckIdentity(names->schema(), previous));
    checked.previous = NormaliseIdentity(space, item.previous, names->state().default_region);
    if (IsBlocked(names->state(), previous, checked.previous)) {
      return MakeError(ErrorCode::kNoIdentity, "no usable identity: previousId is a blocked value");
    }
  }
  return checked;
}

void NoteDevicesOf(const CheckedItem& checked, Names* names) {
  std::visit(
      [&](const auto& item) {
        if constexpr (requires { item.call; }) NoteDevices(item.call.identities, names);
      },
      checked);
}

}  // namespace

absl::Status CheckName(std::string_view what, std::string_view name) {
  if (FindInvalidUtf8(name)) {
    return MakeError(ErrorCode::kParse, StrCat("name is not valid UTF-8: ", what));
  }
  // The store's own names begin with one.
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
  if (std::any_of(name.begin(), name.end(), is_control)) {
    return MakeError(ErrorCode::kParse, StrCat("name with a control character: ", what));
  }
  if (name.empty()) return MakeError(ErrorCode::kParse, StrCat("empty name: ", what));
  if (name.size() > kMaxNameBytes) {
    return MakeError(ErrorCode::kLimit,
                     StrCat("name longer than ", kMaxNameBytes, " bytes: ", what));
  }
  return absl::OkStatus();
}

absl::StatusOr<Timestamp> CheckTime(std::optional<Timestamp> given, Timestamp clock) {
  const Timestamp time = given.value_or(clock);
  if (time.ms > clock.ms + kMaxFutureMs || time.ms < kMinTimeMs) {
    return MakeError(ErrorCode::kLimit, StrCat("time out of range: ", FormatTimestamp(time)));
  }
  return time;
}

absl::Status CheckText(std::string_view what, std::string_view text) {
  if (const auto offset = FindInvalidUtf8(text)) {
    return MakeError(ErrorCode::kParse,
                     StrCat("text is not valid UTF-8 at byte ", *offset, ", in: ", what));
  }
  if (text.size() > kMaxTextBytes) {
    return MakeError(ErrorCode::kLimit,
                     StrCat("text longer than ", kMaxTextBytes, " bytes, in: ", what));
  }
  return absl::OkStatus();
}

absl::Status CheckSource(std::string_view source) {
  ROSTER_RETURN_IF_ERROR(CheckText("source", source));
  if (source.size() <= kMaxNameBytes) return absl::OkStatus();
  return MakeError(ErrorCode::kLimit, StrCat("source longer than ", kMaxNameBytes, " bytes"));
}

absl::StatusOr<CheckedTraits> CheckTraits(const std::vector<Field>& given, Names* names,
                                          std::vector<std::string>* warnings) {
  ROSTER_ASSIGN_OR_RETURN(std::vector<Field> fields, CleanFields(given));
  CheckedTraits checked;
  std::vector<const Field*> brought;  // added to the names only when nothing is refused
  const auto shape_of = [&](const std::string& name) -> std::optional<TraitShape> {
    if (const auto known = names->FindTrait(name)) return known;
    for (const Field* field : brought) {
      if (field->key == name) return TraitShape{TypeOf(field->value), ScaleOf(field->value)};
    }
    return std::nullopt;
  };
  checked.fields.reserve(fields.size());  // `brought` points into it
  for (Field& field : fields) {
    const std::optional<TraitShape> shape = shape_of(field.key);
    if (!shape && IsComputed(names->state(), field.key)) {
      return MakeError(ErrorCode::kExists,
                       StrCat("`", field.key, "` is computed; write to another trait"));
    }
    ROSTER_ASSIGN_OR_RETURN(std::optional<Value> value, CheckTrait(field, shape, warnings));
    if (!value) continue;
    if (shape && shape->is_created_at) {
      const auto* at = std::get_if<Timestamp>(&*value);
      if (at != nullptr && at->ms >= kMinTimeMs) checked.created_at = *at;
      continue;
    }
    if (!shape && !names->declares_traits()) return Undeclared(field.key, names->schema());
    checked.fields.push_back({std::move(field.key), *std::move(value)});
    if (shape) continue;
    brought.push_back(&checked.fields.back());
    if (names->num_traits() + brought.size() > kMaxTraits) {
      return MakeError(
          ErrorCode::kLimit,
          StrCat("more than ", kMaxTraits, " traits; new trait: ", checked.fields.back().key));
    }
  }
  for (const Field* field : brought) {
    names->AddTrait(field->key, TypeOf(field->value), ScaleOf(field->value));
  }
  return checked;
}

absl::StatusOr<CheckedItem> CheckItem(const WriteItem& item, Timestamp clock, EventIdSource* ids,
                                      Names* names) {
  return std::visit(
      [&]<typename T>(const T& one) -> absl::StatusOr<CheckedItem> {
        if constexpr (requires { Check(one, clock, ids, names); }) {
          absl::StatusOr<CheckedItem> checked = Check(one, clock, ids, names);
          if (checked.ok()) NoteDevicesOf(*checked, names);
          return checked;
        } else {
          return CheckedByHand{&item};
        }
      },
      item);
}

}  // namespace roster
