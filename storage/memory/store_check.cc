// SPDX-License-Identifier: Apache-2.0
//
// Store::Check: whether a mutation that was read from a file fits the state, so that Apply cannot
// fail on what a newer or damaged program wrote.
#include "roster/error.h"
#include "storage/base/text.h"
#include "storage/memory/people/merges.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/store.h"

namespace roster {
namespace {

absl::Status Refuse(std::string_view what) {
  return MakeError(ErrorCode::kCorrupt, StrCat("mutation does not fit the state: ", what));
}

bool IsStorable(ValueType type, uint8_t scale) {
  return type > ValueType::kNone && type <= ValueType::kJson && scale <= 9 &&
         (scale == 0 || type == ValueType::kDecimal);
}

bool Fits(const Value& value, ValueType type, uint8_t scale) {
  if (TypeOf(value) != type) return false;
  return type != ValueType::kDecimal || std::get<Decimal>(value).scale == scale;
}

// Ids of declarations have 16 bits.
constexpr size_t kMaxIds = 0xffff;

// What the store writes into records of its own, and reads back without asking what type it has.
// An id: where it is found by that and not by its name.
struct OwnProperty {
  std::string_view type;
  std::string_view name;
  ValueType is;
  PropertyId id = {};  // 0: any
};

constexpr OwnProperty kOwnProperties[] = {
    {kMergeRecords, "survivor", ValueType::kInteger, kMergeSurvivor},
    {kMergeRecords, "loser_created_at", ValueType::kTimestamp, kMergeLoserCreated},
    {kMergeRecords, "loser_created_via", ValueType::kText, kMergeLoserVia},
    {kMergeRecords, "survivor_created_at", ValueType::kTimestamp, kMergeSurvivorCreated},
    {kMergeRecords, "survivor_created_via", ValueType::kText, kMergeSurvivorVia},
    {kMergeRecords, kMergeReceived, ValueType::kTimestamp},
    {kMergeRecords, kMergeChosen, ValueType::kTextList},
    {kMergeRecords, kMergeChosenAt, ValueType::kTimestamp},
    {kDeviceRecords, "mark", ValueType::kInteger, kDeviceMark},
    {kConflictRecords, "other", ValueType::kInteger},
    {kConflictRecords, "identity", ValueType::kText},
    {kConflictRecords, "reason", ValueType::kText},
    {kCallRecords, "channel", ValueType::kText},
    {kLabelRecords, "label", ValueType::kText},
    {kLabelRecords, "added", ValueType::kBoolean},
    {kLabelRecords, "actor", ValueType::kText},
    {kConsentRecords, "channel", ValueType::kText},
    {kConsentRecords, "decision", ValueType::kInteger},
    {kConsentRecords, "address", ValueType::kText},
    {kConsentRecords, "policy", ValueType::kText},
    {kConsentRecords, "version", ValueType::kText},
    {kConsentRecords, "source", ValueType::kText},
    {kConsentRecords, "actor", ValueType::kText},
    {kNoteRecords, "text", ValueType::kText},
    {kNoteRecords, "actor", ValueType::kText},
    {kSessionRecords, "id", ValueType::kText},
    {kSessionRecords, "kind", ValueType::kText},
    {kSessionRecords, "channel", ValueType::kText},
    {kSessionRecords, "name", ValueType::kText},
    {kSessionRecords, "platform", ValueType::kText},
    {kSessionRecords, "start", ValueType::kTimestamp},
    {kSessionRecords, "end", ValueType::kTimestamp},
    {kSessionRecords, "agent_takeover", ValueType::kBoolean},
    {kSessionRecords, "properties", ValueType::kJson},
    {kEditRecords, "actor", ValueType::kText},
    {kEditRecords, "action", ValueType::kText},
    {kEditRecords, "detail", ValueType::kJson},
    {kCarryRecords, "rule", ValueType::kText},
    {kCarryRecords, "session", ValueType::kText},
    {kCarryRecords, "trait", ValueType::kText},
    {kCarryRecords, "digest", ValueType::kInteger},
};

// Whether a property can be the next of a type. What no version of now knows may be there, but not
// in the place of another.
bool FitsOwnType(const DeclareProperty& m, const EventTypeInfo& event) {
  if (m.name == kHomeProperty && m.type != ValueType::kInteger) return false;
  if (m.name == kImportantProperty && m.type != ValueType::kBoolean) return false;
  if (!event.own) return true;
  const PropertyId next{static_cast<uint16_t>(event.properties.size())};
  for (const OwnProperty& own : kOwnProperties) {
    if (own.type != event.name) continue;
    const bool named = own.name == m.name;
    if (named && own.is != m.type) return false;
    if (own.id.value != 0 && named != (own.id == next)) return false;
  }
  return true;
}

struct Checker {
  const State& state;

