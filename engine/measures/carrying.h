// SPDX-License-Identifier: Apache-2.0
//
// Which traits a profile has from its sessions by the rules that carry them over, and what was
// carried so far. Derived: a function of sessions, events and identities, so that arrival does not
// change it; what brings the traits up to it is engine/commit/carry_over.h. Thread rule: pure
// functions of an immutable state.
// Source: CAPABILITIES.md T30; query/LANGUAGE.md "Carrying over".
#ifndef ROSTER_ENGINE_MEASURES_CARRYING_H_
#define ROSTER_ENGINE_MEASURES_CARRYING_H_

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/types/span.h"
#include "roster/profile.h"
#include "storage/memory/people/trait_policy.h"
#include "storage/memory/read_view.h"

namespace roster {

struct CarryRule {
  std::string name;
  std::string property;  // of sessions
  std::string trait;
  bool on_end = false;
  bool on_identify = false;
  bool operator==(const CarryRule&) const = default;
};

// By name. Cost: O(definitions), and parsing the rules.
std::vector<CarryRule> CarryRulesOf(const State& state);

// A write of a trait by a rule.
struct Carried {
  CarriedFrom from;
  std::string trait;
  Timestamp time;
  IdentityId origin = kNoOrigin;  // by which the session's property came
  uint64_t digest = 0;            // of the value
  Value value;                    // of the trait's type; of what was carried before it is missing
  EventId record;                 // of what was carried before
};
// Which write of a trait it is; the value by its digest.
using WriteKey = std::tuple<std::string_view, Timestamp, IdentityId, uint64_t>;
// The same, and which rule and session it came from. Lifetime of both: of what they are of.
using CarriedKey = std::tuple<WriteKey, std::string_view, std::string_view>;
WriteKey WriteKeyOf(const Carried& carried);
WriteKey WriteKeyOf(std::string_view trait, const TraitRecord& said);
CarriedKey KeyOf(const Carried& carried);

// What the rules make of a profile's sessions at a time.
struct Carrying {
  std::vector<Carried> writes;
  std::optional<Timestamp> due;  // when time alone makes more of them
};
// Cost: O(records of its sessions); where a session has no given end, or a rule asks who was
// identified, also of FindEvents.
Carrying CarryingOf(const State& state, RowId row, absl::Span<const CarryRule> rules,
                    Timestamp clock);

// Whether a profile has sessions of which something is known, or had.
bool HasCarrying(const State& state, RowId row);
// Those that have. Cost: O(rows).
std::vector<ProfileId> ProfilesWithCarrying(const State& state);

// What was carried: records of the store's own. Cost: O(their number).
std::vector<Carried> CarriedBefore(const State& state, RowId row);
// Where a write of a trait was carried from; nothing of one that somebody said.
std::optional<CarriedFrom> CarriedFromOf(absl::Span<const Carried> before, std::string_view trait,
                                         const TraitRecord& said);

}  // namespace roster

#endif  // ROSTER_ENGINE_MEASURES_CARRYING_H_
