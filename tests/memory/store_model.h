// SPDX-License-Identifier: Apache-2.0
//
// A store as plain maps, and a random history of it: what tests of the real one compare with.
#ifndef ROSTER_TESTS_MEMORY_STORE_MODEL_H_
#define ROSTER_TESTS_MEMORY_STORE_MODEL_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "storage/memory/read_view.h"

namespace roster {

struct ModelEvent {
  int64_t time = 0;
  std::optional<int64_t> number;
  std::optional<std::string> text;
  bool operator==(const ModelEvent&) const = default;
};

struct ModelTrait {
  int64_t time = 0;
  Value value;  // missing: cleared
  bool operator==(const ModelTrait&) const = default;
};

struct ModelProfile {
  std::array<std::map<uint64_t, ModelEvent>, 2> events;  // by type and id
  std::map<uint16_t, ModelTrait> traits;
  std::vector<std::string> identities;
  bool operator==(const ModelProfile&) const = default;
};

// What a state holds, in the form of the model. Fails the test where the ways to read disagree.
struct StoreModel {
  std::map<uint64_t, ModelProfile> profiles;  // those that are live
  std::map<uint64_t, uint64_t> answers;       // every id that is answered for, to who does
  uint64_t num_ids = 0;                       // given so far
  int64_t floors[2] = {kNoFloor, kNoFloor};   // by event type

  bool operator==(const StoreModel&) const = default;

  ModelProfile& of(uint64_t id) { return profiles.at(answers.at(id)); }
  uint64_t NumEvents(size_t type) const;
  void Merge(uint64_t loser, uint64_t survivor);
  void Erase(uint64_t id);
  void Expire(size_t type, int64_t before_ms);
};

// The schema of the model's stores, as StoreBuilder makes it.
inline constexpr EventTypeId kModelEvents[] = {{0}, {1}};
inline constexpr PropertyId kModelNumber{1};
inline constexpr PropertyId kModelText{2};
inline constexpr TraitId kModelTraits[] = {{4}, {5}};  // a text, an integer
inline constexpr NamespaceId kModelSpace{0};

StoreModel ModelOf(const State& state);

}  // namespace roster

#endif  // ROSTER_TESTS_MEMORY_STORE_MODEL_H_
