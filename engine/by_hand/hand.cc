// SPDX-License-Identifier: Apache-2.0
#include "engine/by_hand/hand.h"

#include "engine/commit/device_owner.h"
#include "engine/commit/resolve.h"
#include "engine/limits.h"
#include "engine/reading/profile_ref.h"
#include "roster/error.h"
#include "roster/json.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/base/unicode.h"
#include "storage/memory/people/own_names.h"

namespace roster {
namespace {

// The texts that fit into so much JSON.
TextList BeginningOf(const TextList& list) {
  TextList beginning;
  size_t bytes = 2;
  for (const std::string& text : list) {
    std::string json;
    if (text.size() < kMaxAuditBytes) AppendJson(Value(text), &json);
    bytes += json.size() + 1;
    if (json.empty() || bytes > kMaxAuditBytes) break;
    beginning.push_back(text);
  }
  return beginning;
}

std::string BeginningOf(std::string_view text) {
  std::string json;
  for (size_t bytes = kMaxAuditBytes - 2;; bytes = bytes * 3 / 4) {  // quotes are escaped
    std::string beginning(Beginning(text, bytes));
    json.clear();
    AppendJson(Value(beginning), &json);
    if (json.size() <= kMaxAuditBytes) return beginning;
  }
}

// The value, or its beginning.
Value CutForAudit(const Value& value) {
  if (const auto* list = std::get_if<TextList>(&value)) return BeginningOf(*list);
  if (const auto* text = std::get_if<std::string>(&value)) return BeginningOf(*text);
  const auto* json = std::get_if<Json>(&value);
  if (json == nullptr || json->text.size() <= kMaxAuditBytes) return value;
  return BeginningOf(json->text);
}

// Returns whether the value was cut.
bool AddMember(std::string_view name, const Value& value, std::string* object) {
  object->push_back(object->empty() ? '{' : ',');
  AppendJson(Value(std::string(name)), object);
  object->push_back(':');
  const Value shown = CutForAudit(value);
  AppendJson(shown, object);
  return shown != value;
}

// `members`: an object that is still open; what is long in it is cut already.
void AddObject(std::string_view name, std::string_view members, std::string* object) {
  object->push_back(object->empty() ? '{' : ',');
  AppendJson(Value(std::string(name)), object);
  *object += StrCat(":", members, "}");
}

// Null when there is none.
Value OneOrList(const TextList& texts) {
  if (texts.empty()) return {};
  if (texts.size() == 1) return texts[0];
  return texts;
}

}  // namespace

void Change::Add(std::string_view name, const Value& before, const Value& after) {
  const bool cut_before = AddMember(name, before, &before_);
  const bool cut_after = AddMember(name, after, &after_);
  if (!cut_before && !cut_after) return;
  cut_.push_back(cut_.empty() ? '[' : ',');
  AppendJson(Value(std::string(name)), &cut_);
}

void Change::AddIdentity(std::string_view name_space, const Value& before, const Value& after) {
  Identities& of = identities_[std::string(name_space)];
  if (const auto* text = std::get_if<std::string>(&before)) of.before.push_back(*text);
  if (const auto* text = std::get_if<std::string>(&after)) of.after.push_back(*text);
}

std::string Change::ToJson() const {
  std::string json;
  if (!before_.empty()) json = StrCat("{\"before\":", before_, "},\"after\":", after_, "}");
  if (!cut_.empty()) json += StrCat(",\"cut\":", cut_, "]");
  std::string identities;
  for (const auto& [name_space, of] : identities_) {
    std::string sides;
    AddMember("before", OneOrList(of.before), &sides);
    AddMember("after", OneOrList(of.after), &sides);
    AddObject(name_space, sides, &identities);
  }
  if (!identities.empty()) AddObject("identities", identities, &json);
  return json.empty() ? "{}" : StrCat(json, "}");
}

absl::StatusOr<Target> Hand::Find(const ProfileRef& ref) const {
  ROSTER_ASSIGN_OR_RETURN(const RowId row, FindRow(state(), ref));
  const std::string& expected = options_.expected_version;
  if (!expected.empty() && expected != VersionOf(state(), row)) {
    return MakeError(ErrorCode::kStale, "the profile has another version by now");
  }
  Target target{ProfileAt(row), ProfileAt(row)};
  if (const auto* id = std::get_if<ProfileId>(&ref)) {
    target.home = *id;
  } else {
    ROSTER_ASSIGN_OR_RETURN(const IdentityId identity,
                            FindIdentity(state(), std::get<IdentityRef>(ref)));
    // What is done to who has a device did not come by the device.
    const NamespaceId space = state().identities.NameOf(identity).name_space;
    const bool is_device = IsOfDevice(effects_->schema().name_space(space).kind);
    const ProfileId home =
        is_device ? HolderHomeOf(*effects_, identity) : state().identities.HomeOf(identity);
    if (home.value != 0) target.home = home;
    if (!is_device) target.origin = identity;
  }
  return target;
}

absl::StatusOr<UsableIdentity> Hand::Usable(const IdentityRef& ref) const {
  std::vector<std::string> warnings;
  ROSTER_ASSIGN_OR_RETURN(std::vector<UsableIdentity> usable,
                          UsableIdentities(effects_->state(), {ref}, &warnings));
  return std::move(usable[0]);
}

absl::Status Hand::CheckRoom(ProfileId profile, const UsableIdentity& identity) const {
  const NamespaceInfo& space = effects_->schema().name_space(identity.name_space);
  if (CountActive(state(), profile, identity.name_space) < space.limit) return absl::OkStatus();
  if (space.limit == 1) {
    return MakeError(ErrorCode::kConflict,
                     StrCat("the profile has another identity, which stays, of ", space.name));
  }
  return MakeError(ErrorCode::kLimit, StrCat("the profile has as many identities as it may, of ",
                                             space.name, ": ", space.limit));
}

absl::Status Hand::Conflict(ProfileId owner, ProfileId wants) const {
  return MakeError(ErrorCode::kConflict,
                   StrCat("the identity belongs to p", owner.value, ", not to p", wants.value,
                          "; see MERGE PREVIEW p", wants.value, " p", owner.value));
}

// Behind everything that was said of it, and not before now.
void Hand::SetTrait(Target target, TraitId trait, Value value, Change* change) {
  const RowId row = RowOf(target.profile);
  const Timestamp time = effects_->TimeOfWrite(target.profile, trait, effects_->clock());
  change->Add(effects_->schema().trait(trait).name, state().column(trait).Get(row), value);
  effects_->Set({target.profile, trait, std::move(value), time, target.origin});
}

void Hand::SetTraits(Target target, std::vector<Field> traits, Change* change) {
  for (Field& field : traits) {
    const auto* decimal = std::get_if<Decimal>(&field.value);
    const TraitId trait = effects_->Trait(field.key, TypeOf(field.value),
                                          decimal != nullptr ? decimal->scale : uint8_t{0});
    SetTrait(target, trait, std::move(field.value), change);
  }
}

uint64_t Hand::Add(Target target, std::string_view type, Timestamp time,
                   std::vector<std::pair<std::string_view, Value>> values,
                   std::optional<EventId> id) {
  return effects_
      ->Add({.type = type,
             .profile = target.profile,
             .home = target.home,
             .time = time,
             .origin = target.origin,
             .id = id,
             .values = std::move(values)})
      .value;
}

void Hand::Trace(Target target, std::string_view action, std::string detail) {
  Add(target, kEditRecords, effects_->clock(),
      {{"actor", options_.actor},
       {"action", std::string(action)},
       {"detail", Json{std::move(detail)}}});
}

}  // namespace roster
