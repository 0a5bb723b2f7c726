// SPDX-License-Identifier: Apache-2.0
#include "engine/commit/perform.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <utility>

#include "engine/coerce.h"
#include "engine/commit/implied.h"
#include "engine/limits.h"
#include "roster/json.h"
#include "storage/memory/people/own_names.h"

namespace roster {
namespace {

uint8_t ScaleOf(const Value& value) {
  const auto* decimal = std::get_if<Decimal>(&value);
  return decimal != nullptr ? decimal->scale : 0;
}

Call CallOf(const CheckedCall& checked, std::string_view via, bool identifies,
            const Effects& effects) {
  return {.identities = checked.identities,
          .time = checked.time,
          .created_at = std::min(checked.time, effects.clock()),
          .via = checked.source.empty() ? via : std::string_view(checked.source),
          .identifies = identifies,
          .authenticated = checked.authenticated};
}

void ImplyTraits(const Resolved& resolved, Timestamp time, Effects* effects) {
  for (const auto& [identity, is_new] : resolved.named) {
    Imply(resolved.profile, identity, time, is_new, effects);
  }
}

// A client may know of an earlier time at which the profile came to be; never of a later one.
void SetCreatedAt(Timestamp at, const Resolved& resolved, Effects* effects) {
  const RowId row = *effects->state().FindProfile(resolved.profile);
  if (at.ms >= effects->state().column(kCreatedAt).Bits(row)) return;
  effects->Do(SetTrait{resolved.profile, kCreatedAt, at, at, resolved.origin});
}

void SetTraits(std::vector<Field> traits, const Resolved& resolved, const CheckedCall& call,
               Effects* effects) {
  for (Field& field : traits) {
    const TraitId trait = effects->Trait(field.key, TypeOf(field.value), ScaleOf(field.value));
    Timestamp time = call.time;
    if (!call.time_given) time = effects->TimeOfWrite(resolved.profile, trait, time);
    effects->Set({resolved.profile, trait, std::move(field.value), time, resolved.origin});
  }
}

// The call itself: by its id it is known for ever, and somebody was seen.
void AddCall(EventId id, const CheckedCall& call, const Resolved& resolved, Effects* effects) {
  std::vector<std::pair<std::string_view, Value>> values;
  if (!call.channel.empty()) values.emplace_back("channel", call.channel);
  effects->Add({.type = kCallRecords,
                .profile = resolved.profile,
                .home = {},
                .time = call.time,
                .origin = resolved.origin,
                .id = id,
                .values = std::move(values)});
}

// What was given as identities and is none: it stays on the event.
Json BlockedOf(const std::vector<IdentityRef>& blocked) {
  std::string text;
  for (const IdentityRef& ref : blocked) {
    text += text.empty() ? "{" : ",";
    AppendJson(ref.space, &text);
    text += ":";
    AppendJson(ref.value, &text);
  }
  return Json{text + "}"};
}

// The profile that has an event of the type by this id, by any of the call's identities: then
// nothing changes.
std::optional<ProfileId> FindRepeat(std::string_view type, EventId id, const Call& call,
                                    const Effects& effects) {
  const std::optional<EventTypeId> event = effects.schema().FindEvent(type);
  if (!event) return std::nullopt;
  for (const ProfileId profile : FindProfiles(call, effects)) {
    const RowId row = *effects.state().FindProfile(profile);
    if (effects.state().partition(*event).Contains(row, id)) return profile;
  }
  return std::nullopt;
}

ItemResult Repeat(ProfileId known, std::vector<std::string> warnings) {
  return {.status = {}, .profile = known, .duplicate = true, .warnings = std::move(warnings)};
}

// An event itself says that there was the session; is more known of it?
bool SaysMore(const SessionInfo& session) {
  const bool texts = !session.kind.empty() || !session.channel.empty() || !session.name.empty() ||
                     !session.platform.empty();
  return texts || session.start || session.end || session.agent_takeover ||
         !session.properties.empty();
}

// What a client says of a session, beyond that it is one: a record, of which for each property the
// latest counts.
void SetSession(const SessionInfo& session, ProfileId profile, const CheckedCall& call,
                IdentityId origin, Effects* effects) {
  std::vector<Field> fields = {{"id", session.id}};
  const std::pair<std::string_view, const std::string*> texts[] = {{"kind", &session.kind},
                                                                   {"channel", &session.channel},
                                                                   {"name", &session.name},
                                                                   {"platform", &session.platform}};
  for (const auto& [name, text] : texts) {
    if (!text->empty()) fields.push_back({std::string(name), *text});
  }
  if (session.start) fields.push_back({"start", *session.start});
  if (session.end) fields.push_back({"end", *session.end});
  if (session.agent_takeover) fields.push_back({"agent_takeover", *session.agent_takeover});
  std::string own;
  for (const Field& field : session.properties) {
    own += own.empty() ? "{" : ",";
    AppendJson(field.key, &own);
    own += ":";
    AppendJson(field.value, &own);
  }
  if (!own.empty()) fields.push_back({"properties", Json{own + "}"}});
  const EventTypeId type = effects->Event(kSessionRecords);
  std::string content;
  std::vector<std::pair<PropertyId, Value>> properties;
  for (Field& field : fields) {
    AppendJson(field.key, &content);
    AppendJson(field.value, &content);
    const PropertyId property = effects->Property(type, field.key, TypeOf(field.value), 0);
    properties.emplace_back(property, std::move(field.value));
  }
  // What comes by another identity may be somebody else's one day.
  const std::string_view by = effects->state().identities.KeyAt(origin);
  const uint64_t words[] = {XXH3_64bits(content.data(), content.size()),
                            static_cast<uint64_t>(call.time.ms), XXH3_64bits(by.data(), by.size())};
  const EventId id{XXH3_64bits(words, sizeof(words))};
  const RowId row = *effects->state().FindProfile(profile);
  if (effects->state().partition(type).Contains(row, id)) return;
  effects->Do(AddEvent{profile, type, id, call.time, origin, std::move(properties)});
}

ItemResult Perform(CheckedIdentify item, Effects* effects) {
  Call call = CallOf(item.call, "identify", true, *effects);
  if (const auto known = FindRepeat(kCallRecords, item.id, call, *effects)) {
    return Repeat(*known, std::move(item.call.warnings));
  }
  ItemResult result{.status = {}, .profile = {}, .warnings = std::move(item.call.warnings)};
  const Resolved resolved = Resolve(std::move(call), effects, &result.warnings);
  AddCall(item.id, item.call, resolved, effects);
  if (item.traits.created_at) SetCreatedAt(*item.traits.created_at, resolved, effects);
  SetTraits(std::move(item.traits.fields), resolved, item.call, effects);
  ImplyTraits(resolved, item.call.time, effects);
  if (item.call.session) {
    SetSession(*item.call.session, resolved.profile, item.call, resolved.origin, effects);
  }
  result.profile = resolved.profile;
  result.created = resolved.created;
  return result;
}

// The property of a name, new when there is still place for one.
std::optional<PropertyId> PropertyOf(EventTypeId event, const Field& field, Effects* effects) {
  const EventTypeInfo& info = effects->schema().event(event);
  if (const auto known = info.FindProperty(field.key)) return known;
  if (info.properties.size() >= kMaxProperties) return std::nullopt;
  return effects->Property(event, field.key, TypeOf(field.value), ScaleOf(field.value));
}

// Properties in the types that they have; values that do not fit are kept as JSON under their
// names in the property for misfits.
std::vector<std::pair<PropertyId, Value>> PlaceProperties(EventTypeId event,
                                                          const std::vector<Field>& fields,
                                                          Effects* effects) {
  std::vector<std::pair<PropertyId, Value>> properties;
  properties.reserve(fields.size());
  std::string misfits;
  for (const Field& field : fields) {
    if (IsMissing(field.value)) continue;
    const auto declared = PropertyOf(event, field, effects);
    std::optional<Value> value;
    if (declared) {
      const PropertyInfo& info = effects->schema().event(event).properties[declared->value];
      value = Coerce(field.value, info.type, info.scale);
    }
    const auto same = [&](const auto& p) { return p.first == *declared; };
    if (value && std::none_of(properties.begin(), properties.end(), same)) {
      properties.emplace_back(*declared, *std::move(value));
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

// Whether an event is gone as it comes.
bool IsPastRetention(EventTypeId event, Timestamp time, const Effects& effects) {
  const int64_t keep_ms = effects.schema().event(event).keep_ms;
  return keep_ms != 0 && time.ms < HourOf(effects.clock().ms - keep_ms);
}

ItemResult Perform(CheckedTrack item, Effects* effects) {
  Call call = CallOf(item.call, "track", false, *effects);
  if (const auto known = FindRepeat(item.event, item.id, call, *effects)) {
    return Repeat(*known, std::move(item.call.warnings));
  }
  ItemResult result{.status = {}, .profile = {}, .warnings = std::move(item.call.warnings)};
  const Resolved resolved = Resolve(std::move(call), effects, &result.warnings);
  ImplyTraits(resolved, item.call.time, effects);
  SetTraits(std::move(item.traits.fields), resolved, item.call, effects);
  if (!item.call.channel.empty()) item.properties.push_back({"channel", item.call.channel});
  if (!item.call.blocked.empty()) {
    item.properties.push_back({"blocked_identities", BlockedOf(item.call.blocked)});
  }
  if (item.call.session) {
    item.properties.push_back({"session", item.call.session->id});
    if (SaysMore(*item.call.session))
      SetSession(*item.call.session, resolved.profile, item.call, resolved.origin, effects);
  }
  const EventTypeId event = effects->Event(item.event);
  auto properties = PlaceProperties(event, item.properties, effects);
  if (item.important) {
    properties.emplace_back(effects->Property(event, kImportantProperty, ValueType::kBoolean, 0),
                            true);
  }
  if (IsPastRetention(event, item.call.time, *effects)) {
    result.warnings.push_back(StrCat("older than its type is kept, left out: ", item.event));
  }
  effects->Do(AddEvent{resolved.profile, event, item.id, item.call.time, resolved.origin,
                       std::move(properties)});
  result.profile = resolved.profile;
  result.created = resolved.created;
  return result;
}

// R7: what somebody was called before.
ItemResult Perform(CheckedAlias item, Effects* effects) {
  ItemResult result{.status = {}, .profile = {}, .warnings = std::move(item.call.warnings)};
  const Schema& schema = effects->schema();
  const NamespaceId anonymous = *schema.FindNamespace("anonymous_id");
  const NamespaceId external = *schema.FindNamespace("external_id");
  const State& state = effects->state();
  const bool itself = std::ranges::any_of(item.call.identities, [&](const UsableIdentity& one) {
    return one.name_space == external && one.value == item.previous;
  });
  const bool person = !state.identities.Find(anonymous, item.previous) &&
                      (itself || state.identities.Find(external, item.previous));
  if (!person) {
    const NamespaceInfo& info = schema.name_space(anonymous);
    item.call.identities.push_back({anonymous, item.previous, info.kind, info.rank});
  }
  Call call = CallOf(item.call, "alias", true, *effects);
  if (const auto known = FindRepeat(kCallRecords, item.id, call, *effects)) {
    return Repeat(*known, std::move(result.warnings));
  }
  const Resolved resolved = Resolve(std::move(call), effects, &result.warnings);
  AddCall(item.id, item.call, resolved, effects);
  ImplyTraits(resolved, item.call.time, effects);
  if (item.call.session) {
    SetSession(*item.call.session, resolved.profile, item.call, resolved.origin, effects);
  }
  result.profile = resolved.profile;
  result.created = resolved.created;
  if (!person) return result;
  const IdentityId previous = *state.identities.Find(external, item.previous);
  const ProfileId loser = state.ProfileAt(state.identities.RowOf(previous));
  if (loser == resolved.profile) return result;
  const bool passes = !ConflictsOfMerge(state, resolved.profile, loser).empty();
  if (!item.call.authenticated || passes) {
    result.warnings.push_back("alias left out, it would join two people: external_id");
    const std::string reason = item.call.authenticated ? "limit" : "two people";
    RecordConflict({"external_id", reason, loser}, resolved, item.call.time, effects);
    return result;
  }
  RetireBeyondLimit(resolved.profile, loser, effects);
  effects->Merge({loser, resolved.profile, item.call.time, resolved.origin});
  return result;
}

ItemResult Perform(CheckedRetain item, Effects* effects) {
  effects->Do(SetRetention{item.event, item.keep_ms});
  return {.status = {}, .profile = {}};
}

}  // namespace

ItemResult Perform(CheckedItem item, const WriteOptions& options, Effects* effects) {
  if (const auto* by_hand = std::get_if<CheckedByHand>(&item)) {
    return DoByHand(*by_hand->item, options, effects);
  }
  return std::visit(
      [&]<typename T>(T& one) -> ItemResult {
        if constexpr (std::is_same_v<T, CheckedByHand>) {
          return {.status = {}, .profile = {}};  // done above
        } else {
          return Perform(std::move(one), effects);
        }
      },
      item);
}

}  // namespace roster
