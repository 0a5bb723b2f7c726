// SPDX-License-Identifier: Apache-2.0
//
// Keeps the traits that rules carry over from sessions what the sessions of now make of them: with
// each commit those of the profiles that it touched, and of those for whom time has come. What is
// due is not durable: it is found anew at opening. Thread rule: the writer's, under the store's
// lock; next_due any's under that lock.
// Source: CAPABILITIES.md T30; engine/measures/carrying.h.
#ifndef ROSTER_ENGINE_COMMIT_CARRY_OVER_H_
#define ROSTER_ENGINE_COMMIT_CARRY_OVER_H_

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "engine/commit/effects.h"
#include "engine/measures/carrying.h"
#include "storage/memory/cow.h"

namespace roster {

// Invariant: `due_` and `profiles_` hold the same.
class CarryOver {
 public:
  // What a commit carries over takes at most so much of it, unless there are no rules.
  static constexpr size_t kMaxBytes = 512 << 10;

  // Takes over the rules of the state. When they are not those of before, every profile with
  // sessions is due: the rules hold for what was before, too.
  // Cost: O(1) while no definition changes; O(rows) when rules do.
  void TakeRules(const State& state, Timestamp clock);

  bool has_rules() const { return !rules_.empty(); }
  // When the next trait is carried over by time alone.
  std::optional<Timestamp> next_due() const {
    if (due_.empty()) return std::nullopt;
    return due_.begin()->first;
  }

  // Ends a commit. Does for some hundred profiles what is due; what is more remains so.
  // Cost: of the profiles with sessions that were touched, see CarryingOf; taking back what late
  // words change copies a profile's records.
  void Run(Effects* effects);

 private:
  void SetDue(ProfileId profile, std::optional<Timestamp> due);
  void BringUp(ProfileId profile, Effects* effects);
  bool IsRule(const std::string& name) const;

  Cow<TextMap<std::string>> texts_;  // of which the rules were made
  std::vector<CarryRule> rules_;
  std::set<std::pair<Timestamp, ProfileId>> due_;
  absl::flat_hash_map<uint64_t, Timestamp> profiles_;
};

}  // namespace roster

#endif  // ROSTER_ENGINE_COMMIT_CARRY_OVER_H_
