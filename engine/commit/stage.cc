// SPDX-License-Identifier: Apache-2.0
#include "engine/commit/stage.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cmath>

#include "engine/coerce.h"
#include "engine/commit/resolve.h"
#include "engine/limits.h"
#include "roster/error.h"
#include "roster/json.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/base/unicode.h"

namespace roster {
namespace {

absl::Status CheckName(std::string_view what, std::string_view name) {
  if (FindInvalidUtf8(name)) {
    return MakeError(ErrorCode::kParse, StrCat("name is not valid UTF-8: ", what));
  }
  if (name.empty()) return MakeError(ErrorCode::kParse, StrCat("empty name: ", what));
  if (name.size() > kMaxNameBytes) {
    return MakeError(ErrorCode::kLimit,
                     StrCat("name longer than ", kMaxNameBytes, " bytes: ", what));
  }
  return absl::OkStatus();
}

absl::Status CheckText(std::string_view key, std::string_view text) {
  if (const auto offset = FindInvalidUtf8(text)) {
    return MakeError(ErrorCode::kParse,
                     StrCat("text is not valid UTF-8 at byte ", *offset, ", in: ", key));
  }
  if (text.size() > kMaxTextBytes) {
    return MakeError(ErrorCode::kLimit,
                     StrCat("text longer than ", kMaxTextBytes, " bytes, in: ", key));
  }
  return absl::OkStatus();
}

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

absl::StatusOr<Timestamp> CheckTime(std::optional<Timestamp> given, Timestamp clock) {
  const Timestamp time = given.value_or(clock);
  if (time.ms > clock.ms + kMaxFutureMs || time.ms < kMinTimeMs) {
    return MakeError(ErrorCode::kLimit, StrCat("time out of range: ", FormatTimestamp(time)));
  }
  return time;
}

uint8_t ScaleOf(const Value& value) {
  const auto* decimal = std::get_if<Decimal>(&value);
  return decimal != nullptr ? decimal->scale : 0;
}

// What filters and columns call the profile's id: no trait can have the name.
constexpr std::string_view kProfileIdName = "id";

// Fields of an identify against the registry: known traits with their value in the trait's type,
// and names to declare.
struct CheckedTrait {
  const Field* field;
  std::optional<Declared<TraitId>> declared;
  Value value;
};

absl::StatusOr<std::vector<CheckedTrait>> CheckTraits(const std::vector<Field>& fields,
                                                      const Draft& draft,
                                                      std::vector<std::string>* warnings) {
  std::vector<CheckedTrait> checked;
  size_t num_new = 0;
  for (const Field& field : fields) {
    if (field.key == kProfileIdName) {
      warnings->push_back("trait name is the profile's own id, left out: id");
      continue;
    }
    const auto declared = draft.FindTrait(field.key);
    if (!declared) {
      if (IsMissing(field.value)) continue;  // nothing to clear
      if (draft.num_traits() + ++num_new > kMaxTraits) {
        return MakeError(ErrorCode::kLimit,
                         StrCat("more than ", kMaxTraits, " traits; new trait: ", field.key));
      }
      checked.push_back({&field, std::nullopt, field.value});
      continue;
    }
    if (declared->system && declared->id != kCreatedAt) {
      warnings->push_back(StrCat("trait is kept by the store, left out: ", field.key));
      continue;
    }
    std::optional<Value> value = IsMissing(field.value)
                                     ? std::optional(Value())
                                     : Coerce(field.value, declared->type, declared->scale);
    if (!value) {
      return MakeError(ErrorCode::kType,
                       StrCat("wrong type for trait `", field.key, "`: it is ",
                              TypeName(declared->type), ", got ", TypeName(TypeOf(field.value))));
    }
    checked.push_back({&field, declared, *std::move(value)});
  }
  return checked;
}

// Last write wins by time. Of equal times that clients gave the greater value, so that arrival does
// not matter; a write without a time of its own is later than all that came before it.
bool Wins(const Value& value, Timestamp time, bool given, const TraitState& known) {
  if (!known.time || time != *known.time) return !known.time || time > *known.time;
  return given ? value > known.value : value != known.value;
}

// A client may know of an earlier time at which the profile came to be; never of a later one.
void StageCreatedAt(const Value& value, const Resolved& resolved, Draft* draft) {
  const auto* at = std::get_if<Timestamp>(&value);
  if (at == nullptr || at->ms < kMinTimeMs) return;
  if (*at >= draft->CreatedAt(resolved.profile)) return;
  draft->Set({resolved.profile, kCreatedAt, *at, *at, resolved.origin});
}

// An address that came as an identity is shown and found as the trait of the same name, unless
// the profile has had a value there.
void StageContactTraits(const Resolved& resolved, Timestamp time, Draft* draft) {
  for (const UsableIdentity& identity : resolved.attached) {
    const auto trait =
        draft->FindTrait(draft->state().schema->name_space(identity.name_space).name);
    if (!trait || trait->type != ValueType::kText) continue;
    if (draft->TraitOf(resolved.profile, trait->id).time) continue;
    draft->Set({resolved.profile, trait->id, identity.value, time, resolved.origin});
  }
}

absl::StatusOr<ItemResult> Stage(const Identify& item, const StageContext& context, Draft* draft) {
  ItemResult result;
  ROSTER_ASSIGN_OR_RETURN(
      auto identities, UsableIdentities(*draft->state().schema, item.identities, &result.warnings));
  ROSTER_ASSIGN_OR_RETURN(const Timestamp time, CheckTime(item.time, context.clock));
  ROSTER_RETURN_IF_ERROR(CheckText("source", item.source));
  ROSTER_ASSIGN_OR_RETURN(const std::vector<Field> fields, CleanFields(item.traits));
  ROSTER_ASSIGN_OR_RETURN(const std::vector<CheckedTrait> traits,
                          CheckTraits(fields, *draft, &result.warnings));

  LookUp found = LookUpAll(identities, *draft);
  const Resolved resolved =
      ResolveProfile(std::move(identities), std::move(found), time, std::min(time, context.clock),
                     item.source.empty() ? "identify" : item.source, draft, &result.warnings);
  for (const CheckedTrait& trait : traits) {
    if (trait.declared && trait.declared->id == kCreatedAt) {
      StageCreatedAt(trait.value, resolved, draft);
      continue;
    }
    // A name given twice in one item is declared by its first occurrence.
    const auto known = trait.declared ? trait.declared : draft->FindTrait(trait.field->key);
    const Declared<TraitId> declared =
        known ? *known
              : draft->AddTrait(trait.field->key, TypeOf(trait.value), ScaleOf(trait.value));
    std::optional<Value> value =
        IsMissing(trait.value) ? Value() : Coerce(trait.value, declared.type, declared.scale);
    if (!value ||
        !Wins(*value, time, item.time.has_value(), draft->TraitOf(resolved.profile, declared.id))) {
      continue;
    }
    draft->Set({resolved.profile, declared.id, *std::move(value), time, resolved.origin});
  }
  StageContactTraits(resolved, time, draft);
  result.profile = resolved.profile;
  result.created = resolved.created;
  return result;
}

EventId IdOfEvent(const Track& item, const StageContext& context) {
  if (item.event_id) return {*item.event_id};
  if (!item.message_id.empty()) {
    return {XXH3_64bits(item.message_id.data(), item.message_id.size())};
  }
  return context.ids->Next(context.clock);
}

// Properties in the types that they have; values that do not fit are kept as JSON under their
// names in the property for misfits.
std::vector<std::pair<PropertyId, Value>> StageProperties(EventTypeId event,
                                                          const std::vector<Field>& fields,
                                                          Draft* draft) {
  std::vector<std::pair<PropertyId, Value>> properties;
  properties.reserve(fields.size());
  std::string misfits;
  for (const Field& field : fields) {
    if (IsMissing(field.value)) continue;
    auto declared = draft->FindProperty(event, field.key);
    if (!declared && draft->num_properties(event) < kMaxProperties) {
      declared = draft->AddProperty(event, field.key, TypeOf(field.value), ScaleOf(field.value));
    }
    std::optional<Value> value =
        declared ? Coerce(field.value, declared->type, declared->scale) : std::nullopt;
    const auto same = [&](const auto& p) { return p.first == declared->id; };
    if (value && std::none_of(properties.begin(), properties.end(), same)) {
      properties.emplace_back(declared->id, *std::move(value));
      continue;
    }
    misfits += misfits.empty() ? "{" : ",";
    AppendJson(field.key, &misfits);
    misfits += ":";
    AppendJson(field.value, &misfits);
  }
  if (!misfits.empty()) properties.emplace_back(kMisfits, Json{misfits + "}"});
  return properties;
}

// The profile that has the event already, by any of the item's identities: then nothing changes.
std::optional<ProfileId> FindRepeat(const LookUp& found, std::optional<EventTypeId> event,
                                    EventId id, const Draft& draft) {
  if (!event) return std::nullopt;
  for (const ProfileId profile : found.profiles) {
    if (draft.HasEvent(profile, *event, id)) return profile;
  }
  return std::nullopt;
}

// The next full hour takes away what is so old, for good.
bool IsPastRetention(EventTypeId event, Timestamp time, Timestamp clock, const Schema& schema) {
  if (event.value >= schema.events().size()) return false;  // the command makes the type
  const int64_t keep_ms = schema.event(event).keep_ms;
  return keep_ms != 0 && HourOf(time.ms) < HourOf(clock.ms - keep_ms);
}

absl::StatusOr<ItemResult> Stage(const Track& item, const StageContext& context, Draft* draft) {
  ItemResult result;
  ROSTER_RETURN_IF_ERROR(CheckName("event", item.event));
  ROSTER_ASSIGN_OR_RETURN(
      auto identities, UsableIdentities(*draft->state().schema, item.identities, &result.warnings));
  ROSTER_ASSIGN_OR_RETURN(const Timestamp time, CheckTime(item.time, context.clock));
  ROSTER_RETURN_IF_ERROR(CheckText("source", item.source));
  ROSTER_ASSIGN_OR_RETURN(const std::vector<Field> fields, CleanFields(item.properties));
  const std::string name = ToNfc(item.event);
  std::optional<EventTypeId> event = draft->FindEvent(name);
  if (!event && draft->num_events() >= kMaxEventTypes) {
    return MakeError(ErrorCode::kLimit,
                     StrCat("more than ", kMaxEventTypes, " event types; new type: ", name));
  }

  const EventId id = IdOfEvent(item, context);
  LookUp found = LookUpAll(identities, *draft);
  if (const auto known = FindRepeat(found, event, id, *draft)) {
    result.profile = *known;
    result.duplicate = true;
    return result;
  }
  const Resolved resolved =
      ResolveProfile(std::move(identities), std::move(found), time, std::min(time, context.clock),
                     item.source.empty() ? "track" : item.source, draft, &result.warnings);
  StageContactTraits(resolved, time, draft);
  if (!event) event = draft->AddEventType(name);
  result.profile = resolved.profile;
  result.created = resolved.created;
  std::vector<std::pair<PropertyId, Value>> properties = StageProperties(*event, fields, draft);
  if (IsPastRetention(*event, time, context.clock, *draft->state().schema)) {
    result.warnings.push_back(StrCat("older than its type is kept, left out: ", name));
  }
  draft->Add({resolved.profile, *event, id, time, resolved.origin, std::move(properties)});
  return result;
}

absl::StatusOr<ItemResult> Stage(const Retain& item, const StageContext&, Draft* draft) {
  const std::optional<EventTypeId> event = draft->FindEvent(ToNfc(item.event));
  if (!event) {
    return MakeError(ErrorCode::kNoTrait, StrCat("unknown event type: ", item.event));
  }
  if (item.keep_ms < 0 || item.keep_ms > kMaxKeepMs) {
    return MakeError(ErrorCode::kLimit, StrCat("retention out of range, in ms: ", item.keep_ms));
  }
  draft->Retain({*event, item.keep_ms});
  return ItemResult{.status = {}, .profile = {}};
}

}  // namespace

EventId EventIdSource::Next(Timestamp clock) {
  // 44 bits of milliseconds, 20 bits of a count; a burst beyond it runs ahead of the clock.
  last_ = std::max(last_ + 1, static_cast<uint64_t>(clock.ms) << 20);
  return {last_};
}

absl::StatusOr<ItemResult> StageItem(const WriteItem& item, const StageContext& context,
                                     Draft* draft) {
  return std::visit([&](const auto& one) { return Stage(one, context, draft); }, item);
}

}  // namespace roster