  bool HasProfile(ProfileId id) const { return state.FindProfile(id).has_value(); }
  bool HasOrigin(IdentityId id) const {
    return id == kNoOrigin || id.value < state.identities.size();
  }

  // Rows of nobody are there until they are sealed away.
  bool HasRows(uint32_t more) const { return state.num_rows() <= Profiles::kMaxIds - more; }

  static bool IsKind(NamespaceKind kind) {
    return kind >= NamespaceKind::kPerson && kind <= NamespaceKind::kAnonymous;
  }

  absl::Status operator()(const DeclareTrait& m) const {
    if (!IsStorable(m.type, m.scale)) return Refuse("type of a trait");
    if (state.schema->FindTrait(m.name)) return Refuse("trait declared twice");
    if (state.schema->traits().size() >= kMaxIds) return Refuse("too many traits");
    const bool fits_own = m.name != kArchived || m.type == ValueType::kBoolean;
    if (!fits_own) return Refuse("type of a trait of the store's own");
    const auto records = state.schema->FindEvent(TraitRecordsName(m.name));
    if (!records) return absl::OkStatus();
    const std::vector<PropertyInfo>& said = state.schema->event(*records).properties;
    const bool fits =
        said.size() <= kRecordValue.value ||
        (said[kRecordValue.value].type == m.type && said[kRecordValue.value].scale == m.scale);
    return fits ? absl::OkStatus() : Refuse("type of a trait that has records");
  }
  absl::Status operator()(const DeclareEvent& m) const {
    if (state.schema->FindEvent(m.name)) return Refuse("event type declared twice");
    if (state.schema->events().size() >= kMaxIds) return Refuse("too many event types");
    return absl::OkStatus();
  }
  absl::Status operator()(const DeclareProperty& m) const {
    if (m.event.value >= state.schema->events().size()) return Refuse("event type of a property");
    if (!IsStorable(m.type, m.scale)) return Refuse("type of a property");
    const EventTypeInfo& event = state.schema->event(m.event);
    if (event.FindProperty(m.name)) return Refuse("property declared twice");
    if (event.properties.size() >= kMaxIds) return Refuse("too many properties");
    if (!FitsOwn(m, event)) return Refuse("type of a property of the store's own");
    return absl::OkStatus();
  }
  bool FitsOwn(const DeclareProperty& m, const EventTypeInfo& event) const {
    if (!FitsOwnType(m, event)) return false;
    if (!event.name.starts_with(kTraitRecords)) return true;
    const bool is_value = event.properties.size() == kRecordValue.value;
    if (is_value != (m.name == "value")) return false;
    if (!is_value) return true;
    const auto trait =
        state.schema->FindTrait(std::string_view(event.name).substr(kTraitRecords.size()));
    if (!trait) return true;
    const TraitInfo& info = state.schema->trait(*trait);
    return !info.system && info.type == m.type && info.scale == m.scale;
  }
  absl::Status operator()(const DeclareNamespace& m) const {
    if (state.schema->FindNamespace(m.info.name)) return Refuse("namespace declared twice");
    if (state.schema->namespaces().size() >= kMaxIds) return Refuse("too many namespaces");
    return IsKind(m.info.kind) ? absl::OkStatus() : Refuse("kind of a namespace");
  }
  absl::Status operator()(const CreateProfile& m) const {
    if (m.id.value != state.profiles.size() + 1) return Refuse("profile id is not the next");
    if (state.profiles.size() >= Profiles::kMaxIds) return Refuse("too many profiles");
    if (!HasRows(1)) return Refuse("too many rows");
    return absl::OkStatus();
  }
  absl::Status operator()(const AttachIdentity& m) const {
    if (!HasProfile(m.profile)) return Refuse("profile of an identity");
    if (m.name_space.value >= state.schema->namespaces().size()) return Refuse("namespace");
    if (m.identity.value != state.identities.size()) return Refuse("identity is not the next");
    if (m.value.empty()) return Refuse("value of an identity");  // that is one without a name
    if (state.identities.Find(m.name_space, m.value)) return Refuse("identity attached twice");
    return absl::OkStatus();
  }
  absl::Status operator()(const SetTrait& m) const {
    if (!HasProfile(m.profile)) return Refuse("profile of a trait");
    if (m.trait.value >= state.schema->traits().size()) return Refuse("trait");
    const TraitInfo& trait = state.schema->trait(m.trait);
    if (trait.system && (m.trait != kCreatedAt || m.value != Value(m.time))) {
      return Refuse("trait of the store itself");
    }
    if (!IsMissing(m.value) && !Fits(m.value, trait.type, trait.scale)) {
      return Refuse("type of a trait's value");
    }
    return HasOrigin(m.origin) ? absl::OkStatus() : Refuse("origin of a trait");
  }
  absl::Status operator()(const AddEvent& m) const {
    const std::optional<RowId> row = state.FindProfile(m.profile);
    if (!row) return Refuse("profile of an event");
    if (m.event.value >= state.schema->events().size()) return Refuse("event type");
    if (state.partition(m.event).Contains(*row, m.id)) return Refuse("event added twice");
    const EventTypeInfo& type = state.schema->event(m.event);
    if (m.properties.size() > type.properties.size()) return Refuse("property twice");
    for (const auto& [id, value] : m.properties) {
      if (id.value >= type.properties.size()) return Refuse("property");
      const PropertyInfo& property = type.properties[id.value];
      if (!Fits(value, property.type, property.scale)) return Refuse("type of a property's value");
    }
    return HasOrigin(m.origin) ? absl::OkStatus() : Refuse("origin of an event");
  }
  absl::Status operator()(const MergeProfiles& m) const {
    const std::optional<RowId> loser = state.FindProfile(m.loser);
    const std::optional<RowId> survivor = state.FindProfile(m.survivor);
    if (!loser || !survivor || *loser == *survivor) return Refuse("profiles of a merge");
    return absl::OkStatus();
  }
  absl::Status operator()(const EraseProfile& m) const {
    return HasProfile(m.profile) ? absl::OkStatus() : Refuse("profile of an erasure");
  }
  absl::Status operator()(const SetRetention& m) const {
    if (m.event.value >= state.schema->events().size()) return Refuse("event type of a retention");
    const bool fits = m.keep_ms >= 0 && m.keep_ms <= kMaxKeepMs;
    return fits ? absl::OkStatus() : Refuse("time of a retention");
  }
  absl::Status operator()(const ExpireEvents& m) const {
    if (m.event.value >= state.schema->events().size()) return Refuse("event type of an expiry");
    const bool fits = m.before.ms % kRetentionStepMs == 0;
    return fits ? absl::OkStatus() : Refuse("time of an expiry");
  }
  absl::Status operator()(const Advance&) const { return absl::OkStatus(); }
  absl::Status operator()(const AlterTrait& m) const {
    if (m.trait.value >= state.schema->traits().size()) return Refuse("trait");
    const bool fits = m.info.policy <= TraitPolicy::kUnion &&
                      PolicyFits(m.info.policy, state.schema->trait(m.trait).type);
    return fits ? absl::OkStatus() : Refuse("policy of a trait");
  }
  absl::Status operator()(const AlterNamespace& m) const {
    if (m.name_space.value >= state.schema->namespaces().size()) return Refuse("namespace");
    return IsKind(m.info.kind) ? absl::OkStatus() : Refuse("kind of a namespace");
  }
  absl::Status operator()(const UnmergeProfile& m) const {
    if (!HasRows(2)) return Refuse("too many rows");
    const bool joined = PlanUnmerge(state, m.loser).has_value();
    return joined ? absl::OkStatus() : Refuse("unmerge of what was not merged");
  }
  absl::Status operator()(const MoveRecords& m) const {
    const std::optional<RowId> from = state.FindProfile(m.from);
    const std::optional<RowId> to = state.FindProfile(m.to);
    if (!from || !to || (*from == *to && m.from != m.to)) return Refuse("profiles of a move");
    if (!HasRows(1)) return Refuse("too many rows");
    const bool named = m.origin != kNoOrigin && HasOrigin(m.origin);
    if (m.from == m.to && !(named && state.identities.IsAttached(m.origin))) {
      return Refuse("identity of what is held");
    }
    return HasOrigin(m.origin) ? absl::OkStatus() : Refuse("origin of a move");
  }
  absl::Status operator()(const MoveIdentity& m) const {
    if (!HasProfile(m.to)) return Refuse("profile of an identity");
    const bool known =
        m.identity.value < state.identities.size() && state.identities.IsAttached(m.identity);
    if (!known || m.standing > IdentityStanding::kLoggedOut) return Refuse("identity of a move");
    const bool own = m.home.value == 0 || state.FindProfile(m.home) == state.FindProfile(m.to);
    if (!own) return Refuse("home of an identity");
    if (m.standing == IdentityStanding::kFormer) return absl::OkStatus();
    const IdentityName name = state.identities.NameOf(m.identity);
    const auto held = state.identities.Find(name.name_space, name.value);
    return !held || held == m.identity ? absl::OkStatus() : Refuse("name of another identity");
  }
  absl::Status operator()(const RemoveRecord& m) const {
    const std::optional<RowId> row = state.FindProfile(m.profile);
    if (!row || m.event.value >= state.schema->events().size()) return Refuse("record");
    if (!HasRows(1)) return Refuse("too many rows");
    const bool has = state.partition(m.event).Contains(*row, m.id);
    return has ? absl::OkStatus() : Refuse("record to remove");
  }
  absl::Status operator()(const Define& m) const {
    return m.name.empty() ? Refuse("name of a definition") : absl::OkStatus();
  }
};

}  // namespace

absl::Status Store::Check(const Mutation& mutation) const {
  return std::visit(Checker{state_}, mutation);
}

}  // namespace roster
