// SPDX-License-Identifier: Apache-2.0
//
// What is declared: traits, event types with their properties, namespaces. Names to dense ids.
// Durable. Thread rule: one writer; a copy that a view holds is immutable.
#ifndef ROSTER_STORAGE_MEMORY_SCHEMA_H_
#define ROSTER_STORAGE_MEMORY_SCHEMA_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "roster/value.h"
#include "storage/base/ids.h"
#include "storage/base/text.h"
#include "storage/memory/people/trait_policy.h"

namespace roster {

struct TraitInfo {
  std::string name;
  ValueType type = ValueType::kNone;
  uint8_t scale = 0;    // digits after the point, of a decimal
  bool system = false;  // kept by the store itself; clients cannot set it
  std::string display;  // how people are shown it; empty: its name
  TraitPolicy policy = TraitPolicy::kLatest;
  bool searchable = false;
  bool indexed = false;
  std::optional<EventTypeId> records;  // of what was said of it; none: nothing is kept

  // Whether anything that AlterTrait changes is not as it was declared.
  bool HasOptions() const {
    return !display.empty() || policy != TraitPolicy::kLatest || searchable || indexed;
  }
};

// The traits that the store itself keeps; the first ids of every schema.
inline constexpr TraitId kCreatedAt{0};
inline constexpr TraitId kFirstSeen{1};
inline constexpr TraitId kLastSeen{2};
inline constexpr TraitId kCreatedVia{3};

struct PropertyInfo {
  std::string name;
  ValueType type = ValueType::kNone;
  uint8_t scale = 0;
};

// The property that every event type has: a JSON object of values that did not have the type of
// their property, kept and shown. No client can name it.
inline constexpr PropertyId kMisfits{0};

struct EventTypeInfo {
  std::string name;
  std::vector<PropertyInfo> properties;
  TextMap<uint16_t> property_ids;
  int64_t keep_ms = 0;  // retention; 0: for ever
  bool own = false;     // records of the store itself, no events
  bool call = false;    // of these, those by which somebody was seen
  std::optional<PropertyId> home;

  std::optional<PropertyId> FindProperty(std::string_view property) const;
  // Whether somebody is seen when it happens.
  bool IsActivity() const { return !own || call; }
};

inline constexpr int64_t kMaxKeepMs = int64_t{366} * 10'000 * 86'400'000;

enum class NamespaceKind : uint8_t { kPerson = 1, kContact = 2, kDevice = 3, kAnonymous = 4 };

// Whether identities of the kind say which device, or which visitor on it, and not who.
inline bool IsOfDevice(NamespaceKind kind) {
  return kind == NamespaceKind::kDevice || kind == NamespaceKind::kAnonymous;
}

// How an identity stands to its profile. The numbers stand in files; do not renumber.
enum class IdentityStanding : uint8_t {
  kActive = 0,
  kRetired = 1,  // beyond its namespace's limit by a merge: resolves, does not count
  kFormer = 2,   // replaced: shown as what was, does not resolve; its name may be attached anew
  // A device whose owner logged out: nobody's, but known, with the profile that had it last.
  kLoggedOut = 3,
};

// Whether an identity names its profile now.
inline bool IsShown(IdentityStanding standing) {
  return standing == IdentityStanding::kActive || standing == IdentityStanding::kRetired;
}

struct NamespaceInfo {
  std::string name;
  NamespaceKind kind = NamespaceKind::kPerson;
  uint8_t rank = 0;    // 1 is the strongest
  uint32_t limit = 0;  // identities of one profile
};

// Invariants: (1) ids are dense from 0 and never change; (2) names are unique in their kind.
class Schema {
 public:
  // With the system traits; everything else is declared by mutations.
  Schema();

  const std::vector<TraitInfo>& traits() const { return traits_; }
  const std::vector<EventTypeInfo>& events() const { return events_; }
  const std::vector<NamespaceInfo>& namespaces() const { return namespaces_; }
  const TraitInfo& trait(TraitId id) const { return traits_[id.value]; }
  const EventTypeInfo& event(EventTypeId id) const { return events_[id.value]; }
  const NamespaceInfo& name_space(NamespaceId id) const { return namespaces_[id.value]; }

  std::optional<TraitId> FindTrait(std::string_view name) const;
  std::optional<EventTypeId> FindEvent(std::string_view name) const;
  std::optional<NamespaceId> FindNamespace(std::string_view name) const;

  // Whether calls are records: else, as in stores of before, whatever is written is being seen.
  bool has_calls() const { return has_calls_; }
  // Whether ids of trait records by no identity have the profile in them: else, as in stores of
  // before, two profiles that were told the same at one moment have one record when they are
  // joined.
  bool ids_by_home() const { return ids_by_home_; }

  // Each returns the next dense id. Requires: the name is new. Thread: the writer.
  TraitId AddTrait(TraitInfo info);
  EventTypeId AddEvent(std::string name);
  PropertyId AddProperty(EventTypeId event, PropertyInfo info);
  void SetRetention(EventTypeId event, int64_t keep_ms) { events_[event.value].keep_ms = keep_ms; }
  NamespaceId AddNamespace(NamespaceInfo info);
  // Takes over what can change: of a trait all but name and type, of a namespace all but the name.
  void AlterTrait(TraitId id, const TraitInfo& info);
  void AlterNamespace(NamespaceId id, const NamespaceInfo& info);

 private:
  std::vector<TraitInfo> traits_;
  std::vector<EventTypeInfo> events_;
  std::vector<NamespaceInfo> namespaces_;
  bool has_calls_ = false;
  bool ids_by_home_ = false;
  TextMap<uint16_t> trait_ids_;
  TextMap<uint16_t> event_ids_;
  TextMap<uint16_t> namespace_ids_;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_SCHEMA_H_
